"""What a network sees of one clip, in rows that a person can look at.

Shapes: T frames that a network sees, n of them that are shown, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import torch
from torch import Tensor

from rodepil.config.modality import MODALITIES
from rodepil.config.settings import FeatureSettings, TrainSettings
from rodepil.report.amplify import inner, round_factor, to_bytes, wheel
from rodepil.report.seen_words import (
    FRAMES,
    TITLES,
    Telling,
    change_words,
    drawn_words,
    gap_words,
    own_words,
    wheel_words,
)
from rodepil.vision.augment import apply, clip_seed, draw
from rodepil.vision.inputs import Inputs, make_inputs
from rodepil.vision.modality.flow import Flow, as_hues, as_vectors
from rodepil.vision.modality.registry import in_colour
from rodepil.vision.neighbours import pairs_of, seen
from rodepil.vision.normalize import to_unit
from rodepil.vision.sampling import draw_jitter, uniform_indices

AUGMENTED = 2
COLOURS = {"vectors": as_vectors, "hsv": as_hues}


@dataclass(frozen=True)
class Strip:
    """A row of pictures.

    Attributes
    ----------
    words
        What they are.
    pictures
        (n, 3, H, W) uint8 in [0, 255].
    legend
        (3, h, w) uint8, what their colours mean; None where they need none.
    """

    words: str
    pictures: Tensor
    legend: Tensor | None = None


@dataclass(frozen=True)
class ClipSeen:
    """One clip as training takes it.

    Parameters
    ----------
    features, train
        How it is stored, and how it is changed and seen.
    stored
        (1, ..., C, H, W) uint8, as the view stores it.
    numbers
        Which of the clip's frames each stored one is, in the order in which they are stored.
    fps
        The clip's frames a second.
    clip_id
        What augmentation is drawn from, beside seed and epoch.
    """

    features: FeatureSettings
    train: TrainSettings
    stored: Tensor
    numbers: Tensor
    fps: Fraction
    clip_id: str

    @property
    def plain(self) -> Inputs:
        """What makes frames, with all neighbours that are stored, of what is stored."""
        return make_inputs(self.features, "absdiff" if self.compares else "rgb")

    @property
    def compares(self) -> bool:
        """Whether there are two frames, so that motion can be told."""
        return self.features.pairs != "none" or self.features.frames > 1

    def rgb(self, shown: Tensor) -> Tensor:
        """Return the frames that a network sees of those of `plain`, (1, T, 3, H, W) uint8."""
        return to_bytes(in_colour(seen(shown, self.features.pairs)))

    def gap(self, jitter: Tensor | None = None) -> str:
        """Return how far apart the frames are that motion is told by, in words."""
        shown = self.plain.shown(self._numbered(), jitter)
        earlier, later = pairs_of(shown, self.features.pairs)
        return gap_words(earlier.flatten(), later.flatten(), self.fps)

    def seen_numbers(self) -> Tensor:
        """Return the numbers (T,) of the frames that a network sees."""
        return seen(self.plain.shown(self._numbered()), self.features.pairs).flatten()

    def _numbered(self) -> Tensor:
        """Return the numbers in the shape of the frames, so that they go where those go."""
        return self.numbers.view(*self.stored.shape[:-3], 1, 1, 1)


def shown_of(clip: ClipSeen, columns: int) -> Tensor:
    """Return which of the T frames are shown: (n,) int64, n at most `columns`."""
    frames = clip.features.frames
    return torch.from_numpy(uniform_indices(frames, min(columns, frames)))


def strips(clip: ClipSeen, columns: int, epoch: int = 0) -> list[Strip]:
    """Return frames, differences and flow of a clip, and what training makes of them.

    A modality of one's own stands after flow. A single frame has no differences and no flow.

    Parameters
    ----------
    clip
        The clip.
    columns
        Frames to show, spread evenly over the T.
    epoch
        The first epoch whose augmentation is shown.

    Raises
    ------
    SettingError
        The settings' modality can't be had of such frames.
    """
    shown, picked = clip.plain.shown(clip.stored), shown_of(clip, columns)
    made, factors = [Strip(FRAMES, clip.rgb(shown)[0, picked])], {clip.train.modality: 1}
    if clip.compares:
        gap, flow = clip.gap(), _vectors(clip, shown)
        factors["absdiff"] = round_factor(_changes(clip, shown))
        factors["flow"] = _flow_factor(clip, flow)
        made.append(_change(clip, shown, picked, Telling("AbsDiff", factors["absdiff"], gap)))
        for picture in ("vectors", "hsv"):
            told = Telling(TITLES[picture], factors["flow"], gap)
            made.append(_flow(clip, flow[picked], picture, told))
    if clip.train.modality not in MODALITIES:
        made.append(_made(clip, shown, picked, _of_training(clip, factors)))
    for number in range(epoch, epoch + AUGMENTED):
        made += _augmented(clip, picked, number, factors)
    return made


def _changes(clip: ClipSeen, shown: Tensor) -> Tensor:
    """Return the differences (1, T, 3, H, W) float in [0, 1]."""
    return to_unit(make_inputs(clip.features, "absdiff").pictures(shown))


def _change(clip: ClipSeen, shown: Tensor, picked: Tensor, told: Telling) -> Strip:
    pictures = to_bytes(_changes(clip, shown) * told.factor)[0, picked]
    return Strip(change_words(replace(told, rests=not pictures.any())), pictures)


def _vectors(clip: ClipSeen, shown: Tensor) -> Tensor:
    """Return the flow (T, 2, H, W) float32, px."""
    return Flow(clip.train.flow).vectors(*pairs_of(shown, clip.features.pairs))[0]


def _bound_px(clip: ClipSeen, flow: Tensor) -> float:
    return Flow(clip.train.flow).bound_px(flow.shape[-1], flow.shape[-2])


def _flow_factor(clip: ClipSeen, flow: Tensor) -> int:
    speed = flow.norm(dim=1) / _bound_px(clip, flow)
    return round_factor(inner(speed, clip.train.flow.winsize))


def _flow(clip: ClipSeen, flow: Tensor, picture: Literal["vectors", "hsv"], told: Telling) -> Strip:
    """Return flow (n, 2, H, W), px, in colours."""
    bound_px = _bound_px(clip, flow)
    scaled = flow * (told.factor / bound_px)
    told = replace(told, rests=not to_bytes(scaled.norm(dim=1)).any())
    settings = clip.train.flow.model_copy(update={"picture": picture})
    pictures = to_bytes(COLOURS[picture](scaled))
    return Strip(wheel_words(told, picture, bound_px), pictures, wheel(settings))


def _of_training(clip: ClipSeen, factors: dict[str, int], of: str = "", gap: str = "") -> Telling:
    """Return what a row of the settings' modality is to say."""
    name = clip.train.modality
    compares = make_inputs(clip.features, name, clip.train.flow).modality.of_motion
    gap = (gap or clip.gap()) if compares else ""
    return Telling(f"train.modality {name}", factors[name], gap, of=of)


