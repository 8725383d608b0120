"""What a network sees of one clip, in rows that a person can look at.

Shapes: T frames that a network sees, n of them that are shown, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from rodepil.config.modality import FlowInputSettings
from rodepil.config.settings import FeatureSettings, TrainSettings
from rodepil.report.seen_words import change_words, drawn_words, gap_words, wheel_words
from rodepil.vision.augment import apply, clip_seed, draw
from rodepil.vision.inputs import Inputs, make_inputs
from rodepil.vision.modality.flow import Flow, as_hues, as_vectors
from rodepil.vision.modality.registry import in_colour
from rodepil.vision.neighbours import pairs_of, seen
from rodepil.vision.normalize import WHITE, to_unit
from rodepil.vision.sampling import draw_jitter, uniform_indices

FACTORS = (20, 10, 5, 2)
SHARE_IN_SCALE = 0.99
"""Of the numbers that are amplified, so many stay within the scale."""
AUGMENTED = 2
WHEEL_PX = 96


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
        return make_inputs(self.features, "absdiff")

    def rgb(self, shown: Tensor) -> Tensor:
        """Return the frames that a network sees of those of `plain`, (1, T, 3, H, W) uint8."""
        return to_bytes(in_colour(seen(shown, self.features.pairs)))

    def pair_numbers(self) -> tuple[Tensor, Tensor]:
        """Return the numbers (T,) of the earlier and the later frame that motion is told by."""
        earlier, later = pairs_of(self.plain.shown(self._numbered()), self.features.pairs)
        return earlier.flatten(), later.flatten()

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
        The settings take a single frame, which shows no motion.
    """
    shown, picked = clip.plain.shown(clip.stored), shown_of(clip, columns)
    gap = gap_words(*clip.pair_numbers(), clip.fps)
    frames = clip.rgb(shown)[0, picked]
    change = _change(clip, shown, picked, gap)
    flow = list(_flow(clip, shown, picked, gap))
    made = [Strip("RGB: the frames as they are", frames), change.strip]
    made += [each.strip for each in flow]
    factors = {"absdiff": change.factor, "flow": flow[0].factor}
    for number in range(epoch, epoch + AUGMENTED):
        made += _augmented(clip, picked, number, factors)
    return made


def round_factor(values: Tensor) -> int:
    """Return the round number by which values in units of their scale can be multiplied.

    Nearly all of them stay within the scale; those of which nearly all are 0 are left as they are.
    """
    flat = values.flatten()
    high = float(flat.kthvalue(max(1, round(SHARE_IN_SCALE * len(flat)))).values)
    return next((factor for factor in FACTORS if 0 < high * factor <= 1), 1)


def to_bytes(pictures: Tensor) -> Tensor:
    """Return pictures, uint8 or float in [0, 1], as uint8 in [0, 255]."""
    if pictures.dtype == torch.uint8:
        return pictures
    return (pictures.clamp(0, 1) * WHITE).round().to(torch.uint8)


def wheel(settings: FlowInputSettings, side_px: int = WHEEL_PX) -> Tensor:
    """Return what colours of flow mean, (3, side, side) uint8: motion from the middle outwards.

    The scale ends at the rim; beyond it all is white.
    """
    places = (torch.arange(side_px) + 0.5) / side_px * 2 - 1
    flow = torch.stack([places.expand(side_px, side_px), places[:, None].expand(side_px, side_px)])
    picture = as_hues(flow[None])[0] if settings.picture == "hsv" else as_vectors(flow)
    return to_bytes(torch.where(flow.norm(dim=0) <= 1, picture, torch.ones(())))


@dataclass(frozen=True)
class _Amplified:
    """A row, and how many times its numbers are multiplied."""

    strip: Strip
    factor: int


def _change(clip: ClipSeen, shown: Tensor, picked: Tensor, gap: str) -> _Amplified:
    pictures = to_unit(make_inputs(clip.features, "absdiff").pictures(shown))
    factor = round_factor(pictures)
    words = change_words(factor, gap)
    return _Amplified(Strip(words, to_bytes(pictures * factor)[0, picked]), factor)


def _flow(clip: ClipSeen, shown: Tensor, picked: Tensor, gap: str) -> Iterator[_Amplified]:
    """Yield flow as vectors and as colour wheel."""
    modality = Flow(clip.train.flow)
    flow = modality.vectors(*pairs_of(shown, clip.features.pairs))[0]
    bound_px = modality.bound_px(flow.shape[-1], flow.shape[-2])
    factor = round_factor(flow.norm(dim=1) / bound_px)
    for picture, colours in (("vectors", as_vectors), ("hsv", as_hues)):
        settings = clip.train.flow.model_copy(update={"picture": picture})
        words = wheel_words(picture, factor, bound_px, gap)
        pictures = to_bytes(colours(flow[picked] * (factor / bound_px)))
        yield _Amplified(Strip(words, pictures, wheel(settings)), factor)


def _augmented(
    clip: ClipSeen, picked: Tensor, epoch: int, factors: dict[str, int]
) -> Iterator[Strip]:
    """Yield the frames as an epoch changes them, and what the project's modality makes of them."""
    features, train = clip.features, clip.train
    seeds = [clip_seed(train.seed, epoch, clip.clip_id)]
    draws = draw(train.augment, seeds)
    jitter = draw_jitter(train.augment.temporal_jitter, seeds, features.frames, features.oversample)
    changed = apply(clip.plain.shown(clip.stored, jitter), draws)
    size = (changed.shape[-1], changed.shape[-2])
    words = f"augmented as in epoch {epoch}: {drawn_words(draws, size, jitter)}"
    yield Strip(f"RGB, {words}", clip.rgb(changed)[0, picked])
    if train.modality == "rgb":
        return
    factor = factors.get(train.modality, 1)
    scaled = train.flow.model_copy(update={"bound_px": train.flow.bound_px / factor})
    made = make_inputs(features, train.modality, scaled)
    frames = changed if made.modality.of_motion else seen(changed, features.pairs)
    pictures = to_unit(made.pictures(frames))
    if train.modality == "absdiff":
        pictures = pictures * factor
    said = f", {factor} times amplified" if factor > 1 else ""
    legend = wheel(train.flow) if train.modality == "flow" else None
    title = f"train.modality {train.modality}{said}, of the frames augmented as in epoch {epoch}"
    yield Strip(title, to_bytes(pictures)[0, picked], legend)
