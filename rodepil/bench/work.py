"""What the benchmark of the store gives to worker processes: light, so that they start alike."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from rodepil.errors import VideoError
from rodepil.io.sampling import uniform_indices
from rodepil.store.materialize import Group, make

STATUS = Path("/proc/self/status")
KIB_PER_MIB = 1024


def decode_only(paths: Sequence[Path]) -> int:
    """Decode clips with PyAV and one thread, and return how many frames they hold."""
    frames = 0
    for path in paths:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            frames += sum(1 for _ in container.decode(stream))
    return frames


def make_and_weigh(group: Group) -> float:
    """Make a group's features, and return the most memory that this process ever had, in MiB."""
    made = make(group)
    if made.failures:
        raise VideoError(f"a clip of the benchmark gave no feature: {made.failures[0].message}")
    return peak_mib()


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
