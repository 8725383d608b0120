"""Rows of pictures for a look: their colours mean what their words say."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import ClassVar

import cv2
import numpy as np
import pytest
import torch

from rodepil.config.modality import FlowInputSettings
from rodepil.config.settings import AugmentSettings, FeatureSettings, TrainSettings
from rodepil.report.amplify import inner, round_factor, wheel
from rodepil.report.seen import ClipSeen, strips
from rodepil.report.strips import broken
from rodepil.store.know.picture import width_px
from rodepil.vision.modality import Modality, known, registry

MIRROR = AugmentSettings(
    flip_probability=1, translate_share=0, rotate_deg=0, brightness=0, contrast=0
)
SIDE_PX, STEP_PX, BOUND_PX = 112, 3, 2 * 4  # the bound is told at 224 px
PAIR = FeatureSettings(frames=2, size_px=SIDE_PX, pairs="native", gap=2)


def moving_right(**train: object) -> ClipSeen:
    """Return a clip of 30 frames in which all moves by 3 px from frame 5 to 7, and 20 to 22."""
    wide = cv2.GaussianBlur(
        np.random.default_rng(0).integers(0, 256, (SIDE_PX, 2 * SIDE_PX), np.uint8), (0, 0), 3
    )
    wide = cv2.normalize(wide, None, 0, 255, cv2.NORM_MINMAX)
    frames = [wide[:, 50 - x : 50 - x + SIDE_PX] for x in (0, STEP_PX, 10, 10 + STEP_PX)]
    stored = torch.from_numpy(np.stack(frames)).view(1, 2, 2, 1, SIDE_PX, SIDE_PX)
    settings = TrainSettings(flow=FlowInputSettings(bound_px=BOUND_PX), augment=MIRROR, **train)
    return ClipSeen(
        PAIR, settings, stored.expand(-1, -1, -1, 3, -1, -1), torch.tensor([5, 7, 20, 22]),
        Fraction(30), "c",
    )  # fmt: skip


def middle(pictures: torch.Tensor) -> list[float]:
    """Return the mean colour of the pictures away from their borders."""
    inner = pictures[..., 30:-30, 30:-30].float() / 255
    return [float(value) for value in inner.mean(dim=(0, 2, 3))]


def test_motion_to_the_right_is_red_and_mirrored_it_is_cyan():
    share = STEP_PX / (BOUND_PX / 2)
    made = strips(moving_right(modality="flow"), 2)
    frames, change, vectors, hues, _, mirrored, _, _ = made
    assert len({len(strip.pictures) for strip in made}) == 1
    assert middle(vectors.pictures) == pytest.approx([(1 + share) / 2, 0.5, share], abs=0.03)
    assert middle(hues.pictures) == pytest.approx([share, 0, 0], abs=0.06)
    assert middle(mirrored.pictures) == pytest.approx([(1 - share) / 2, 0.5, share], abs=0.03)
    assert torch.equal(frames.pictures, moving_right().stored[0, :, 0])
    assert "within 2 frames (67 ms)" in change.words
    assert "rim of the wheel it is 4 px or more within 2 frames" in hues.words


def test_epochs_and_what_they_draw_are_told():
    made = strips(moving_right(modality="absdiff"), 1, epoch=3)
    assert [strip.words.partition(":")[0] for strip in made[4:]] == [
        "RGB, augmented as in epoch 3",
        f"train.modality absdiff{_said(made[1].words)}, of the frames augmented as in epoch 3",
        "RGB, augmented as in epoch 4",
        f"train.modality absdiff{_said(made[1].words)}, of the frames augmented as in epoch 4",
    ]
    assert made[4].words.endswith(": mirrored")
    assert torch.equal(made[4].pictures, made[0].pictures.flip(-1))
    assert torch.equal(made[5].pictures, made[1].pictures.flip(-1))


def _said(words: str) -> str:
    """Return how a row of differences says that it is amplified."""
    return words.partition(":")[0].removeprefix("AbsDiff")


def test_differences_are_amplified_by_the_factor_that_is_told():
    clip = moving_right()
    change = strips(clip, 2)[1]
    before, after = clip.stored[0].numpy().swapaxes(0, 1)
    factor = int(_said(change.words).split()[1]) if _said(change.words) else 1
    wanted = np.minimum(cv2.absdiff(before, after).astype(int) * factor, 255)
    assert np.array_equal(change.pictures.numpy(), wanted)


@pytest.mark.parametrize(
    ("largest", "factor"), [(0.0, 1), (0.01, 20), (0.049, 20), (0.051, 10), (0.5, 2), (0.6, 1)]
)
def test_amplified_numbers_stay_within_their_scale(largest: float, factor: int):
    values = torch.zeros(1000)
    values[:200] = largest
    assert round_factor(values) == factor
    values[:5] = 1  # a few may leave it
    assert round_factor(values) == factor


def test_numbers_are_amplified_by_what_moves_however_little_of_the_frame_that_is():
    values = torch.zeros(1000)
    values[:3] = 0.04
    assert round_factor(values) == 20
    values[3:500] = 1e-4  # what no byte shows
    assert round_factor(values) == 20
    values[:3] = 0.3
    assert round_factor(values) == 2
    assert round_factor(torch.full((1000,), 1e-4)) == 20


def test_what_moves_is_judged_away_from_the_borders():
    numbers = torch.zeros(2, 40, 60)
    numbers[:, 8:-8, 8:-8] = 1
    assert inner(numbers, 8).shape == (2, 24, 44)
    assert inner(numbers, 8).min() == 1
    assert inner(numbers, 2).shape == (2, 30, 50)
    assert inner(numbers, 100).shape == (2, 20, 30)


def test_where_nothing_moves_the_rows_say_so():
    made = strips(
        replace(moving_right(), stored=torch.full((1, 2, 2, 3, 64, 64), 90, dtype=torch.uint8)), 2
    )
    assert "AbsDiff: nothing changes within 2 frames (67 ms); white is" in made[1].words
    assert "Flow as vectors: nothing moves; red is motion to the right" in made[2].words


@dataclass(frozen=True)
class Later(Modality):
    """The later frame, upside down."""

    name: ClassVar[str] = "later of a test"
    of_motion: ClassVar[bool] = True

    def __call__(self, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
        """Return it."""
        del before
        return after.flip(-2)


def test_a_modality_of_ones_own_is_drawn_plain_and_augmented(monkeypatch: pytest.MonkeyPatch):
    known()
    monkeypatch.setattr(registry, "_KNOWN", {**registry._KNOWN, Later.name: Later})
    clip = moving_right(modality=Later.name)
    made = strips(clip, 2)
    plain = made[4]
    assert plain.words.startswith("train.modality later of a test: of pairs 2 frames (67 ms) apart")
    assert torch.equal(plain.pictures, clip.stored[0, :, 1].flip(-2))
    assert torch.equal(made[6].pictures, plain.pictures.flip(-1))
    assert made[6].words.startswith("train.modality later of a test, of the frames augmented as in")


def test_a_single_frame_without_a_neighbour_has_rows_of_colours_alone():
    clip = moving_right()
    alone = replace(
        clip,
        features=clip.features.model_copy(update={"frames": 1, "pairs": "none"}),
        stored=clip.stored[:, :1, 0],
        numbers=clip.numbers[:1],
    )
    made = strips(alone, 2)
    assert [strip.words.partition(":")[0].partition(",")[0] for strip in made] == ["RGB"] * 3
    assert torch.equal(made[0].pictures, clip.stored[0, :1, 0])


def test_a_wheel_shows_what_opencv_makes_of_each_direction():
    side = 96
    drawn = wheel(FlowInputSettings(picture="hsv"), side).numpy().transpose(1, 2, 0)
    places = (np.arange(side) + 0.5) / side * 2 - 1
    right, down = np.meshgrid(places, places)
    speed, angle = cv2.cartToPolar(right, down, angleInDegrees=True)
    hsv = np.stack([angle, np.ones_like(angle), speed], axis=2).astype(np.float32)
    wanted = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255
    inside = speed <= 1
    assert np.abs(drawn[inside] - wanted[inside]).max() <= 1
    assert (drawn[~inside] == 255).all()
    vectors = wheel(FlowInputSettings(picture="vectors"), side).numpy()
    for channel, numbers in enumerate([(right + 1) / 2, (down + 1) / 2, speed]):
        assert np.abs(vectors[channel][inside] - 255 * numbers[inside]).max() <= 1


def test_long_words_are_broken_to_fit():
    text = "colour is direction and brightness is speed " * 4
    lines = broken(text, 200)
    assert " ".join(lines) == text.strip()
    assert len(lines) > 1
    assert max(map(width_px, lines)) <= 200
