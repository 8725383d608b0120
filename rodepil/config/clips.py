"""Settings of how recordings become clips that are checked and dealt to folds."""

from __future__ import annotations

from math import floor, isclose
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rodepil.config.base import (
    NonNegative,
    NonNegativeReal,
    Positive,
    PositiveReal,
    Settings,
    Share,
)

_ROUNDING = 1e-9


class CurateSettings(Settings):
    """How recordings become clips (FACTS: 10 s, 30 fps, 300 frames, still negatives dropped).

    An overlap of more than 0 s but under ``min_overlap_s`` is neither label: the window is
    dropped with that reason. With 0 every touch of a seizure makes a positive, as published. A
    window in which two source frames stand more than ``max_gap_s`` apart is dropped as well. The
    last window of a recording (or session) that lacks at most ``max_end_gap_s`` shows the last
    frame on; a shorter one is no window.
    ``qp`` is H.264's quantizer, constant so that how fine a clip is does not hang on its content.
    With ``allow_failures`` the pipeline goes on without recordings that could not be curated.
    """

    clip_duration_s: PositiveReal = 10.0
    fps: Positive = 30
    size_px: Annotated[int, Field(ge=16, multiple_of=2)] = 224
    fit: Literal["letterbox", "center_crop"] = "letterbox"
    min_overlap_s: NonNegativeReal = 3.0
    min_agreement: Share = 0.5
    max_gap_s: PositiveReal = 1.0
    max_end_gap_s: NonNegativeReal = 0.1
    motion_pixel_threshold: Annotated[int, Field(ge=1, le=255)] = 25
    motion_min_share: Share = 0.002
    codec: Literal["libx264", "mpeg4", "ffv1", "mjpeg"] = "libx264"
    qp: Annotated[int, Field(ge=0, le=51)] = 18
    allow_failures: bool = False

    @model_validator(mode="after")
    def _whole_frames(self) -> Self:
        frames = self.clip_duration_s * self.fps
        if not isclose(frames, round(frames), rel_tol=1e-9):
            msg = (
                f"clip_duration_s {self.clip_duration_s} at {self.fps} fps is {frames} frames; "
                "make it whole"
            )
            raise ValueError(msg)
        if self.min_overlap_s > self.clip_duration_s:
            msg = (
                f"min_overlap_s {self.min_overlap_s} is longer than a clip of "
                f"{self.clip_duration_s} s"
            )
            raise ValueError(msg)
        if self.max_gap_s >= self.clip_duration_s:
            msg = (
                f"max_gap_s {self.max_gap_s} bridges a whole clip of {self.clip_duration_s} s with "
                "one frame; make it shorter"
            )
            raise ValueError(msg)
        if self.max_end_gap_s >= self.clip_duration_s:
            msg = (
                f"max_end_gap_s {self.max_end_gap_s} is no end of a clip of "
                f"{self.clip_duration_s} s; make it shorter"
            )
            raise ValueError(msg)
        return self

    @property
    def frames_per_clip(self) -> int:
        """Frames in a curated clip."""
        return round(self.clip_duration_s * self.fps)

    @property
    def end_gap_frames(self) -> int:
        """Frames of a clip that its recording's last frame may stand for at the end."""
        return floor(self.max_end_gap_s * self.fps + _ROUNDING)


class AuditSettings(Settings):
    """When the audit stops the pipeline, and what it calls a near-duplicate.

    ``container_auroc_max`` is how well an attribute of the files may tell the label by itself
    (0.5 is chance). One that tells it better fails where that is no chance (p under 0.01), or
    where its values part the labels completely; else the verdict is left open. Two clips are
    near-duplicates when what changes in them, and where, correlates by at least
    ``duplicate_likeness_min``.
    """

    container_auroc_max: Annotated[float, Field(ge=0.5, le=1)] = 0.6
    duplicate_likeness_min: Annotated[float, Field(ge=0.75, le=1)] = 0.9


class FoldSettings(Settings):
    """How subjects are dealt to folds.

    ``table`` is the path of a CSV or Parquet file with subject_id and fold, read where the method
    is ``table``; a ``folds.parquet`` that the pipeline wrote does as well.
    """

    method: Literal["stratified", "leave_one_subject_out", "table"] = "stratified"
    k: Annotated[int, Field(ge=2)] = 5
    seed: NonNegative = 0
    table: str | None = None

    @model_validator(mode="after")
    def _table_for_table(self) -> Self:
        if self.method == "table" and not self.table:
            msg = "method 'table' wants the path of a CSV or Parquet table with subject_id and fold"
            raise ValueError(msg)
        return self
