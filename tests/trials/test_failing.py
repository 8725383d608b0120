"""Cross-validations of which a fold fails, or which ask for what is not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import FoldError, TrialError
from rodepil.trials.crossval import (
    CrossvalResult,
    Variation,
    cross_validate,
    cross_validate_all,
)
from rodepil.trials.plan import make_plan
from rodepil.trials.ray_session import Resources
from tests.trials.recorded import client, runs

Copy = Callable[[str], Workspace]


def test_fold_that_fails_is_said_and_the_others_are_kept(
    copy: Copy, settings: ProjectSettings, resources: Resources
) -> None:
    assert resources
    workspace = copy("failing")
    train = settings.train.model_copy(update={"epochs": 1, "decay_epochs": ()})
    short = settings.model_copy(update={"train": train})
    whole, broken = make_plan(short, workspace, folds=[0, 1]).trials
    broken.folder.checkpoints.folder.mkdir(parents=True)
    broken.folder.checkpoints.latest.write_bytes(b"torn")
    with pytest.raises(TrialError, match=r"fold 1 .*is torn[^$]*1 of 2 trials failed"):
        cross_validate(short, workspace, folds=[0, 1])
    assert whole.folder.finished() is not None
    (parent,), children = runs(workspace)
    statuses = {child.info.run_name: child.info.status for child in children}
    assert statuses == {"cross-validation/fold-0": "FINISHED", "cross-validation/fold-1": "FAILED"}
    assert parent.info.status == "FAILED"
    broken.folder.checkpoints.latest.unlink()
    result = cross_validate(short, workspace, folds=[0, 1])
    (parent,), children = runs(workspace)
    assert [run.info.status for run in (parent, *children)] == ["FINISHED"] * 3
    assert [fold.trial.id for fold in result.folds] == [whole.id, broken.id]


def test_of_several_cross_validations_the_failed_one_is_named_and_the_others_end_well(
    copy: Copy, settings: ProjectSettings, resources: Resources
) -> None:
    assert resources
    workspace = copy("one-failing")
    train = settings.train.model_copy(update={"epochs": 1, "decay_epochs": ()})
    short = settings.model_copy(update={"train": train})
    (broken,) = make_plan(short, workspace, control="static", folds=[0]).trials
    broken.folder.checkpoints.folder.mkdir(parents=True)
    broken.folder.checkpoints.latest.write_bytes(b"torn")
    moving = short.model_copy(update={"train": train.model_copy(update={"modality": "absdiff"})})
    both = [Variation(short, "static"), Variation(moving)]
    ended_well: list[CrossvalResult] = []
    with pytest.raises(TrialError, match=r"(?s)^static, fold 0 \(trial .*1 of 2 trials failed"):
        cross_validate_all(both, workspace, folds=[0], on_result=ended_well.append)
    assert [result.settings.train.modality for result in ended_well] == ["absdiff"]
    names = ("cross-validation, static", "cross-validation, absdiff")
    found = client(workspace).search_runs(
        [client(workspace).get_experiment_by_name("small").experiment_id]
    )
    statuses = {run.info.run_name: run.info.status for run in found}
    assert [statuses[name] for name in names] == ["FAILED", "FINISHED"]
    assert [statuses[f"{name}/fold-0"] for name in names] == ["FAILED", "FINISHED"]


def test_fold_that_does_not_exist_is_an_error_before_anything_starts(
    copy: Copy, settings: ProjectSettings
) -> None:
    workspace = copy("no-such-fold")
    with pytest.raises(FoldError, match="there is no fold 7"):
        cross_validate(settings, workspace, folds=[7])
    assert not workspace.mlflow_database.exists()
