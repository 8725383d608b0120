"""A finished trial of which only the tracker still holds the run."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pytest
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

from rodepil.config.record import TrackSettings
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.models.card import ModelCard, save_model
from rodepil.models.registry import build
from rodepil.track import RunStatus, Tracker, open_tracker
from rodepil.train.result import EpochReport
from rodepil.trials.folder import Finished, RunRecord
from rodepil.trials.plan import Plan, make_plan
from rodepil.trials.recording import Recorder
from rodepil.trials.restore import restore
from rodepil.trials.trial import Trial

EPOCHS = 3
SCORES = (0.1 + 0.2, 1 / 3, 0.7, 2 / 3, 0.1, 0.9, 0.6, 0.2)

NUMBERS = iter(range(1000))


@dataclass(frozen=True)
class Lab:
    """A project, and what its trials leave."""

    workspace: Workspace
    plan: Plan

    def open(self, experiment: str) -> Tracker:
        return open_tracker(TrackSettings(experiment=experiment), self.workspace, environ={})

    def finish(self, trial: Trial) -> None:
        """Leave in the trial's folder what a worker leaves there."""
        history = [
            EpochReport(epoch, {"train_loss": 1 / (epoch + 3), "seconds": 0.1 * (epoch + 1)})
            for epoch in range(EPOCHS)
        ]
        trial.folder.write_history(history)
        trial.folder.write_predictions(self.predictions(trial))
        self.write_model(trial.folder.model, trial.id)
        truth = trial.folder.predictions().column("label").to_pylist()
        said = [score >= 0.5 for score in SCORES]
        metrics = {
            "accuracy": accuracy_score(truth, said),
            "sensitivity": recall_score(truth, said),
            "specificity": recall_score(truth, said, pos_label=0),
            "precision": precision_score(truth, said),
            "f1": f1_score(truth, said),
        }
        seconds = 0.1 + 0.2 + 0.1 * 3
        finished = Finished(trial_id=trial.id, fold=0, metrics=metrics, seconds=seconds)
        trial.folder.finish(finished)

    def predictions(self, trial: Trial, run_id: str = "") -> pa.Table:
        folds = tables.read("folds", self.workspace.folds).to_pylist()
        rows = [
            {
                "run_id": run_id or trial.id, "fold": 0, "clip_id": row["clip_id"],
                "subject_id": row["subject_id"], "label": number % 2, "score": SCORES[number],
            }
            for number, row in enumerate(row for row in folds if row["fold"] == 0)
        ]  # fmt: skip
        return tables.from_rows("predictions", rows)

    def write_model(self, path: Path, trial_id: str) -> None:
        of = self.plan.settings
        card = ModelCard(model=of.model, features=of.features, data=of.data, trial_id=trial_id)
        save_model(path, build(of.model, of.features), card)


@pytest.fixture(scope="module")
def lab(copy: Callable[[str], Workspace], settings: ProjectSettings) -> Lab:
    workspace = copy("restore")
    train = settings.train.model_copy(update={"epochs": EPOCHS, "decay_epochs": ()})
    plan = make_plan(settings.model_copy(update={"train": train}), workspace, folds=[0])
    return Lab(workspace, plan)


@pytest.fixture
def trial(lab: Lab) -> Iterator[Trial]:
    """Return a trial without a folder, under an id that no other test has."""
    fresh = replace(lab.plan.trials[0], id=f"trial{next(NUMBERS)}")
    yield fresh
    shutil.rmtree(fresh.folder.path, ignore_errors=True)


def recorder(lab: Lab, trial: Trial, tracker: Tracker) -> Recorder:
    return Recorder(tracker, replace(lab.plan, trials=(trial,)))


def left(trial: Trial) -> dict[str, object]:
    """Return what a folder holds, to the last bit, but the runs."""
    names = ("history.json", "finished.json", "model.safetensors")
    files = {name: (trial.folder.path / name).read_bytes() for name in names}
    return {**files, "predictions": trial.folder.predictions()}


@pytest.mark.parametrize("is_journal_kept", [True, False])
def test_trial_whose_folder_is_gone_comes_back_from_its_run_to_the_last_bit(
    lab: Lab, trial: Trial, *, is_journal_kept: bool
) -> None:
    tracker = lab.open("kept")
    lab.finish(trial)
    recorder(lab, trial, tracker).finish(trial)
    before, runs = left(trial), trial.folder.runs()
    shutil.rmtree(trial.folder.path)
    if not is_journal_kept:
        shutil.rmtree(lab.workspace.results / "journal")
        tracker = lab.open("kept")
    assert restore(trial, tracker)
    assert left(trial) == before
    assert trial.folder.runs() == runs
    assert recorder(lab, trial, tracker).is_recorded(trial)
    assert not restore(trial, tracker)
    assert not (trial.folder.path / ".restoring").exists()


