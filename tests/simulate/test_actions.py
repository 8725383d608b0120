"""Clips of actions are reproducible, balanced, and move as their names say, seen on pixels."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from rodepil.errors import SettingError
from rodepil.simulate.actions import ACTIONS, make_action, make_actions

Clips = dict[str, npt.NDArray[np.float32]]
Values = npt.NDArray[np.float64]
EACH = 60
NAMES = list(ACTIONS)


@pytest.fixture(scope="module")
def clips() -> Clips:
    """Some clips of every action as brightness, (EACH, T, H, W)."""
    frames, labels = make_actions(11, range(EACH * len(NAMES)))
    return {name: frames[labels == k, :, 0].astype(np.float32) for k, name in enumerate(NAMES)}


def _grounds(clips: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Brightness of the ground of every frame, at its edges, (N, T, 1, 1)."""
    edges = [clips[:, :, 0], clips[:, :, -1], clips[..., 0], clips[..., -1]]
    return np.asarray(np.median(np.concatenate(edges, axis=2), axis=2), np.float32)[..., None, None]


def _changes(clips: npt.NDArray[np.float32]) -> Values:
    """Share of pixels that differ by over 20 from each frame to the next, (N, T - 1)."""
    even = clips - _grounds(clips)  # what light does to the whole frame does not count
    return np.asarray((np.abs(np.diff(even, axis=1)) > 20).mean(axis=(2, 3)), np.float64)


def _places(clips: npt.NDArray[np.float32]) -> Values:
    """Middle of the body in pixels by image moments, (N, T, 2)."""
    body = np.clip(np.abs(clips - _grounds(clips)) - 22, 0, 20)
    moments = [cv2.moments(frame) for clip in body for frame in clip]
    places = [(m["m10"] / (m["m00"] or 1), m["m01"] / (m["m00"] or 1)) for m in moments]
    return np.array(places).reshape(*clips.shape[:2], 2)


def _steps(clips: npt.NDArray[np.float32]) -> Values:
    """Pixels that the body's middle goes from frame to frame, (N, T - 1)."""
    return np.asarray(np.linalg.norm(np.diff(_places(clips), axis=1), axis=2))


def test_the_same_seed_and_index_give_the_same_bytes() -> None:
    frames, label = make_action(3, 17)
    again, label_again = make_action(3, 17)
    assert frames.tobytes() == again.tobytes()
    assert label == label_again


def test_another_seed_or_index_gives_another_clip() -> None:
    step = len(NAMES)
    seen = {make_action(seed, 4 + step * turn)[0].tobytes() for seed in (0, 1) for turn in (0, 1)}
    assert len(seen) == 4


def test_a_clip_is_the_same_in_any_order_and_batch() -> None:
    indices = [41, 3, 12, 3, 0]
    frames, labels = make_actions(5, indices)
    for clip, label, index in zip(frames, labels, indices, strict=True):
        alone, label_alone = make_action(5, index)
        np.testing.assert_array_equal(clip, alone)
        assert label == label_alone


def test_clips_in_a_row_hold_every_action_alike_often() -> None:
    _, labels = make_actions(0, range(30, 30 + 3 * len(NAMES)), size_px=8)
    assert np.bincount(labels).tolist() == [3] * len(NAMES)


@pytest.mark.parametrize(("frames", "size_px"), [(16, 32), (8, 48), (2, 8), (5, 33)])
def test_clips_are_grey_bytes_of_the_wanted_size(frames: int, size_px: int) -> None:
    clips, labels = make_actions(1, range(len(NAMES)), frames=frames, size_px=size_px)
    assert clips.shape == (len(NAMES), frames, 3, size_px, size_px)
    assert clips.dtype == np.uint8
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(clips[:, :, 0], clips[:, :, 1])
    np.testing.assert_array_equal(clips[:, :, 0], clips[:, :, 2])


def test_every_frame_shows_a_body_apart_from_its_ground(clips: Clips) -> None:
    for name, frames in clips.items():
        apart = (np.abs(frames - _grounds(frames)) > 22).mean(axis=(2, 3))
        assert 0.04 < np.median(apart) < 0.3, name
        assert np.quantile(apart, 0.02) > 0.01, name


@pytest.mark.parametrize(("frames", "size_px"), [(1, 32), (16, 7)])
def test_clips_that_show_no_movement_are_refused(frames: int, size_px: int) -> None:
    with pytest.raises(SettingError, match=r"set features\.frames to at least 2"):
        make_actions(0, [0], frames=frames, size_px=size_px)


