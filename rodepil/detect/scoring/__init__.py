"""How good found events are: mAP at tIoU, frame-wise accuracy and edit score."""

from rodepil.detect.scoring.average_precision import (
    THRESHOLDS,
    MeanAveragePrecision,
    mean_average_precision,
)
from rodepil.detect.scoring.frames import FrameScores, score_frames
from rodepil.detect.scoring.segments import Segments, video_key

__all__ = [
    "THRESHOLDS",
    "FrameScores",
    "MeanAveragePrecision",
    "Segments",
    "mean_average_precision",
    "score_frames",
    "video_key",
]
