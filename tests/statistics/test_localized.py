"""mAP over clips drawn again: against videos that are really copied, and plain bootstraps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from rodepil.errors import AnnotationError
from rodepil.io import tables
from rodepil.scoring import mean_average_precision, video_key
from rodepil.statistics.localized import Replicates, by_class, by_fold, weighted_ap
from rodepil.statistics.matched import Unit, match
from rodepil.statistics.resample import Chance, draw

Row = dict[str, Any]
CLASSES = ("rearing", "falling", "staring")
LIMITS = (0.3, 0.5, 0.7)
ALL = tuple(f"clip {number:02d}" for number in range(12))


def draw_events(seed: int, count: int, names: tuple[str, ...] = ALL) -> list[Row]:
    """Random segments, each with a score of its own."""
    generator = np.random.default_rng(seed)
    scores = generator.permutation(count) / count
    rows = []
    for score in scores.tolist():
        start = float(generator.uniform(0, 7))
        rows.append(
            {
                "recording_id": names[int(generator.integers(len(names)))],
                "position": 0,
                "subject_id": "rat",
                "start_s": start,
                "end_s": start + float(generator.uniform(1, 3)),
                "label": CLASSES[int(generator.integers(len(CLASSES)))],
                "score": score,
            }
        )
    return rows


TRUTHS = draw_events(1, 60)
FOUND = [
    row | {"start_s": row["start_s"] + 0.3, "score": 0.5 + 0.001 * at}
    for at, row in enumerate(TRUTHS[::2])
] + draw_events(2, 150)
FOLD_OF = {name: at % 2 for at, name in enumerate(ALL)}
VIDEOS = {video_key(name, 0): Unit(name, FOLD_OF[name]) for name in ALL}


def table(rows: list[Row]) -> pa.Table:
    return tables.from_rows("events", rows)


def copied(rows: list[Row], times: dict[str, int]) -> pa.Table:
    """The rows of every video as often as it was drawn, each copy under a name of its own."""
    return table(
        [
            row | {"recording_id": f"{row['recording_id']} copy {copy}"}
            for row in rows
            for copy in range(times[str(row["recording_id"])])
        ]
    )


def test_a_video_drawn_twice_counts_as_two_videos() -> None:
    matched = match(table(TRUTHS), table(FOUND), VIDEOS, LIMITS, CLASSES)
    generator = np.random.default_rng(3)
    weights = generator.multinomial(len(ALL), np.full(len(ALL), 1 / len(ALL)), size=40)
    drawn = weighted_ap(matched, np.arange(len(ALL)), weights.astype(np.float64))
    place = {name: at for at, name in enumerate(matched.subjects)}
    for row, counts in enumerate(weights.tolist()):
        times = {name: counts[place[name]] for name in ALL}
        wanted = mean_average_precision(
            copied(TRUTHS, times), copied(FOUND, times), LIMITS, CLASSES
        )
        np.testing.assert_allclose(drawn[row], wanted.ap, atol=1e-12)


def test_values_are_the_mean_over_folds_of_map() -> None:
    matched = match(table(TRUTHS), table(FOUND), VIDEOS, LIMITS, CLASSES)
    wanted = []
    for fold in (0, 1):
        one, other = (
            table([row for row in side if FOLD_OF[str(row["recording_id"])] == fold])
            for side in (TRUTHS, FOUND)
        )
        wanted.append(mean_average_precision(one, other, LIMITS, CLASSES))
        np.testing.assert_allclose(by_fold(matched)[fold], wanted[fold].by_threshold, atol=1e-12)
    found = Replicates.of(matched, Chance(resamples=20)).sure()
    means = np.mean([one.by_threshold for one in wanted], axis=0)
    assert [one.value for one in found.by_threshold] == pytest.approx(means.tolist())
    assert found.mean.value == pytest.approx(means.mean())
    np.testing.assert_allclose(by_class(matched), np.mean([one.ap for one in wanted], axis=0))


def test_the_interval_is_as_wide_as_a_plain_bootstrap_says() -> None:
    videos = {key: Unit(one.subject_id, 0) for key, one in VIDEOS.items()}
    matched = match(table(TRUTHS), table(FOUND), videos, LIMITS, CLASSES)
    chance = Chance(resamples=150, seed=4)
    means = []
    for counts in draw(matched.fold, chance).astype(int).tolist():
        times = dict(zip(matched.subjects, counts, strict=True))
        said = mean_average_precision(copied(TRUTHS, times), copied(FOUND, times), LIMITS)
        means.append(said.mean)
    found = Replicates.of(matched, chance).sure().mean
    assert found.value is not None
    assert found.interval is not None
    subjects = len(ALL)
    error = np.std(means, ddof=1) * np.sqrt(subjects / (subjects - 1))
    t_975_of_11 = 2.2009851600916384
    odds = np.log(found.value / (1 - found.value))
    half = t_975_of_11 * error / (found.value * (1 - found.value))
    wanted = [1 / (1 + np.exp(-(odds - half))), 1 / (1 + np.exp(-(odds + half)))]
    assert [found.interval.low, found.interval.high] == pytest.approx(wanted, rel=1e-6)


def test_a_model_is_no_different_from_itself_and_apart_from_noise() -> None:
    chance = Chance(resamples=100)
    good, noise = (
        Replicates.of(match(table(TRUTHS), table(found), VIDEOS, LIMITS, CLASSES), chance)
        for found in (TRUTHS, draw_events(9, 80))
    )
    assert good.less(good).value == 0
    lost = noise.less(good)
    assert lost.value is not None
    assert lost.interval is not None
    assert lost.interval.high < 0
    wanted = noise.sure().mean.value
    assert wanted is not None
    assert lost.value == pytest.approx(wanted - 1)


def test_truths_of_videos_that_were_not_tested_do_not_count() -> None:
    stray = {**TRUTHS[0], "recording_id": "clip in training"}
    one = match(table(TRUTHS), table(FOUND), VIDEOS, LIMITS, CLASSES)
    other = match(table([*TRUTHS, stray]), table(FOUND), VIDEOS, LIMITS, CLASSES)
    assert one.truths.tolist() == other.truths.tolist()


def test_segments_of_other_videos_and_other_labels_are_refused() -> None:
    stray = {**FOUND[0], "recording_id": "another clip"}
    with pytest.raises(AnnotationError, match="'another clip/0'"):
        match(table(TRUTHS), table([*FOUND, stray]), VIDEOS, LIMITS, CLASSES)
    strange = {**FOUND[0], "label": "yawning"}
    with pytest.raises(AnnotationError, match="yawning"):
        match(table(TRUTHS), table([*FOUND, strange]), VIDEOS, LIMITS, CLASSES)


def test_different_subjects_have_no_difference() -> None:
    videos = {key: Unit(unit.subject_id, 0) for key, unit in VIDEOS.items()}
    one, other = (
        Replicates.of(match(table(TRUTHS), table(FOUND), tested, LIMITS, CLASSES))
        for tested in (VIDEOS, videos)
    )
    with pytest.raises(ValueError, match="same subjects"):
        one.less(other)
