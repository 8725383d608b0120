"""Lucas-Kanade and Horn-Schunck against known motion and plain loops over pixels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy import ndimage

from rodepil.vision.flow import FlowSettings, dense_flow
from rodepil.vision.flow.lucas_kanade import GRADIENT_FLOOR

Grey = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float64]
Moving = Callable[..., tuple[Grey, Grey, Plane]]
METHODS = ["lucas_kanade", "horn_schunck"]
COS, SIN = np.cos(np.deg2rad(2)), np.sin(np.deg2rad(2))
MOTIONS = [
    [[1, 0, 0.3], [0, 1, -0.3]],
    [[1, 0, -1.7], [0, 1, 1.7]],
    [[1, 0, 4], [0, 1, 2]],
    [[COS, -SIN, 0], [SIN, COS, 0]],
]
FINEST = np.array([0.25, 0.5, 0.25])


def ours(before: Grey, after: Grey, **settings: Any) -> Plane:
    images = torch.from_numpy(np.stack([before, after]))
    flow = dense_flow(images[:1], images[1:], FlowSettings(**settings))
    return np.asarray(flow[0].numpy(), np.float64)


def blurred(image: Grey) -> Plane:
    """Return the pyramid's finest level; OpenCV blurs it by 3 px."""
    rows = ndimage.convolve1d(image.astype(np.float64), FINEST, 0, mode="mirror")
    return np.asarray(ndimage.convolve1d(rows, FINEST, 1, mode="mirror"))


def slopes(image: Plane) -> tuple[Plane, Plane]:
    """Return half the differences of neighbours, right and down; edges repeat."""
    padded = np.pad(image, 1, mode="edge")
    right = (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    return right, (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("motion", range(len(MOTIONS)))
def test_known_motion_is_found(motion: int, method: str, moving: Moving):
    before, after, truth = moving(MOTIONS[motion])
    apart = np.hypot(*(ours(before, after, method=method) - truth))[15:-15, 15:-15]
    assert np.median(apart) < 0.1
    assert np.percentile(apart, 95) < 0.25


def test_lucas_kanade_solves_each_windows_least_squares(moving: Moving):
    before, after, _ = moving(MOTIONS[0], size=(30, 34))
    flow = ours(before, after, method="lucas_kanade", levels=0, iterations=1, winsize=7)
    first, second = blurred(before), blurred(after)
    right, down = slopes(first)
    change = second - first
    for y, x in [(3, 3), (12, 20), (26, 7), (15, 30)]:
        window = np.s_[y - 3 : y + 4, x - 3 : x + 4]
        slope = np.stack([right[window].ravel(), down[window].ravel()], axis=1)
        normal = slope.T @ slope + GRADIENT_FLOOR * 49 * np.eye(2)
        expected = np.linalg.solve(normal, -slope.T @ change[window].ravel())
        np.testing.assert_allclose(flow[:, y, x], expected, atol=2e-4)


def test_horn_schunck_takes_jacobis_steps(moving: Moving):
    before, after, _ = moving(MOTIONS[0], size=(24, 27))
    flow = ours(
        before, after, method="horn_schunck", levels=0, iterations=1, relaxations=7,
        smoothness=12.0,
    )  # fmt: skip
    first, second = blurred(before), blurred(after)
    right, down = slopes(second)
    change = second - first
    kernel = np.array([[1, 2, 1], [2, 0, 2], [1, 2, 1]]) / 12
    u, v = np.zeros_like(first), np.zeros_like(first)
    for _ in range(7):
        mean_u = ndimage.convolve(u, kernel, mode="nearest")
        mean_v = ndimage.convolve(v, kernel, mode="nearest")
        gap = (right * mean_u + down * mean_v + change) / (144 + right**2 + down**2)
        u, v = mean_u - right * gap, mean_v - down * gap
    np.testing.assert_allclose(flow, np.stack([u, v]), atol=2e-5)


def test_more_smoothness_gives_a_smoother_flow(moving: Moving):
    before, after, _ = moving(MOTIONS[3])
    rough, even = (
        ours(before, after, method="horn_schunck", smoothness=value) for value in (5.0, 50.0)
    )
    assert np.abs(np.diff(even)).mean() < np.abs(np.diff(rough)).mean()
