"""How good the segments are that a network finds in a test fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.localize.localizer import Finder
from rodepil.localize.sequences import Sequences
from rodepil.scoring import (
    FrameScores,
    MeanAveragePrecision,
    mean_average_precision,
    score_frames,
)

SURE = 0.3
"""The score from which a segment is shown, where frames and their order are compared. mAP takes
all of them."""


@dataclass(frozen=True)
class Scores:
    """What a network found, and how good it is.

    Attributes
    ----------
    detections
        Table ``events``.
    precision
        AP by class and threshold, and mAP.
    frames
        Frame-wise accuracy and edit score of the segments with a score of `SURE` or more.
    """

    detections: pa.Table
    precision: MeanAveragePrecision
    frames: FrameScores

    def metrics(self) -> dict[str, float]:
        """Return ``test_mean_map``, ``test_map_0.3`` and so on, and the two of frames."""
        by_threshold = zip(self.precision.thresholds, self.precision.by_threshold, strict=True)
        return {
            "test_mean_map": self.precision.mean,
            **{f"test_map_{tiou:g}": float(value) for tiou, value in by_threshold},
            "test_frame_accuracy": self.frames.accuracy,
            "test_edit_score": self.frames.edit,
        }


def score(finder: Finder, testing: Sequences, tious: Sequence[float]) -> Scores:
    """Find the segments of a test fold and compare them with the true ones.

    Parameters
    ----------
    finder
        The network at work.
    testing
        The test fold.
    tious
        Thresholds of tIoU in (0, 1].
    """
    found = finder.find(testing.features, testing.durations_s, testing.ids, testing.starts_s)
    truths = testing.events(finder.labels)
    sure = found.filter(pc.greater_equal(found.column("score"), SURE))
    return Scores(
        detections=found,
        precision=mean_average_precision(truths, found, tious, finder.labels),
        frames=score_frames(truths, sure, testing.ends_s(), finder.grid.fps),
    )
