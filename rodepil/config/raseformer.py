"""The settings of RaSeformer; the defaults are the official ones.

References
----------
Tsai et al.: RatSeizure: A Benchmark and Saliency-Context Transformer for Rat Seizure
Localization, and its public evaluation code.
"""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rodepil.config.base import NonNegativeReal, Positive, PositiveReal, Settings, Share

_ROUNDING = 1e-9

Window = Annotated[int, Field(ge=-1)]
Range = tuple[NonNegativeReal, PositiveReal]


class RaseformerSettings(Settings):
    """The network.

    ``windows`` has one number for the stem and one for each level after it, each of half the
    steps of the one before; 1 or less is attention to the whole clip. In a window, every head
    keeps the query's own step and the best others, together the share ``keep_ratio``, rounded
    up; 1 is dense local attention. ``full_keep`` is the number kept where the whole clip is seen,
    null all. ``form`` changes speed, not numbers. ``ranges`` are the distances to a boundary, in
    steps of the first level, that each level's points answer for.
    """

    name: Literal["raseformer"] = "raseformer"
    feature_width: Positive = 1024
    classes: Positive = 14
    width: Positive = 512
    heads: Positive = 4
    embed_layers: Positive = 2
    stem_layers: Positive = 2
    windows: tuple[Window, ...] = (9, 9, 9, 1, 1, 1)
    keep_ratio: Annotated[float, Field(gt=0, le=1)] = 0.5
    full_keep: Positive | None = None
    form: Literal["gathered", "masked"] = "gathered"
    max_length: Positive = 96
    mlp_ratio: PositiveReal = 4.0
    head_layers: Positive = 3
    class_prior: Annotated[float, Field(gt=0, lt=1)] = 0.01
    drop_path: Annotated[float, Field(ge=0, lt=1)] = 0.1
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    ranges: tuple[Range, ...] = ((0, 4), (4, 8), (8, 16), (16, 32), (32, 64), (64, 10_000))

    @property
    def levels(self) -> int:
        """Levels of the pyramid."""
        return len(self.windows)

    @property
    def strides(self) -> tuple[int, ...]:
        """Steps of the first level between two points, by level."""
        return tuple(2**level for level in range(self.levels))

    def keep(self, window: int) -> int:
        """Return M, the keys that a query keeps in a window of so many."""
        return ceil(window * self.keep_ratio - _ROUNDING)

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        if self.width % self.heads:
            msg = f"width {self.width} is no multiple of heads {self.heads}"
            raise ValueError(msg)
        even = [window for window in self.windows if window > 1 and window % 2 == 0]
        if even:
            msg = f"windows {even} have no middle; make them odd, or 1 for the whole clip"
            raise ValueError(msg)
        if not self.windows or len(self.ranges) != self.levels:
            msg = (
                f"windows make {self.levels} levels and ranges {len(self.ranges)}; "
                "give one of each for every level"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _length_halves(self) -> Self:
        if self.max_length % self.strides[-1]:
            longer = -(-self.max_length // self.strides[-1]) * self.strides[-1]
            msg = (
                f"max_length {self.max_length} can't be halved {self.levels - 1} times; "
                f"take {longer}"
            )
            raise ValueError(msg)
        empty = [pair for pair in self.ranges if pair[0] >= pair[1]]
        if empty:
            msg = f"ranges {empty} are empty; give the lower bound first"
            raise ValueError(msg)
        return self


class LocalizeLossSettings(Settings):
    """How points learn from true segments.

    A point answers for a segment whose middle is nearer than ``center_radius`` times its stride.
    Losses are divided by a moving average of the number of such points, which starts at
    ``positives`` and keeps the share ``momentum`` of its last value.
    """

    center_radius: PositiveReal = 1.5
    focal_alpha: Share = 0.25
    focal_gamma: NonNegativeReal = 2.0
    boundary_weight: NonNegativeReal = 1.0
    positives: PositiveReal = 100.0
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9


class SegmentSettings(Settings):
    """How points become segments.

    Of the scores above ``score_min`` every level gives its best ``candidates``. Segments shorter
    than ``length_min`` steps fall away. Soft-NMS in each class lets a score fall by
    ``exp(-tIoU^2 / sigma)`` and stops below ``score_min``; boundaries are then the mean of all
    candidates whose tIoU with a segment is at least ``voting`` (null: no voting).
    """

    score_min: Share = 0.001
    candidates: Positive = 2000
    length_min: NonNegativeReal = 0.05
    sigma: PositiveReal = 0.5
    voting: Annotated[float, Field(gt=0, le=1)] | None = 0.7
    segments: Positive = 200