def _made(clip: ClipSeen, shown: Tensor, picked: Tensor, told: Telling) -> Strip:
    """Return what the settings' modality makes of frames as `plain` shows them."""
    name, settings = clip.train.modality, clip.train.flow
    if name == "absdiff":
        return _change(clip, shown, picked, told)
    if name == "flow":
        return _flow(clip, _vectors(clip, shown)[picked], settings.picture, told)
    made = make_inputs(clip.features, name, settings)
    frames = shown if made.modality.of_motion else seen(shown, clip.features.pairs)
    return Strip(own_words(told), to_bytes(made.pictures(frames))[0, picked])


def _augmented(
    clip: ClipSeen, picked: Tensor, epoch: int, factors: dict[str, int]
) -> Iterator[Strip]:
    """Yield the frames as an epoch changes them, and what the settings' modality makes of them."""
    features, train = clip.features, clip.train
    seeds = [clip_seed(train.seed, epoch, clip.clip_id)]
    draws = draw(train.augment, seeds)
    jitter = draw_jitter(train.augment.temporal_jitter, seeds, features.frames, features.oversample)
    changed = apply(clip.plain.shown(clip.stored, jitter), draws)
    size = (changed.shape[-1], changed.shape[-2])
    of = f"augmented as in epoch {epoch}"
    words = drawn_words(draws, size, jitter)
    yield Strip(f"RGB, {of}: {words}", clip.rgb(changed)[0, picked])
    if train.modality == "rgb":
        return
    gap = clip.gap(jitter) if clip.compares else ""
    told = _of_training(clip, factors, f", of the frames {of}", gap)
    yield _made(clip, changed, picked, told)
