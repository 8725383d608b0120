"""What the benchmark of vision compares with: OpenCV on threads, and kornia frame by frame.

Shapes: B clips, T frames, C channels, H W pixels, N pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from kornia.enhance import adjust_brightness, adjust_contrast
from kornia.geometry.transform import hflip, warp_affine
from torch import Tensor

from rodepil.config.flow import FlowSettings
from rodepil.vision.augment import Draws
from rodepil.vision.augment.geometry import matrices
from rodepil.vision.normalize import to_unit

Image = npt.NDArray[np.uint8]
Flow = npt.NDArray[np.float32]
Call = Callable[[], object]


@contextmanager
def threads_kept() -> Iterator[None]:
    """Put the threads of torch and OpenCV back when the block ends."""
    before, opencv = torch.get_num_threads(), cv2.getNumThreads()
    try:
        yield
    finally:
        torch.set_num_threads(before)
        cv2.setNumThreads(opencv)


def on_threads(call: Call, *, torch_threads: int = 1, opencv_threads: int = 1) -> Call:
    """Return a call that sets how many threads each library may take, and then calls."""

    def run() -> object:
        torch.set_num_threads(torch_threads)
        cv2.setNumThreads(opencv_threads)
        return call()

    return run


def in_pool(pool: ThreadPoolExecutor, call: Callable[..., Any], items: Iterable[Any]) -> Call:
    """Return a call that does all items in a pool's threads; OpenCV works there in parallel."""
    listed = list(items)
    return lambda: list(pool.map(call, listed))


def one_by_one(call: Callable[..., Any], items: Iterable[Any]) -> Call:
    """Return a call that does all items in turn."""
    listed = list(items)
    return lambda: [call(item) for item in listed]


def farneback(settings: FlowSettings, pair: tuple[Image, Image]) -> Flow:
    """Return OpenCV's flow (H, W, 2) of a pair of grey images."""
    flags = cv2.OPTFLOW_FARNEBACK_GAUSSIAN if settings.gaussian else 0
    flow = cv2.calcOpticalFlowFarneback(
        *pair, None, settings.pyr_scale, settings.levels, settings.winsize, settings.iterations,
        settings.poly_n, settings.poly_sigma, flags,
    )  # type: ignore[call-overload]  # fmt: skip
    return np.asarray(flow, dtype=np.float32)


def absdiffs(pairs: Sequence[tuple[Image, Image]]) -> list[Image]:
    """Return OpenCV's difference of the frames of each pair."""
    return [np.asarray(cv2.absdiff(*pair), dtype=np.uint8) for pair in pairs]


def opencv_changes(draws: Draws, size_px: int) -> list[Callable[[Image], Image]]:
    """Return for each clip what changes one of its frames (H, W, C) by OpenCV, bytes to bytes."""
    places = matrices(draws, size_px, size_px).numpy()
    flips, brightness, contrast = (
        each.tolist() for each in (draws.flip, draws.brightness, draws.contrast)
    )
    return [
        partial(_opencv_change, flip=flips[at], place=places[at], brightness=brightness[at],
                contrast=contrast[at])
        for at in range(len(flips))
    ]  # fmt: skip


def _opencv_change(
    frame: Image, *, flip: bool, place: Flow, brightness: float, contrast: float
) -> Image:
    if flip:
        frame = np.asarray(cv2.flip(frame, 1), dtype=np.uint8)
    moved = cv2.warpAffine(
        frame, place, frame.shape[1::-1], flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    lit = cv2.convertScaleAbs(moved, alpha=contrast, beta=255 * brightness * contrast)
    return np.asarray(lit, dtype=np.uint8)


def kornia_changes(frames: Tensor, draws: Draws) -> list[Tensor]:
    """Change every frame alone, by kornia's functions of one image.

    Parameters
    ----------
    frames
        (B, T, C, H, W) uint8 in [0, 255].
    draws
        One for each clip.

    Returns
    -------
    list of Tensor
        (1, C, H, W) float32 in [0, 1] for each frame.
    """
    size = (frames.shape[-2], frames.shape[-1])
    places = matrices(draws, *size).to(frames.device)
    made = []
    for clip, place, flip, brightness, contrast in zip(
        frames, places, draws.flip.tolist(), draws.brightness.tolist(), draws.contrast.tolist(),
        strict=True,
    ):  # fmt: skip
        for frame in clip:
            image = to_unit(frame[None])
            image = hflip(image) if flip else image
            image = warp_affine(image, place[None], size, padding_mode="border")
            made.append(adjust_contrast(adjust_brightness(image, brightness), contrast))
    return made
