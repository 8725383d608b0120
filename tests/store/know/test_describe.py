"""Statistics are NumPy's over the training clips, and of no test clip."""

from __future__ import annotations

import json

import numpy as np
import pytest

from rodepil.errors import FeatureError, FoldError, SubjectLeak
from rodepil.store.know.describe import describe
from rodepil.store.know.statistics import _gatherer, training_statistics
from rodepil.store.views.base import Column
from tests.store.know.conftest import Small


def training_arrays(project: Small, view: str, column: str, fold: int) -> list[np.ndarray]:
    """What the training clips hold, chosen by hand."""
    subjects = {"rat0", "rat2"} if fold == 1 else {"rat1", "rat3"}
    ids = [name for name, row in project.clips.rows.items() if row["subject_id"] in subjects]
    return [row[column] for row in project.asked.store.rows(view, ids)]


@pytest.mark.parametrize("fold", [0, 1])
@pytest.mark.parametrize(("view", "axes"), [("frames", (0, 1, 3, 4)), ("pairs", (0, 1, 2, 4, 5))])
def test_levels_have_the_moments_of_numpy_by_channel(
    project: Small, view: str, axes: tuple[int, ...], fold: int
) -> None:
    told = describe(project.asked, view, test_fold=fold).statistics
    assert told is not None
    arrays = np.stack(training_arrays(project, view, "frames", fold)).astype(np.float64)
    column = told.columns["frames"]
    assert column.mean == pytest.approx(arrays.mean(axis=axes), rel=1e-12)
    assert column.std == pytest.approx(arrays.std(axis=axes), rel=1e-12)
    assert len(column.mean) == 3
    assert (column.minimum, column.maximum) == (arrays.min(), arrays.max())
    assert column.counts == tuple(np.histogram(arrays, 16, (0, 256))[0])
    assert (told.clips, told.subjects, told.labels) == (8, 2, {0: 4, 1: 4})


def test_curves_of_any_length_and_numbers_have_the_moments_of_numpy(project: Small) -> None:
    told = describe(project.asked, "motion").statistics
    assert told is not None
    assert told.test_fold == 0
    for name in ("activity", "mean", "frequency_hz"):
        values = np.concatenate(
            [array.reshape(-1) for array in training_arrays(project, "motion", name, 0)]
        ).astype(np.float64)
        column = told.columns[name]
        assert column.mean == pytest.approx([values.mean()], rel=1e-12)
        assert column.std == pytest.approx([values.std()], rel=1e-9)
        counts, edges = np.histogram(values, 16)
        assert column.counts == tuple(counts)
        assert column.edges == pytest.approx(edges)


def test_small_deviations_from_a_large_mean_are_kept() -> None:
    rng = np.random.default_rng(0)
    clips = [1e6 + rng.normal(size=(5, 3)) for _ in range(20)]
    gatherer = _gatherer(Column("float64", (None, 3)))
    for number in range(gatherer.passes):
        for clip in clips:
            gatherer.add(clip, number)
    told, every = gatherer.finish(), np.concatenate(clips)
    assert told.mean == pytest.approx(every.mean(axis=0), rel=1e-15)
    assert told.std == pytest.approx((every - every.mean(axis=0)).std(axis=0), rel=1e-9)


def test_numbers_that_are_none_are_counted_apart() -> None:
    gatherer = _gatherer(Column("float32", (4,)))
    for number in range(gatherer.passes):
        gatherer.add(np.array([1, np.nan, 3, np.inf], dtype=np.float32), number)
        gatherer.add(np.array([3, 5, 3, 1], dtype=np.float32), number)
    told = gatherer.finish()
    assert (told.mean, told.std) == ((2, 5, 3, 1), (1, 0, 0, 0))
    assert (told.not_finite, told.numbers, sum(told.counts)) == (2, 8, 6)


def test_statistics_are_had_through_a_split_alone(project: Small) -> None:
    asked = project.asked
    with pytest.raises(SubjectLeak, match="take split_by_fold"):
        training_statistics(asked.store, asked.view("frames"), asked.manifest.clips)


def test_a_description_goes_from_the_recording_to_the_key(project: Small) -> None:
    told = describe(project.asked, "frames")
    clip, view = project.clips.rows["c000"], project.asked.view("frames")
    assert told.example["clip sha256"] == clip["sha256"]
    assert told.example["key"] == view.key(str(clip["sha256"]))
    assert told.example["recording sha256"] == project.asked.recordings["r0"]
    assert told.columns == {
        "frames": {"dtype": "uint8", "shape": [4, 3, 32, 32], "unit": "levels of 255"}
    }
    numbers = json.loads(json.dumps(told.as_dict()))
    assert numbers["view"]["identity"] == view.identity()
    text = "\n".join(told.lines())
    assert "seizure           4 clips, 50.00%" in text
    assert view.identity() in text


def test_without_folds_the_rest_is_told_unless_a_fold_is_asked_for(project: Small) -> None:
    project.workspace.folds.unlink()
    told = describe(project.asked, "frames")
    assert told.statistics is None
    assert "rodepil folds make" in told.without
    assert "rodepil folds make" in list(told.lines())[-1]
    with pytest.raises(FoldError, match="no folds yet"):
        describe(project.asked, "frames", test_fold=0)


def test_what_can_not_be_described_says_what_to_do(bare: Small) -> None:
    with pytest.raises(FeatureError, match=r"no snapshot of features yet.*materialize"):
        describe(bare.asked, "frames")
    bare.materialize()
    with pytest.raises(FoldError, match="there is no fold 7"):
        describe(bare.asked, "frames", test_fold=7)
    with pytest.raises(FeatureError, match="there are frames, motion, pairs"):
        describe(bare.asked, "flow")
    bare.clips.rows["c003"]["sha256"] = "0" * 64
    bare.write_clips()
    with pytest.raises(FeatureError, match=r"snapshot has 1 features of other.*materialize"):
        describe(bare.asked, "frames")
