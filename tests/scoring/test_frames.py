"""Frame-wise accuracy and edit score, beside hand-counted videos and a plain recursion."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from rodepil.errors import AnnotationError
from rodepil.scoring import Segments, score_frames
from rodepil.scoring.frames import edit_score


def segments(*rows: tuple[str, str, float, float, float]) -> Segments:
    return Segments.of(*(list(zip(*rows, strict=True)) or [()] * 5))


NONE = segments()


def test_frames_are_counted_by_hand():
    truths = segments(("v", "x", 0, 4, 1), ("v", "y", 6, 10, 1))
    said = segments(("v", "x", 0, 5, 0.9), ("v", "x", 6, 8, 0.9))
    # x right for 4 s, then 1 s of x in background, 1 s of background right, 4 s of y wrong.
    found = score_frames(truths, said, {"v": 10.0}, fps=2)
    assert found.frames == 20
    assert found.accuracy == 0.5
    assert found.edit == 0.5  # x y against x x


def test_any_label_of_overlapping_truths_is_right():
    truths = segments(("v", "x", 0, 10, 1), ("v", "y", 2, 6, 1))
    for label in ("x", "y"):
        said = segments(("v", label, 2, 6, 0.5))
        assert score_frames(truths, said, {"v": 10.0}, fps=1).accuracy == 0.4


def test_what_happens_within_something_longer_is_seen_in_the_order():
    truths = segments(("v", "x", 0, 10, 1), ("v", "y", 2, 6, 1))
    said = segments(("v", "x", 0, 2, 1), ("v", "y", 2, 6, 1), ("v", "x", 6, 10, 1))
    assert score_frames(truths, said, {"v": 10.0}).edit == 1.0


def test_the_surer_prediction_is_on_top():
    truths = segments(("v", "x", 0, 10, 1))
    said = segments(("v", "x", 0, 10, 0.9), ("v", "y", 2, 6, 0.3))
    assert score_frames(truths, said, {"v": 10.0}).accuracy == 1.0


def test_a_video_without_segments_on_both_sides_is_wholly_right():
    assert score_frames(NONE, NONE, {"v": 1.0}).accuracy == 1.0
    assert score_frames(NONE, NONE, {"v": 1.0}).edit == 1.0
    assert score_frames(NONE, segments(("v", "x", 0, 1, 1)), {"v": 1.0}).accuracy == 0.0


def test_the_edit_score_is_the_mean_over_videos():
    truths = segments(("a", "x", 0, 1, 1), ("b", "x", 0, 1, 1))
    said = segments(("a", "x", 0, 1, 1))
    assert score_frames(truths, said, {"a": 1.0, "b": 9.0}).edit == 0.5


def test_the_edit_distance_equals_its_definition():
    def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
        @cache
        def away(left: int, right: int) -> int:
            if not left or not right:
                return left + right
            same = one[left - 1] == other[right - 1]
            return min(
                away(left - 1, right) + 1,
                away(left, right - 1) + 1,
                away(left - 1, right - 1) + (not same),
            )

        return away(len(one), len(other))

    rng = np.random.default_rng(0)
    for _ in range(100):
        one, other = (tuple(rng.integers(0, 3, rng.integers(0, 7)).tolist()) for _ in range(2))
        longer = max(len(one), len(other))
        wanted = 1 - distance(one, other) / longer if longer else 1.0
        assert edit_score(one, other) == pytest.approx(wanted)


def test_a_segment_of_a_video_without_a_duration_is_named():
    with pytest.raises(AnnotationError, match="'w' has no duration"):
        score_frames(segments(("w", "x", 0, 1, 1)), NONE, {"v": 1.0})
    with pytest.raises(AnnotationError, match="'v' lasts nan s"):
        score_frames(NONE, NONE, {"v": float("nan")})
    with pytest.raises(AnnotationError, match="no video has a frame"):
        score_frames(NONE, NONE, {})
    with pytest.raises(ValueError, match="rate above 0"):
        score_frames(NONE, NONE, {"v": 1.0}, fps=0)
