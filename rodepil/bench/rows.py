"""What a benchmark found: rows that compare one value with a peer's, and the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from rodepil.cluster import cpu_count
from rodepil.io.files import write_json

CPU_INFO = Path("/proc/cpuinfo")
CPU_NAME = "model name"
CPU_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
"""What decides how fast a processor multiplies matrices."""


@dataclass(frozen=True)
class Row:
    """One value beside a peer's, measured by turns in the same run.

    Attributes
    ----------
    name
        What was measured.
    value, peer_value
        Ours and the peer's, in `unit`.
    unit
        For example ``clips/s``.
    peer
        Whom it is compared with.
    ratio
        How many times better than the peer: above 1 is better, whatever the unit.
    """

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    ratio: float


def more_is_better(name: str, value: float, unit: str, peer: str, peer_value: float) -> Row:
    """Return a row whose ratio is ours over the peer's, as for speeds."""
    return Row(name, value, unit, peer, peer_value, value / peer_value)


def less_is_better(name: str, value: float, unit: str, peer: str, peer_value: float) -> Row:
    """Return a row whose ratio is the peer's over ours, as for memory."""
    return Row(name, value, unit, peer, peer_value, peer_value / value)


def describe_machine(device: torch.device) -> dict[str, object]:
    """Return what a figure of a network hangs on: processor or GPU, threads, and versions."""
    return describe_processor() | {
        "device": _device_name(device),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def describe_processor() -> dict[str, object]:
    """Return what any figure hangs on: processor, memory, system."""
    found: dict[str, object] = {
        "processor": _processor(CPU_NAME) or platform.processor() or platform.machine(),
        "instructions": [flag for flag in CPU_FLAGS if flag in _processor("flags").split()],
        "cpus": cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }
    if hasattr(os, "sysconf"):
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        found["memory_gib"] = round(pages * size / 2**30, 1)
    return found


def write_rows(
    path: Path, machine: dict[str, object], rows: Sequence[Row], peers: Sequence[str]
) -> None:
    """Write a benchmark's rows as JSON, whole or not at all.

    Parameters
    ----------
    path
        For example ``results/bench_model.json``.
    machine
        Of `describe_machine` or `describe_processor`.
    rows
        What was found.
    peers
        The packages that were compared with, whose versions are added to the machine.
    """
    whole = machine | {name: version(name) for name in peers}
    write_json(path, {"machine": whole, "rows": [asdict(row) for row in rows]})


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _processor(key: str) -> str:
    """Return what Linux says of the first processor under `key`, or nothing."""
    if not CPU_INFO.is_file():
        return ""
    lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(key))
    return next(found, "")
