"""Textures that move by a known motion, and what OpenCV's Farneback makes of images."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from rodepil.vision.flow import FlowSettings

Grey = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float64]
Moving = Callable[..., tuple[Grey, Grey, Plane]]
Oracle = Callable[[Grey, Grey, FlowSettings], npt.NDArray[np.float32]]

WAVES = 60


@pytest.fixture(scope="session")
def moving() -> Moving:
    """Make two images of a smooth texture, and how each point of the first one moves."""

    def make(
        matrix: list[list[float]], *, seed: int = 0, size: tuple[int, int] = (152, 184)
    ) -> tuple[Grey, Grey, Plane]:
        """Move by a matrix (2, 3) about the image's centre; the flow is (2, H, W), px."""
        height, width = size
        y, x = np.mgrid[:height, :width].astype(np.float64)
        x, y = x - (width - 1) / 2, y - (height - 1) / 2
        there = np.array(matrix, np.float64)
        back = np.linalg.inv(there[:, :2])
        from_x, from_y = np.einsum("ij,jhw->ihw", back, np.stack([x, y]) - there[:, 2, None, None])
        to = np.einsum("ij,jhw->ihw", there[:, :2], np.stack([x, y])) + there[:, 2, None, None]
        return _texture(x, y, seed), _texture(from_x, from_y, seed), to - np.stack([x, y])

    return make


def _texture(x: Plane, y: Plane, seed: int) -> Grey:
    """Sample waves of 8 to 60 px, so that no interpolation has a say."""
    rng = np.random.default_rng(seed)
    total = np.zeros_like(x)
    for angle, length, phase in zip(
        rng.uniform(0, 2 * np.pi, WAVES), rng.uniform(8, 60, WAVES), rng.uniform(0, 7, WAVES),
        strict=True,
    ):  # fmt: skip
        total += np.cos(2 * np.pi / length * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    scaled = 127.5 + 40 * total / np.sqrt(WAVES / 2)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


@pytest.fixture
def opencv() -> Iterator[Oracle]:
    """Return OpenCV's flow (2, H, W), computed in one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield _farneback
    cv2.setNumThreads(threads)


def _farneback(before: Grey, after: Grey, settings: FlowSettings) -> npt.NDArray[np.float32]:
    flow = cv2.calcOpticalFlowFarneback(
        before, after, None, settings.pyr_scale, settings.levels, settings.winsize,
        settings.iterations, settings.poly_n, settings.poly_sigma,
        cv2.OPTFLOW_FARNEBACK_GAUSSIAN if settings.gaussian else 0,
    )  # fmt: skip
    return np.ascontiguousarray(flow.transpose(2, 0, 1))
