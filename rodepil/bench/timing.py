"""Time calls by turns, so that what else the machine does hits all of them alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from statistics import median

import torch


def time_by_turns(
    calls: Mapping[str, Callable[[], object]],
    *,
    repeats: int,
    device: torch.device,
    after: Callable[[], None],
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, float]:
    """Return the median seconds of every call, by name.

    Parameters
    ----------
    calls
        What to time; each is called once before, unmeasured, then all go round `repeats` times.
    repeats
        Rounds, at least 1.
    device
        Where they compute; a GPU is waited for.
    after
        Called after every call, the first ones included.
    clock
        Gives seconds.
    """
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            wait_for(device)
            start = clock()
            call()
            wait_for(device)
            if turn:
                seconds[name].append(clock() - start)
            after()
    return {name: median(times) for name, times in seconds.items()}


def wait_for(device: torch.device) -> None:
    """Wait until `device` has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
