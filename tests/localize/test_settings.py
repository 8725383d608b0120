"""What a trial of localization is, and which sets of sequences can make one."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from rodepil.config.localize import LocalizeSettings, RatSeizureSettings, SequenceSettings
from rodepil.config.raseformer import RaseformerSettings
from rodepil.errors import SubjectLeak, TrainingError
from rodepil.io.labels import ACTION_UNITS
from rodepil.localize.sequences import Sequences
from rodepil.localize.settings import LocalizeTrialSettings, check_sides

Recipe = Callable[..., LocalizeTrialSettings]
Make = Callable[..., Sequences]


def test_the_epochs_of_a_trial_are_those_of_the_warm_up_and_those_after_it():
    official = LocalizeTrialSettings()
    assert (official.epochs, official.train.epochs) == (40, 40)
    assert (official.train.workers, official.train.device) == (1, "auto")


@pytest.mark.parametrize("variant", ["raseformer", "dense", "shuffled"])
def test_settings_survive_json_and_pickle(variant: str):
    made = LocalizeTrialSettings.of(
        LocalizeSettings(),
        ratseizure=RatSeizureSettings(split="subject"),
        sequence=SequenceSettings(fps=25.0),
        fold=3,
        variant=variant,
        data="a lab's",
    )
    assert LocalizeTrialSettings.model_validate_json(made.model_dump_json()) == made
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - what the line above wrote


def test_the_dense_variant_keeps_all_keys_and_changes_nothing_else():
    localize = LocalizeSettings(network=RaseformerSettings(full_keep=3))
    plain, dense = (
        LocalizeTrialSettings.of(
            localize, ratseizure=RatSeizureSettings(), sequence=SequenceSettings(), variant=variant
        )
        for variant in ("raseformer", "dense")
    )
    assert (plain.network.keep_ratio, plain.network.full_keep) == (0.5, 3)
    assert dense.network == plain.network.model_copy(update={"keep_ratio": 1.0, "full_keep": None})
    same = dense.model_copy(update={"network": plain.network, "variant": "raseformer"})
    assert same == plain


def test_what_is_called_dense_and_is_not_is_refused():
    with pytest.raises(ValidationError, match=r"keep_ratio 0.5 .* is not dense"):
        LocalizeTrialSettings(variant="dense")


def test_classes_without_a_name_are_refused():
    with pytest.raises(ValidationError, match=r"network.classes is 15, but there are 14"):
        LocalizeTrialSettings(network=RaseformerSettings(classes=15))


def test_classes_have_the_names_of_action_units():
    assert LocalizeTrialSettings().labels == ACTION_UNITS


def test_a_subject_on_both_sides_is_refused(recipe: Recipe, made: Make):
    training, testing = (made(4, seed=0, side=side) for side in ("one", "other"))
    leaky = replace(testing, subject_ids=(*testing.subject_ids[:3], "one-rat-2"))
    check_sides(recipe(), training, testing)
    with pytest.raises(SubjectLeak, match=r"subjects \['one-rat-2'\] are on both sides of fold 0"):
        check_sides(recipe(), training, leaky)


def test_sets_without_clips_or_segments_or_of_another_width_are_refused(recipe: Recipe, made: Make):
    training, testing = (made(4, seed=0, side=side) for side in ("one", "other"))
    empty = made(0, seed=0, side="none")
    bare = replace(testing, labels=(torch.zeros(0, dtype=torch.int64),) * 4)
    with pytest.raises(TrainingError, match="the training set of fold 0 is empty"):
        check_sides(recipe(), empty, testing)
    with pytest.raises(TrainingError, match="testing set of fold 0 has no segment in its 4 clips"):
        check_sides(recipe(), training, bare)
    wide = recipe(network={"feature_width": 8})
    with pytest.raises(TrainingError, match=r"features \[4\] wide, but .*feature_width is 8"):
        check_sides(wide, training, testing)


def test_a_trial_refuses_what_its_sides_may_not_be(
    recipe: Recipe, made: Make, run: Callable[..., object], tmp_path: Path
):
    clips = made(4, seed=0, side="one")
    with pytest.raises(SubjectLeak):
        run(recipe(), tmp_path, training=clips, testing=clips)


@pytest.mark.parametrize(
    ("tious", "said"),
    [((), "at least 1"), ((0.3, 0.5, 0.3), "0.3 more than once"), ((0.0,), "greater than 0"),
     ((0.5, 1.5), "less than or equal to 1"), ((0.5, 0.50000001), "0.5 more than once")],
)  # fmt: skip
def test_thresholds_are_one_or_more_each_by_a_name_of_its_own(tious: tuple[float, ...], said: str):
    """Numbers are recorded by names as map_0.5: of two alike, one would be lost."""
    for kind in (LocalizeSettings, LocalizeTrialSettings):
        with pytest.raises(ValidationError, match=said):
            kind(tious=tious)
