"""What the benchmark of the store gives to worker processes, and to OpenCV."""

from __future__ import annotations

import re
from pathlib import Path
from time import perf_counter, process_time
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.errors import VideoError
from rodepil.io.sampling import uniform_indices
from rodepil.store.making import Group, make

STATUS = Path("/proc/self/status")
KIB_PER_MIB = 1024


class Cost(NamedTuple):
    """What a group's features cost: processor time and time in seconds, and the peak so far."""

    processor_s: float
    wall_s: float
    peak_mib: float


def make_and_weigh(group: Group) -> Cost:
    """Make a group's features, and return what they cost."""
    processor, start = process_time(), perf_counter()
    made = make(group)
    cost = Cost(process_time() - processor, perf_counter() - start, peak_mib())
    if made.failures:
        raise VideoError(f"a clip of the benchmark gave no feature: {made.failures[0].message}")
    return cost


def peak_mib() -> float:
    """Return the most memory that this process ever had, in MiB; 0 where the system tells none."""
    said = STATUS.read_text(encoding="ascii") if STATUS.is_file() else ""
    found = re.search(r"VmHWM:\s+(\d+) kB", said)
    return int(found[1]) / KIB_PER_MIB if found else 0.0


def sample_with_opencv(path: Path, frames: int, n_frames: int) -> npt.NDArray[np.uint8]:
    """Return frames of an encoded clip, (T, H, W, 3) BGR, read once and in order.

    Frames that are not wanted are grabbed and not converted, which is OpenCV's fastest way.
    """
    wanted = uniform_indices(n_frames, frames).tolist()
    capture = cv2.VideoCapture(str(path))
    chosen = []
    try:
        for number in range(wanted[-1] + 1):
            if not capture.grab():
                raise VideoError(f"OpenCV reads {number} frames of {path}, wanted {wanted[-1] + 1}")
            if number in wanted:
                chosen += [capture.retrieve()[1]] * wanted.count(number)
    finally:
        capture.release()
    return np.stack(chosen).astype(np.uint8, copy=False)
