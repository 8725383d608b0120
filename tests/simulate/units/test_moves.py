"""Each unit moves as its name says: measured on joints, on pixels, and by spectra."""

from __future__ import annotations

import numpy as np
import pytest

from rodepil.config.localize import UnitSimulationSettings
from rodepil.simulate.pose import NEUTRAL, channel
from rodepil.simulate.signals import Signal, Signals
from rodepil.simulate.units import MOVES, UnitPlan, UnitSegment
from rodepil.simulate.units.film import crop_around, frames, live

FPS, SECONDS = 30, 6


def joints(label: str, seed: int) -> dict[str, Signal]:
    """Return every channel of a unit's pose, (T,) each."""
    signals = Signals(FPS * SECONDS, FPS, np.random.default_rng(seed))
    pose = MOVES[label].pose(signals)
    assert set(pose) <= set(NEUTRAL)
    return {name: channel(pose, name, FPS * SECONDS) for name in NEUTRAL}


def loudest_hz(signal: Signal) -> float:
    """Return the frequency of the largest amplitude, the mean left out."""
    spectrum = np.abs(np.fft.rfft(signal - signal.mean()))
    return float(np.fft.rfftfreq(len(signal), 1 / FPS)[spectrum.argmax()])


@pytest.fixture(params=range(5))
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def test_staring_is_still(seed: int) -> None:
    assert max(np.ptp(signal) for signal in joints("staring", seed).values()) == 0


def test_a_mouth_in_clonus_beats_fast_and_little_and_a_nodding_head_slow_and_far(
    seed: int,
) -> None:
    mouth, nod = (joints(name, seed)["head_pitch"] for name in ("mouth clonus", "head nodding"))
    assert 5.5 < loudest_hz(mouth) < 9
    assert 1.2 < loudest_hz(nod) < 2.8
    assert np.ptp(nod) > 3 * np.ptp(mouth)


def test_a_wet_dog_shakes_about_its_spine_faster_than_any_clonus(seed: int) -> None:
    assert 7 < loudest_hz(joints("wet dog shakes", seed)["roll"]) < 11


def test_a_neck_jerks_to_one_side_faster_than_it_comes_back(seed: int) -> None:
    yaw = joints("neck jerk", seed)["head_yaw"]
    yaw = yaw if yaw.max() > -yaw.min() else -yaw
    assert yaw.min() >= 0
    steps = np.diff(yaw)
    assert steps.max() > 2 * -steps.min()


def test_forelimbs_beat_alone_together_or_in_turn(seed: int) -> None:
    found = {}
    for name in ("unilateral", "bilateral", "alternating"):
        pose = joints(f"{name} forelimb clonus", seed)
        found[name] = pose["fore_left"], pose["fore_right"]
        assert 3 < loudest_hz(max(found[name], key=np.ptp)) < 5.2
    assert sorted(np.ptp(limb) > 1 for limb in found["unilateral"]) == [False, True]
    assert np.corrcoef(*found["bilateral"])[0, 1] == pytest.approx(1)
    assert np.corrcoef(*found["alternating"])[0, 1] == pytest.approx(-1)


def test_only_who_rears_stands_upright_only_who_falls_lies_and_gets_up(seed: int) -> None:
    for name in MOVES:
        pose = joints(name, seed)
        assert (pose["pitch"].max() > 1.1) == (name == "rearing") or name == "others"
        lies = np.abs(pose["roll"]) > 1.05
        if name != "others":
            assert lies.any() == (name in ("falling", "tonic extension")), name
            assert (lies.any() and not lies.all()) == (name == "falling"), name


def test_only_jumping_leaves_the_floor(seed: int) -> None:
    for name in MOVES:
        assert (joints(name, seed)["lift"].max() > 0) == (name == "jumping")


def film(label: str, duration_s: float = 2.0) -> np.ndarray:
    settings = UnitSimulationSettings(duration_s=duration_s, fps=15, size_px=32)
    plan = UnitPlan(3, 1, "training", (UnitSegment(label, 0.0, duration_s),), ())
    return np.stack(list(frames(live(settings, plan), 32)))


def test_frames_are_squares_of_all_seconds_and_a_seed_decides_them() -> None:
    shown = film("wet dog shakes")
    assert shown.shape == (30, 32, 32)
    assert shown.dtype == np.uint8
    np.testing.assert_array_equal(shown, film("wet dog shakes"))


def test_a_runner_changes_more_of_the_picture_than_one_who_stares() -> None:
    moved = {
        name: np.abs(np.diff(film(name).astype(float), axis=0)).mean()
        for name in ("staring", "wild running")
    }
    assert moved["wild running"] > 3 * moved["staring"]


def test_a_crop_is_a_square_in_the_view_that_holds_every_point() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        size = int(rng.integers(150, 210)), int(rng.integers(150, 210))
        low = rng.uniform(0, 0.7, 2) * size
        points = low + rng.uniform(0, 1, (5, 4, 2)) * (np.array(size) - low)
        x, y, side = crop_around(points, size)
        assert x >= 0
        assert x + side <= size[0]
        assert y >= 0
        assert y + side <= size[1]
        if side < min(size):  # else the view itself is too small
            assert (points >= (x, y)).all()
            assert (points <= (x + side, y + side)).all()