def test_trial_that_was_stopped_early_comes_back_with_the_epochs_that_it_had(
    lab: Lab, trial: Trial
) -> None:
    longer = trial.settings.train.model_copy(update={"epochs": EPOCHS + 2})
    trial = replace(trial, settings=trial.settings.model_copy(update={"train": longer}))
    tracker = lab.open("early")
    lab.finish(trial)
    recorder(lab, trial, tracker).finish(trial)
    before = left(trial)
    shutil.rmtree(trial.folder.path)
    assert restore(trial, tracker)
    assert left(trial) == before


def record(
    lab: Lab,
    trial: Trial,
    tracker: Tracker,
    *,
    epochs: tuple[int, ...] = (0, 1, 2),
    of: str = "",
    model: str | None = "",
    status: RunStatus = "finished",
    column: str = "",
) -> None:
    """Record a run of the trial, with something wrong about it."""
    run = tracker.start("fold-0", tags={"trial_id": trial.id})
    for epoch in epochs:
        run.metrics({"train_loss": 0.5, "seconds": 0.25}, epoch)
    table = lab.predictions(trial, of)
    run.table("predictions", table.drop_columns([column]) if column else table)
    if model is not None:
        path = lab.workspace.root / "elsewhere" / "model.safetensors"
        lab.write_model(path, model or trial.id)
        run.file(path, "model")
    run.end(status)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"epochs": (0, 1)}, "2 epochs, and 3 were wanted"),
        ({"epochs": (0, 2, 3)}, "gaps"),
        ({"epochs": ()}, "gaps"),
        ({"of": "another"}, "predictions are of run_id another"),
        ({"model": "another"}, "its model is of trial another"),
        ({"model": None}, "no file 'model/model.safetensors'"),
        ({"column": "score"}, "score"),
        ({"status": "killed"}, None),
    ],
    ids=str,
)
def test_what_does_not_fit_is_not_taken_and_the_log_says_why(
    lab: Lab,
    trial: Trial,
    caplog: pytest.LogCaptureFixture,
    wrong: dict[str, object],
    why: str | None,
) -> None:
    tracker = lab.open("wrong")
    record(lab, trial, tracker, **wrong)  # type: ignore[arg-type]
    assert not restore(trial, tracker)
    assert trial.folder.finished() is None
    assert not trial.folder.model.exists()
    assert trial.folder.runs() == []
    # Under the root logger MLflow tells of a new database as well, where another test let it.
    said = [one.getMessage() for one in caplog.records if one.name.startswith("rodepil")]
    assert [why in one for one in said if why] == ([True] if why else [])
    caplog.clear()
    record(lab, trial, tracker)
    assert restore(trial, tracker)  # an older run that does not fit is in nobody's way


def test_trial_that_another_process_holds_is_left_to_it(
    lab: Lab, trial: Trial, caplog: pytest.LogCaptureFixture
) -> None:
    tracker = lab.open("held")
    record(lab, trial, tracker)
    with trial.folder.claimed():
        assert not restore(trial, tracker)
    assert "another process" in caplog.text
    assert restore(trial, tracker)


def test_trial_of_another_experiment_comes_back_and_gets_a_run_of_its_own_in_this_one(
    lab: Lab, trial: Trial
) -> None:
    first, second = lab.open("first"), lab.open("first/second")
    lab.finish(trial)
    recorder(lab, trial, first).finish(trial)
    (of_first,) = trial.folder.runs()
    shutil.rmtree(trial.folder.path)
    assert restore(trial, second)
    there = recorder(lab, trial, second)
    assert not there.is_recorded(trial)
    there.finish(trial)
    both = {record.run_id: record.complete for record in trial.folder.runs()}
    assert len(both) == 2
    assert set(both.values()) == {"complete"}
    assert recorder(lab, trial, first).run_id(trial) == of_first.run_id
    assert recorder(lab, trial, second).run_id(trial) == (set(both) - {of_first.run_id}).pop()
    held = {"trial_id": trial.id}
    assert [run.experiment for run in first.find(held)] == ["first"]
    assert [run.experiment for run in second.find(held)] == ["first/second"]
    assert {run.id for run in second.find(held, everywhere=True)} == set(both)
    assert RunRecord(run_id=of_first.run_id, complete="complete") in trial.folder.runs()
