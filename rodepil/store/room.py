"""How much memory is free."""

from __future__ import annotations

from pathlib import Path

import torch

KIB = 1024


def free_bytes(device: torch.device) -> int | None:
    """Return the memory that is free on a device, None where that can't be told."""
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free
    return free_host_bytes()


def free_host_bytes(
    proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")
) -> int | None:
    """Return the host's free memory, by the kernel's word and the container's limit."""
    try:
        lines = (proc / "meminfo").read_text().splitlines()
    except OSError:
        return None
    limits = [int(line.split()[1]) * KIB for line in lines if line.startswith("MemAvailable:")]
    try:
        most = (groups / "memory.max").read_text().strip()
        if most != "max":
            limits.append(int(most) - int((groups / "memory.current").read_text()))
    except (OSError, ValueError):
        pass  # no such limit
    return max(0, min(limits)) if limits else None
