"""Peak memory of the first training step, each side in a process of its own."""

from __future__ import annotations

import gc
import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import torch

from rodepil.bench.contestants import Case, Contestant, hugging_face, ours

STATUS = Path("/proc/self/status")
CLEAR = Path("/proc/self/clear_refs")
RESET_PEAK = "5"  # what Linux takes for: forget the peak
KIB_PER_MIB = 1024


def measurable(device: torch.device) -> bool:
    """Say whether peaks can be told apart here: by CUDA, or by Linux."""
    return device.type == "cuda" or (device.type == "cpu" and CLEAR.exists())


def step_memory_mib(case: Case, *, peer: bool) -> float:
    """Return what the first training step takes at its peak beside the weights, in MiB.

    Gradients, the optimizer's momentum and activations count.

    Parameters
    ----------
    case
        What to train on.
    peer
        Hugging Face's network in place of ours.
    """
    if case.device.type == "cuda":
        gc.collect()  # a compiled network of before may wait in a cycle
        contestant = _contestant(case, peer=peer)
        before = torch.cuda.memory_allocated(case.device)
        torch.cuda.reset_peak_memory_stats(case.device)
        contestant.step()
        return float(torch.cuda.max_memory_allocated(case.device) - before) / 2**20
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_on_cpu, case, torch.get_num_threads(), peer=peer).result()


def _on_cpu(case: Case, threads: int, *, peer: bool) -> float:
    torch.set_num_threads(threads)
    contestant = _contestant(case, peer=peer)
    before = _status_mib("VmRSS")
    CLEAR.write_text(RESET_PEAK, encoding="ascii")
    contestant.step()
    return _status_mib("VmHWM") - before


def _contestant(case: Case, *, peer: bool) -> Contestant:
    own = ours(case)
    return hugging_face(case, own.module.state_dict()) if peer else own


def _status_mib(key: str) -> float:
    found = re.search(rf"{key}:\s+(\d+) kB", STATUS.read_text(encoding="ascii"))
    return int(found[1]) / KIB_PER_MIB if found else 0.0
