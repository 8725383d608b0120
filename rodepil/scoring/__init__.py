"""How good found events are: mAP at tIoU, frame-wise accuracy and edit score."""

from rodepil.scoring.average_precision import (
    THRESHOLDS,
    MeanAveragePrecision,
    mean_average_precision,
)
from rodepil.scoring.frames import FrameScores, score_frames
from rodepil.scoring.segments import Segments, video_key

__all__ = [
    "THRESHOLDS",
    "FrameScores",
    "MeanAveragePrecision",
    "Segments",
    "mean_average_precision",
    "score_frames",
    "video_key",
]
