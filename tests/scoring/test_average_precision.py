"""mAP at tIoU beside the evaluators' rules, written as plain loops."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from rodepil.errors import AnnotationError, TableError
from rodepil.io import tables
from rodepil.scoring import Segments, mean_average_precision, video_key
from rodepil.scoring import matching as matching_module

Row = tuple[str, str, float, float, float]
"""Video, label, start, end, score."""

CASES = 1000


def segments(rows: Sequence[Row]) -> Segments:
    columns = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    return Segments.of(*columns)


def loop_tiou(one: Row, other: Row) -> float:
    shared = min(one[3], other[3]) - max(one[2], other[2])
    if shared <= 0:
        return 0.0
    return shared / ((one[3] - one[2]) + (other[3] - other[2]) - shared)


def loop_ap(truths: list[Row], said: list[Row], threshold: float) -> float:
    """One class at one threshold, prediction by prediction, then the curve point by point."""
    if not truths:
        return math.nan
    taken = [False] * len(truths)
    hits: list[bool] = []
    for one in sorted(said, key=lambda row: -row[4]):  # sorted() keeps the order of equals
        best, best_tiou = None, -1.0
        for place, truth in enumerate(truths):
            overlap = loop_tiou(one, truth)
            if truth[0] == one[0] and not taken[place] and overlap > best_tiou:
                best, best_tiou = place, overlap
        hit = best is not None and best_tiou >= threshold
        if hit:
            taken[best] = True
        hits.append(hit)
    precision, recall = [0.0], [0.0]
    for number in range(1, len(hits) + 1):
        precision.append(sum(hits[:number]) / number)
        recall.append(sum(hits[:number]) / len(truths))
    precision.append(0.0)
    recall.append(1.0)
    for place in range(len(precision) - 2, -1, -1):
        precision[place] = max(precision[place], precision[place + 1])
    return sum(
        (recall[place] - recall[place - 1]) * precision[place] for place in range(1, len(recall))
    )


def random_case(rng: np.random.Generator) -> tuple[list[Row], list[Row], list[float]]:
    """A few videos and classes; whole seconds and coarse scores in every other case tie often."""
    coarse = bool(rng.integers(2))
    videos, classes = int(rng.integers(1, 4)), int(rng.integers(1, 5))

    def row(score: float) -> Row:
        start, length = rng.uniform(0, 8), rng.uniform(0.2, 6)
        if coarse:
            start, length, score = round(start), max(1, round(length)), round(score * 4) / 4
        names = f"v{rng.integers(videos)}", f"c{rng.integers(classes)}"
        return (*names, float(start), float(start + length), float(score))

    truths = [row(1.0) for _ in range(rng.integers(0, 14))]
    said = [row(rng.uniform()) for _ in range(rng.integers(0, 22))]
    for one in truths:  # near misses, exact hits and duplicates of what is there
        for _ in range(int(rng.integers(0, 3))):
            moved = 0 if coarse else rng.normal(0, 0.3)
            score = round(rng.uniform() * 4) / 4 if coarse else rng.uniform()
            said.append((one[0], one[1], one[2] + moved, one[3] + moved, score))
    said = [said[place] for place in rng.permutation(len(said))]
    thresholds = [0.3, 0.4, 0.5, 0.6, 0.7] if coarse else sorted(rng.uniform(0.05, 1, 2))
    return truths, said, thresholds


def test_equals_the_plain_loop_on_a_thousand_random_cases():
    rng = np.random.default_rng(8)
    ties = duplicates = empty = overlaps = 0
    for _ in range(CASES):
        truths, said, thresholds = random_case(rng)
        found = mean_average_precision(segments(truths), segments(said), thresholds)
        names = sorted({row[1] for row in truths + said})
        assert list(found.classes) == names
        wanted = [
            [
                loop_ap(
                    [row for row in truths if row[1] == name],
                    [row for row in said if row[1] == name],
                    threshold,
                )
                for threshold in thresholds
            ]
            for name in names
        ]
        np.testing.assert_allclose(
            found.ap, np.reshape(wanted, (len(names), len(thresholds))), rtol=0, atol=1e-9
        )
        scored = [row for row in wanted if not math.isnan(row[0])]
        if scored:
            mean = sum(sum(column) / len(scored) for column in zip(*scored, strict=True))
            assert found.mean == pytest.approx(mean / len(thresholds), abs=1e-9)
        else:
            assert math.isnan(found.mean)
        ties += len({row[4] for row in said}) < len(said)
        duplicates += len({row[:4] for row in said}) < len(said)
        empty += len(scored) < len(names)
        overlaps += any(
            one[0] == other[0] and loop_tiou(one, other) > 0
            for place, one in enumerate(truths) for other in truths[:place]
        )  # fmt: skip
    assert min(ties, duplicates, empty, overlaps) > CASES / 10


def test_a_case_computed_by_hand():
    truths = segments([("a", "x", 0, 4, 1), ("a", "x", 6, 10, 1), ("b", "x", 0, 2, 1)])
    said = segments(
        [
            ("a", "x", 0, 4, 0.9),  # hits the first
            ("a", "x", 1, 4, 0.8),  # of the same truth: false
            ("a", "x", 6, 9, 0.7),  # 3 of 4 s of the second
            ("b", "x", 4, 6, 0.6),  # false
        ]
    )
    found = mean_average_precision(truths, said, [0.75, 0.8])
    # Precision 1, 1/2, 2/3, 1/2 at recall 1/3, 1/3, 2/3, 2/3; made falling: 1, 2/3, 2/3, 1/2.
    assert found.ap[0].tolist() == pytest.approx([1 / 3 + 2 / 9, 1 / 3])
    assert found.by_threshold.tolist() == pytest.approx([5 / 9, 1 / 3])


def test_a_tiou_equal_to_the_threshold_is_a_hit():
    truths = segments([("a", "x", 0, 10, 1)])
    for seconds in range(3, 8):
        said = segments([("a", "x", 0, seconds, 1)])
        found = mean_average_precision(truths, said)
        assert found.ap[0].tolist() == [float(seconds >= ten) for ten in range(3, 8)]


def test_a_prediction_whose_best_truth_is_taken_takes_the_next_best():
    truths = segments([("a", "x", 0, 10, 1), ("a", "x", 1, 10, 1)])
    said = segments([("a", "x", 0, 10, 0.9), ("a", "x", 0, 10, 0.8)])
    assert mean_average_precision(truths, said, [0.5]).mean == 1.0


def test_of_equal_scores_the_first_given_comes_first():
    truths = segments([("a", "x", 0, 10, 1)])
    hit, miss = ("a", "x", 0.0, 10.0, 0.5), ("a", "x", 20.0, 30.0, 0.5)
    assert mean_average_precision(truths, segments([hit, miss]), [0.5]).mean == 1.0
    assert mean_average_precision(truths, segments([miss, hit]), [0.5]).mean == 0.5


def test_a_class_without_truths_is_no_part_of_the_mean_but_its_predictions_are_counted():
    truths = segments([("a", "x", 0, 10, 1), ("a", "y", 0, 10, 1)])
    said = segments([("a", "x", 0, 10, 0.9), ("a", "z", 0, 10, 0.9)])
    found = mean_average_precision(truths, said, [0.5], classes=["z", "y", "x", "w"])
    assert np.isnan(found.ap[[0, 3], 0]).all()
    assert found.ap[[1, 2], 0].tolist() == [0.0, 1.0]
    assert found.mean == 0.5
    assert found.predictions.tolist() == [1, 0, 1, 0]
    assert found.truths.tolist() == [0, 1, 1, 0]
    assert [row["label"] for row in found.rows()] == ["z", "y", "x", "w"]


def test_nothing_on_both_sides_has_no_mean():
    found = mean_average_precision(segments([]), segments([]))
    assert found.ap.shape == (0, 5)
    assert math.isnan(found.mean)


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_predictions_in_several_turns_match_the_same(turn: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(matching_module, "TURN", turn)
    rng = np.random.default_rng(turn)
    for _ in range(50):
        truths, said, thresholds = random_case(rng)
        found = mean_average_precision(segments(truths), segments(said), thresholds)
        for name, row in zip(found.classes, found.ap, strict=True):
            true, of = ([one for one in side if one[1] == name] for side in (truths, said))
            wanted = [loop_ap(true, of, threshold) for threshold in thresholds]
            np.testing.assert_allclose(row, wanted, rtol=0, atol=1e-9)


def event(position: int, label: str, start_s: float, end_s: float) -> dict[str, object]:
    return {
        "recording_id": "r", "position": position, "subject_id": "70-1", "start_s": start_s,
        "end_s": end_s, "label": label, "score": 1.0,
    }  # fmt: skip


def test_each_cage_of_a_table_of_events_is_a_video():
    truths = tables.from_rows("events", [event(1, "rearing", 0, 5), event(2, "rearing", 5, 9)])
    swapped = tables.from_rows("events", [event(2, "rearing", 0, 5), event(1, "rearing", 5, 9)])
    assert mean_average_precision(truths, truths).mean == 1.0
    assert mean_average_precision(truths, swapped).mean == 0.0
    assert Segments.of_events(truths).videos.tolist() == [video_key("r", 1), video_key("r", 2)]
    with pytest.raises(TableError, match="missing columns"):
        mean_average_precision(truths.drop_columns(["score"]), truths)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("v7", "x", 5.0, 2.0, 1.0), r"segment 1 \('x' 5-2 s of 'v7'"),
        (("v7", "x", math.nan, 2.0, 1.0), "finite"),
        (("v7", "x", 1.0, math.inf, 1.0), "finite"),
        (("v7", "x", 1.0, 2.0, math.nan), "score nan"),
    ],
)
def test_an_impossible_segment_is_named(row: Row, said: str):
    with pytest.raises(AnnotationError, match=said):
        segments([row])


def test_columns_of_two_lengths_are_refused():
    with pytest.raises(AnnotationError, match="one value a segment"):
        Segments.of(["a", "b"], ["x"], [0], [1])


def test_a_true_segment_of_zero_length_is_refused_and_a_predicted_one_is_false():
    point, real = segments([("a", "x", 3, 3, 1)]), segments([("a", "x", 0, 10, 1)])
    with pytest.raises(AnnotationError, match=r"1 true segments have zero length, first 'x' at 3"):
        mean_average_precision(point, real)
    assert mean_average_precision(real, point).mean == 0.0


def test_a_label_outside_the_classes_is_named():
    one = segments([("a", "x", 0, 1, 1)])
    with pytest.raises(AnnotationError, match=r"\['x'\] are none of the classes"):
        mean_average_precision(one, one, classes=["y"])
    with pytest.raises(ValueError, match="name one twice"):
        mean_average_precision(one, one, classes=["x", "x"])


@pytest.mark.parametrize("thresholds", [[], [0.0], [1.1], [math.nan]])
def test_impossible_thresholds_are_refused(thresholds: list[float]):
    one = segments([("a", "x", 0, 1, 1)])
    with pytest.raises(ValueError, match=r"\(0, 1\]"):
        mean_average_precision(one, one, thresholds)
