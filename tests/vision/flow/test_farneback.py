"""Farneback's flow against OpenCV's, on textures, simulated recordings and real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
import torch

from rodepil.config.settings import SimulateSettings
from rodepil.io import tables
from rodepil.simulate import simulate
from rodepil.simulate.actions import make_action
from rodepil.vision.flow import FlowSettings, dense_flow

Grey = npt.NDArray[np.uint8]
Flow = npt.NDArray[np.float32]
Moving = Callable[..., tuple[Grey, Grey, npt.NDArray[np.float64]]]
Oracle = Callable[[Grey, Grey, FlowSettings], Flow]

COS, SIN = np.cos(np.deg2rad(2)), np.sin(np.deg2rad(2))
MOTIONS = {
    "0.3 px": [[1, 0, 0.3], [0, 1, -0.3]],
    "1.7 px": [[1, 0, -1.7], [0, 1, 1.7]],
    "4 px": [[1, 0, 4], [0, 1, 2]],
    "2 degrees": [[COS, -SIN, 0], [SIN, COS, 0]],
}
PARAMETERS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "one level": {"levels": 1, "winsize": 21},
    "no level": {"levels": 0},
    "five levels": {"levels": 5, "poly_n": 7, "poly_sigma": 1.5},
    "gaussian": {"gaussian": True},
    "gaussian, small window": {"gaussian": True, "winsize": 9, "poly_n": 7, "poly_sigma": 1.5},
    "even window": {"winsize": 10, "iterations": 2},
    "uneven scale": {"pyr_scale": 0.7, "levels": 3, "iterations": 5},
}
NAMES = [
    "mouse_arena_640x480_30fps.mp4",
    "mouse_openfield_640x480_30fps.mp4",
    "three_boxes_1350x360_15fps.mp4",
]


def ours(before: Grey, after: Grey, settings: FlowSettings) -> Flow:
    images = torch.from_numpy(np.stack([before, after]))
    return np.asarray(dense_flow(images[:1], images[1:], settings)[0].numpy(), np.float32)


def distances(flow: Flow, other: npt.NDArray[Any], band: int) -> npt.NDArray[np.float64]:
    """Return end-point differences `band` px and more away from the border."""
    apart = np.hypot(*(flow - other).astype(np.float64))
    return apart[band:-band, band:-band]


def assert_same(before: Grey, after: Grey, settings: FlowSettings, opencv: Oracle) -> None:
    apart = distances(
        ours(before, after, settings), opencv(before, after, settings), settings.winsize
    )
    assert np.median(apart) <= 1e-4  # px; the project wants 0.01 and 0.1
    assert np.percentile(apart, 99) <= 1e-3


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("motion", MOTIONS)
def test_textures_flow_as_with_opencv(motion: str, parameters: str, moving: Moving, opencv: Oracle):
    before, after, _ = moving(MOTIONS[motion])
    assert_same(before, after, FlowSettings(**PARAMETERS[parameters]), opencv)


@pytest.mark.parametrize("gaussian", [False, True])
@pytest.mark.parametrize("motion", MOTIONS)
def test_known_motion_is_found_no_worse_than_by_opencv(
    motion: str, moving: Moving, opencv: Oracle, *, gaussian: bool
):
    settings = FlowSettings(gaussian=gaussian)
    before, after, truth = moving(MOTIONS[motion], seed=1)
    found = distances(ours(before, after, settings), truth, 15)
    reference = distances(opencv(before, after, settings), truth, 15)
    assert found.mean() <= 1.01 * reference.mean()
    assert np.percentile(found, 99) <= 1.01 * np.percentile(reference, 99)
    assert np.median(found) < 0.1


@pytest.mark.parametrize("size", [(97, 131), (64, 33), (10, 11), (40, 225)])
def test_odd_and_small_sizes_flow_as_with_opencv(
    size: tuple[int, int], moving: Moving, opencv: Oracle
):
    before, after, _ = moving(MOTIONS["1.7 px"], size=size)
    settings = FlowSettings()
    apart = distances(ours(before, after, settings), opencv(before, after, settings), 1)
    assert apart.max() <= 1e-3


def test_the_last_row_and_column_are_outside_as_with_opencv(moving: Moving, opencv: Oracle):
    """So that even of equal images they move a little; what is farther than a window rests."""
    image, _, _ = moving(MOTIONS["4 px"])
    settings = FlowSettings(levels=0, iterations=1)
    flow = ours(image, image, settings)
    np.testing.assert_allclose(flow, opencv(image, image, settings), atol=1e-5)
    assert np.abs(flow[:, -1]).max() > 1e-3
    assert not flow[:, :-8, :-8].any()


@pytest.mark.parametrize("parameters", ["defaults", "five levels", "gaussian"])
@pytest.mark.parametrize("index", [2, 9])
def test_simulated_actions_flow_as_with_opencv(index: int, parameters: str, opencv: Oracle):
    frames, _ = make_action(4, index, frames=6, size_px=112)
    settings = FlowSettings(**PARAMETERS[parameters])
    assert_same(frames[2, 0], frames[3, 0], settings, opencv)


@pytest.fixture(scope="module")
def cages(tmp_path_factory: pytest.TempPathFactory) -> list[Grey]:
    """Return frames of a simulated recording."""
    folder = tmp_path_factory.mktemp("simulated")
    settings = SimulateSettings(
        seed=5, subjects=3, recordings=1, cages_min=3, cages_max=3, duration_s=30.0
    )
    simulate(settings, folder, processes=1)
    (row,) = tables.read("recordings", folder / "recordings.parquet").to_pylist()
    return read(folder / row["path"], [100, 101, 104])


@pytest.mark.parametrize("parameters", ["defaults", "five levels", "gaussian"])
def test_simulated_recordings_flow_as_with_opencv(
    parameters: str, cages: list[Grey], opencv: Oracle
):
    settings = FlowSettings(**PARAMETERS[parameters])
    assert_same(cages[0], cages[1], settings, opencv)
    assert_same(cages[0], cages[2], settings, opencv)


@pytest.mark.parametrize("parameters", ["defaults", "five levels", "gaussian"])
@pytest.mark.parametrize("name", NAMES)
def test_real_videos_flow_as_with_opencv(
    name: str, parameters: str, real_videos: Path, opencv: Oracle
):
    settings = FlowSettings(**PARAMETERS[parameters])
    first, second, later = read(real_videos / name, [40, 41, 45])
    assert_same(first, second, settings, opencv)
    assert_same(first, later, settings, opencv)


def read(path: Path, numbers: list[int]) -> list[Grey]:
    """Return frames of a video, grey, 224 px, read in order."""
    capture = cv2.VideoCapture(str(path))
    found: list[Grey] = []
    for number in range(max(numbers) + 1):
        done, picture = capture.read()
        assert done
        if number in numbers:
            grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
            small = cv2.resize(grey, (224, 224), interpolation=cv2.INTER_AREA)
            found.append(small.astype(np.uint8))
    capture.release()
    return found
