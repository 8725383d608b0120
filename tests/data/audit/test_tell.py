"""AUROC is scikit-learn's; chance and few clips make no alarm; a leak does."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from rodepil.data.audit.classify import judge_together
from rodepil.data.audit.tell import SURE_P, Cohort, auroc, judge_name, judge_number


def cohort(clips: int = 240, subjects: int = 12, seed: int = 0, share: float = 0.3) -> Cohort:
    random = np.random.default_rng(seed)
    labels = (random.random(clips) < share).astype(np.int64)
    labels[:2] = 0, 1
    return Cohort(labels, np.array([f"rat-{place % subjects}" for place in range(clips)]))


def test_auroc_is_that_of_scikit_learn_with_ties_as_half() -> None:
    random = np.random.default_rng(3)
    for levels in (2, 5, 1000):
        values = random.integers(0, levels, 300).astype(float)
        labels = random.integers(0, 2, 300)
        assert auroc(values, labels) == pytest.approx(roc_auc_score(labels, values), abs=1e-12)


def test_an_attribute_tells_in_either_direction() -> None:
    clips = cohort()
    values = np.random.default_rng(1).normal(size=240) - 0.8 * clips.labels
    told = judge_number(values, clips)
    assert told.auroc == pytest.approx(1 - roc_auc_score(clips.labels, values), abs=1e-12)
    assert not told.rises


def test_within_strata_pairs_of_one_stratum_alone_are_compared() -> None:
    clips = cohort()
    values, strata = np.random.default_rng(2).normal(size=240), np.arange(240) % 3
    won = pairs = 0.0
    for stratum in range(3):
        labels = clips.labels[strata == stratum]
        count = labels.sum() * (1 - labels).sum()
        won += count * roc_auc_score(labels, values[strata == stratum])
        pairs += count
    assert auroc(values, clips.labels, strata) == pytest.approx(won / pairs, abs=1e-12)


def test_the_interval_weighs_clips_by_how_often_their_subject_is_drawn() -> None:
    clips = cohort()
    values = np.random.default_rng(4).normal(size=240) + clips.labels
    told = judge_number(values, clips)
    drawn = [roc_auc_score(clips.labels, values, sample_weight=row) for row in clips.weights]
    assert (told.low, told.high) == pytest.approx(tuple(np.percentile(drawn, (2.5, 97.5))))


def test_every_draw_gives_all_clips_of_a_subject_one_weight_and_one_giver() -> None:
    clips = cohort(60, 5)
    for weights, dealt in zip(clips.weights, clips.dealt, strict=True):
        for owner in range(5):
            own = clips.owner == owner
            assert len(set(weights[own])) == 1
            assert len(set(clips.owner[dealt[own]])) == 1


def test_a_name_tells_as_well_as_its_best_one_against_all_others() -> None:
    clips = cohort()
    random = np.random.default_rng(5)
    names = [
        "mjpeg" if label and random.random() < 0.6 else str(random.choice(["h264", "mpeg4"]))
        for label in clips.labels
    ]
    wanted = max(
        max(area, 1 - area)
        for area in (
            roc_auc_score(clips.labels, [name == one for name in names]) for one in set(names)
        )
    )
    told = judge_name(names, clips)
    assert told.auroc == pytest.approx(wanted, abs=1e-12)
    assert (told.value, told.rises) == ("mjpeg", True)
    assert told.p < SURE_P


def test_what_never_changes_tells_nothing() -> None:
    clips = cohort()
    for told in (judge_number(np.full(240, 30.0), clips), judge_name(["avi"] * 240, clips)):
        assert (told.auroc, told.low, told.high, told.p) == (0.5, 0.5, 0.5, 1.0)


def test_a_leak_in_every_subject_is_no_chance() -> None:
    clips = cohort(24, 6, share=0.4)
    told = judge_number(np.where(clips.labels == 1, 29.0, 30.0), clips)
    assert told.auroc == 1
    assert told.p < SURE_P


def test_a_handful_of_clips_proves_nothing() -> None:
    clips = Cohort(np.array([0, 0, 1, 1]), np.array(["a", "b", "a", "b"]))
    told = judge_number(np.array([30.0, 30, 29, 29]), clips)
    assert told.auroc == 1
    assert told.p > SURE_P
    assert told.low is None


def test_a_few_subjects_that_differ_raise_no_alarm() -> None:
    alarms = high = 0
    for seed in range(80):
        random = np.random.default_rng(seed)
        rates = random.random(6)
        owner = np.repeat(np.arange(6), 30)
        labels = (random.random(180) < rates[owner]).astype(np.int64)
        told = judge_number(random.normal(size=6)[owner], Cohort(labels, owner.astype(str)))
        high += told.auroc > 0.6
        alarms += told.auroc > 0.6 and told.p < SURE_P
    assert high > 20
    assert alarms <= 4


def test_a_forest_on_noise_stays_near_chance() -> None:
    clips = cohort(400, 10)
    found = [
        judge_together(np.random.default_rng(seed).normal(size=(400, 8)), clips)
        for seed in range(6)
    ]
    areas = np.array([told.auroc for told in found if told is not None])
    assert len(areas) == 6
    assert abs(areas.mean() - 0.5) < 0.08
    assert not any(told is not None and told.low is not None and told.low > 0.6 for told in found)


def test_a_forest_finds_what_attributes_tell_together_alone() -> None:
    clips = cohort(400, 10, share=0.5)
    random = np.random.default_rng(6)
    first = random.integers(0, 2, 400)
    features = np.stack([first, first ^ clips.labels], axis=1).astype(float)
    assert all(judge_number(column, clips).auroc < 0.6 for column in features.T)
    told = judge_together(features, clips)
    assert told is not None
    assert told.auroc > 0.99
    assert told.p < SURE_P


def test_a_forest_on_what_never_changes_is_at_chance_exactly() -> None:
    told = judge_together(np.ones((240, 3)), cohort())
    assert told is not None
    assert told.auroc == 0.5


def test_a_forest_wants_two_subjects_of_either_label() -> None:
    labels = np.array([0, 1, 0, 0])
    assert judge_together(np.ones((4, 1)), Cohort(labels, np.array(["a", "a", "b", "c"]))) is None