def test_bodies_are_bright_and_dark_alike_often_in_every_action(clips: Clips) -> None:
    for name, frames in clips.items():
        middle = _grounds(frames)[..., 0, 0]
        bright = (frames.max(axis=(2, 3)) - middle > middle - frames.min(axis=(2, 3))).mean()
        assert 0.25 < bright < 0.75, name


def test_still_has_no_change_and_stir_a_slow_one(clips: Clips) -> None:
    assert _changes(clips["still"]).max() < 0.01
    stir = clips["stir"]
    assert np.median(_changes(stir)) < 0.5 * np.median(_changes(stir[:, ::5]))


def test_drift_goes_one_way_at_one_speed(clips: Clips) -> None:
    window = cv2.createHanningWindow((32, 32), cv2.CV_32F)
    straight = []
    for clip in clips["drift"]:
        # OpenCV windows its inputs in place.
        pairs = zip(clip[:-3].copy(), clip[3:].copy(), strict=True)
        ways = np.array([cv2.phaseCorrelate(one, other, window)[0] for one, other in pairs])
        straight.append(np.linalg.norm(ways.mean(axis=0)) / np.linalg.norm(ways, axis=1).mean())
    assert np.median(straight) > 0.8


def test_wander_and_drift_travel_and_what_stays_does_not(clips: Clips) -> None:
    def reach(name: str) -> float:
        return float(np.median(np.ptp(_places(clips[name]), axis=1).max(axis=1)))

    assert min(reach("wander"), reach("drift")) > 1.5 * max(reach("stir"), reach("tremble"))


def test_wander_turns_back_and_drift_does_not(clips: Clips) -> None:
    def straight(name: str) -> float:
        places = _places(clips[name])
        ends = np.linalg.norm(places[:, -1] - places[:, 0], axis=1)
        return float(np.median(ends / _steps(clips[name]).sum(axis=1)))

    assert straight("drift") > 2 * straight("wander")


def test_stroll_is_a_smooth_change_within_a_part_of_the_clip(clips: Clips) -> None:
    share = np.sort(_changes(clips["stroll"][:, ::2]), axis=1)
    assert np.median(share[:, -1]) > 3 * np.median(share[:, 0])
    assert np.median(_changes(clips["stroll"]).max(axis=1)) < 0.6 * np.median(
        _changes(clips["thrash"]).max(axis=1)
    )


def test_shift_changes_one_to_three_times_and_lastingly(clips: Clips) -> None:
    changes = _changes(clips["shift"])
    sudden = (changes > 0.06).sum(axis=1)
    assert ((sudden >= 1) & (sudden <= 3)).mean() > 0.8
    assert np.median(changes) < 0.01


def test_thrash_jerks_all_the_time_and_tremble_less(clips: Clips) -> None:
    thrash, tremble = _changes(clips["thrash"]), _changes(clips["tremble"])
    assert np.median(thrash.min(axis=1)) > 0.04
    assert np.median(thrash) > 1.7 * np.median(tremble) > 3 * np.median(_changes(clips["still"]))


@pytest.mark.parametrize("name", ["thrash", "tremble"])
def test_jerks_are_as_large_over_two_frames_as_over_one(clips: Clips, name: str) -> None:
    one, two = (_changes(clips[name][:, ::step]).mean() for step in (1, 2))
    assert two == pytest.approx(one, rel=0.1)


def test_burst_thrashes_for_a_part_of_the_time_in_a_row(clips: Clips) -> None:
    during = _changes(clips["burst"]) > 0.055
    share = during.mean(axis=1)
    assert 0.25 < np.median(share) < 0.65
    assert (share > 0.9).mean() < 0.05
    starts = (np.diff(during.astype(int), axis=1, prepend=0) == 1).sum(axis=1)
    assert np.median(starts) <= 2


def test_flicker_changes_the_light_of_the_whole_frame_and_little_else(clips: Clips) -> None:
    def light(name: str) -> Values:
        return np.asarray(np.log(_grounds(clips[name])).std(axis=(1, 2, 3)), np.float64)

    assert light("flicker").min() > 0.04
    assert max(light(name).max() for name in NAMES if name != "flicker") < 0.04
    assert np.median(_steps(clips["flicker"])) < np.median(_steps(clips["tremble"]))
