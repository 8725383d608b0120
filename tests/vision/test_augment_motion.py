"""What moves in a clip still moves truly after its geometry has changed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from rodepil.config.settings import AugmentSettings
from rodepil.vision.augment import apply, draw

NOTHING = AugmentSettings(
    flip_probability=0.0, translate_share=0.0, rotate_deg=0.0, brightness=0.0, contrast=0.0
)
SIZE_PX = 65


def moving_square() -> Tensor:
    """Return (1, 4, 1, H, W): a white square that goes 3 px right and 1 px down a frame."""
    frames = torch.zeros(1, 4, 1, SIZE_PX, SIZE_PX)
    for index in range(4):
        x, y = 26 + 3 * index, 30 + index
        frames[0, index, 0, y : y + 5, x : x + 5] = 1
    return frames


def centres_px(clip: Tensor) -> Tensor:
    """Return (T, 2): the mean place (x, y) of the light in each frame."""
    light = clip[:, 0].double()
    places = torch.arange(SIZE_PX, dtype=torch.float64)
    by_axis = [(light.sum(dim=dim) * places).sum(dim=1) for dim in (1, 2)]
    return torch.stack(by_axis, dim=1) / light.sum(dim=(1, 2))[:, None]


@pytest.mark.parametrize(
    ("change", "steps_px"),
    [
        ({}, (3, 1)),
        ({"flip": torch.tensor([True])}, (-3, 1)),
        # Clockwise by a quarter: right becomes down, down becomes left.
        ({"angle_deg": torch.tensor([90.0])}, (-1, 3)),
        ({"shift_share": torch.tensor([[0.1, -0.05]])}, (3, 1)),
        # Half the width and half the height fill the frame.
        ({"crop": torch.tensor([[0.25, 0.15, 0.5, 0.5]])}, (6, 2)),
        ({"flip": torch.tensor([True]), "angle_deg": torch.tensor([90.0])}, (-1, -3)),
    ],
)
def test_a_square_moves_as_the_geometry_says(
    change: dict[str, Tensor], steps_px: tuple[float, float]
):
    clip = apply(moving_square(), draw(NOTHING, [0])._replace(**change))[0]
    steps = centres_px(clip).diff(dim=0)
    expected = torch.tensor(steps_px, dtype=torch.float64).expand(3, 2)
    torch.testing.assert_close(steps, expected, atol=0.02, rtol=0)


def test_a_flipped_clip_has_the_mirrored_flow():
    """OpenCV's flow of the flipped frames: u negated and mirrored, v mirrored."""
    texture = cv2.GaussianBlur(
        np.random.default_rng(0).random((64, 80)).astype(np.float32), (0, 0), 2
    )
    texture = cv2.normalize(texture, None, 0, 1, cv2.NORM_MINMAX)
    frames = torch.from_numpy(np.stack([texture[4:60, 6:70], texture[5:61, 4:68]]))[None, :, None]
    flip = draw(NOTHING, [0])._replace(flip=torch.tensor([True]))
    flow, mirrored = (_flow(clip) for clip in (frames, apply(frames, flip)))
    assert np.median(flow[..., 0]) == pytest.approx(2, abs=0.2)
    assert np.median(flow[..., 1]) == pytest.approx(-1, abs=0.2)
    np.testing.assert_allclose(mirrored[..., 0], -flow[:, ::-1, 0], atol=0.02)
    np.testing.assert_allclose(mirrored[..., 1], flow[:, ::-1, 1], atol=0.02)


def _flow(clip: Tensor) -> np.ndarray:
    first, second = ((clip[0, index, 0] * 255).to(torch.uint8).numpy() for index in range(2))
    return cv2.calcOpticalFlowFarneback(first, second, None, 0.5, 3, 15, 3, 5, 1.2, 0)
