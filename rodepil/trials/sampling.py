"""Samples of what the machine does while a trial trains.

MLflow's own monitor samples every ten seconds and needs a way to the tracker; trials of seconds
would have no sample. Here a thread of the trial's worker appends a line to a file in the trial's
folder, which the driver tells on::

    {"number": 3, "at_s": 1794352812.4, "values": {"cpu_utilization_percentage": 97.5, ...}}

A trial that goes on after a kill goes on numbering.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import psutil
import torch

from rodepil.track import Run
from rodepil.track.protocol import SYSTEM
from rodepil.trials.gauges import Gauges

FILE = "system.jsonl"
"""What MLflow's pages show under 'System metrics' begins with this."""

FIRST_S, LAST_S = 1.0, 60.0
SHARE = 30
"""Two samples are FIRST_S apart, and later on a SHARE-th of the time so far, up to LAST_S: trials
of seconds have a curve, and one of ten hours has 700 samples and not 36 000, each of which costs
the tracker some 10 ms."""

LEAST_S = 0.2
"""Over less time than this a share of CPU means nothing."""


@dataclass(frozen=True)
class Sample:
    """What was read at one time.

    Attributes
    ----------
    number
        Counts the samples of a trial from 0.
    at_s
        Seconds since 1970.
    values
        Readings by the names of `Gauges`.
    """

    number: int
    at_s: float
    values: Mapping[str, float]


@contextmanager
def sampled(
    folder: Path, device: torch.device, clock: Callable[[], float] = time.time
) -> Iterator[None]:
    """Sample in a thread until the block ends.

    What goes wrong with it is said in the log: it stops the samples, and not the training.

    Parameters
    ----------
    folder
        The trial's folder.
    device
        Where it trains.
    clock
        Gives seconds since 1970.
    """
    over = Event()
    thread = Thread(
        target=_sample, args=(folder, device, clock, over), name="system metrics", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def system_samples(folder: Path, first: int = 0) -> list[Sample]:
    """Return the samples in a trial's folder, in order, from number `first` on.

    A line that a kill cut off is left out.
    """
    path = folder / FILE
    found = []
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        with suppress(ValueError, TypeError):
            found.append(Sample(**json.loads(line)))
    return [sample for sample in found if sample.number >= first]


def tell_samples(run: Run, folder: Path, told: int = 0) -> int:
    """Tell a run the samples from number `told` on, and return the number of the next.

    Their step is their number, and their time that at which they were taken.
    """
    for sample in system_samples(folder, told):
        values = {f"{SYSTEM}{name}": value for name, value in sample.values.items()}
        run.metrics(values, sample.number, at_s=sample.at_s)
        told = sample.number + 1
    return told


def _sample(folder: Path, device: torch.device, clock: Callable[[], float], over: Event) -> None:
    """Append samples to the file until it is over, and one of the last moment."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = system_samples(folder)
        last = before[-1] if before else Sample(-1, 0.0, {})
        gauges = Gauges(folder, device, last.values)
        begun_s = taken_s = monotonic()
        # Unbuffered, so that a kill leaves whole lines and at most a torn last one.
        with (folder / FILE).open("ab", buffering=0) as stream:
            if stream.tell():
                stream.write(b"\n")  # what a kill left may have no end
            while not over.wait(_pause_s(taken_s - begun_s)) or monotonic() - taken_s > LEAST_S:
                last = Sample(last.number + 1, max(clock(), last.at_s), gauges.read())
                taken_s = monotonic()
                stream.write(json.dumps(asdict(last)).encode() + b"\n")
    except (OSError, psutil.Error) as error:
        logging.getLogger("rodepil").warning(
            "the system is no longer sampled (%s); training goes on", error
        )


def _pause_s(elapsed_s: float) -> float:
    """Return how long to wait for the next sample, in seconds."""
    return min(max(FIRST_S, elapsed_s / SHARE), LAST_S)
