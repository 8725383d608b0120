"""An undisturbed cross-validation: what it leaves, what it records, and that it does it once."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pyarrow.parquet as pq
import pytest
from sklearn.metrics import f1_score

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.models.card import load_model
from rodepil.store import snapshot
from rodepil.track.journal import Journal, read_events
from rodepil.trials import tuning
from rodepil.trials.crossval import (
    cross_validate,
)
from rodepil.trials.plan import make_plan
from rodepil.trials.ray_session import Resources
from rodepil.trials.trace import trace_run
from tests.trials.recorded import client, runs

Copy = Callable[[str], Workspace]


def test_every_clip_is_tested_once_by_a_model_that_never_saw_its_subject(trained: Any) -> None:
    clips = tables.read("clips", trained.workspace.clips)
    subject_of = {row["clip_id"]: row["subject_id"] for row in clips.to_pylist()}
    rows = trained.result.predictions.to_pylist()
    assert sorted(row["clip_id"] for row in rows) == sorted(subject_of)
    for fold in trained.result.folds:
        tested = {row["subject_id"] for row in rows if row["run_id"] == fold.trial.id}
        assert tested == set(fold.trial.test_subjects)
        assert not tested & set(fold.trial.train_subjects)
        assert tested | set(fold.trial.train_subjects) == set(subject_of.values())


def test_rows_come_in_the_order_of_folds_and_clips(trained: Any) -> None:
    order = [(row["fold"], row["clip_id"]) for row in trained.result.predictions.to_pylist()]
    assert order == sorted(order)


def test_metrics_are_those_of_the_predictions_and_the_mean_is_theirs(trained: Any) -> None:
    measured = []
    for fold in trained.result.folds:
        rows = trained.workspace.trials / fold.trial.id / "predictions.parquet"
        predictions = pq.read_table(rows)
        found = [score >= 0.5 for score in predictions.column("score").to_pylist()]
        measured.append(f1_score(predictions.column("label").to_pylist(), found, zero_division=0))
        assert fold.metrics.f1 == pytest.approx(measured[-1], abs=1e-12)
    assert trained.result.mean.f1 == pytest.approx(fmean(measured), abs=1e-12)


def test_finished_trial_leaves_all_its_files_and_no_checkpoint(trained: Any) -> None:
    for fold in trained.result.folds:
        left = {path.name for path in (trained.workspace.trials / fold.trial.id).iterdir()}
        assert left - {".lock"} == {
            "finished.json", "history.json", "model.safetensors", "predictions.parquet",
            "runs.json", "system.jsonl",
        }  # fmt: skip
        _, card = load_model(trained.workspace.trials / fold.trial.id / "model.safetensors")
        assert (card.trial_id, card.data) == (fold.trial.id, "simulated recordings")


def test_a_model_names_the_subjects_that_it_learned_from(trained: Any) -> None:
    folds = pq.read_table(trained.workspace.folds).to_pylist()
    for fold in trained.result.folds:
        _, card = load_model(trained.workspace.trials / fold.trial.id / "model.safetensors")
        tested = {row["subject_id"] for row in folds if row["fold"] == fold.trial.settings.fold}
        assert set(card.learned_from or ()) == {row["subject_id"] for row in folds} - tested


def test_progress_is_told_of_every_epoch_once(trained: Any, settings: ProjectSettings) -> None:
    epochs = len(trained.result.folds) * settings.train.epochs
    assert (trained.steps.total, trained.steps.done) == (epochs, epochs)
    assert trained.steps.names == ["cross-validation epochs"]


def test_mlflow_holds_one_parent_with_a_child_for_each_fold(
    trained: Any, settings: ProjectSettings
) -> None:
    (parent,), children = runs(trained.workspace)
    assert parent.info.run_id == trained.result.run_id
    names = sorted(child.info.run_name for child in children)
    assert names == [f"cross-validation/fold-{fold}" for fold in range(3)]
    for fold in trained.result.folds:
        (child,) = (run for run in children if run.info.run_id == fold.run_id)
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert child.info.status == "FINISHED"
        assert child.data.params["fold"] == str(fold.trial.settings.fold)
        assert child.data.params["train.learning_rate"] == str(settings.train.learning_rate)
        assert child.data.tags["trial_id"] == fold.trial.id
        assert child.data.tags["subjects.test"] == ", ".join(fold.trial.test_subjects)
        assert {"digest.clips", "digest.folds", "digest.view", "data"} <= set(child.data.tags)
    assert parent.info.status == "FINISHED"
    assert parent.data.metrics["test_f1"] == pytest.approx(trained.result.mean.f1)


def test_a_run_records_what_it_learned_from(trained: Any) -> None:
    (parent,), children = runs(trained.workspace)
    traced = trace_run(parent.info.run_id, trained.workspace)
    features = tables.read("features", trained.workspace.features)
    assert traced.origin.snapshot == snapshot.digest("frames", features)
    assert {row["key"] for row in traced.rows.to_pylist()} == set(
        features.column("key").to_pylist()
    )
    for run in (parent, *children):
        assert run.data.tags["digest.snapshot"] == traced.origin.snapshot
        assert run.data.tags["digest.view"] == traced.origin.view.identity
        assert run.data.tags["view"] == "frames"
        assert trace_run(run.info.run_id[:12], trained.workspace).origin == traced.origin
    kept = trained.workspace.results / "journal" / parent.info.run_id / "tables"
    assert pq.read_table(kept / "lineage.parquet").equals(traced.rows.replace_schema_metadata(None))


def test_runs_name_the_clips_that_they_learned_from_and_were_tested_on(trained: Any) -> None:
    (parent,), children = runs(trained.workspace)
    clips = tables.read("clips", trained.workspace.clips).to_pylist()
    fold_of = {
        row["clip_id"]: row["fold"]
        for row in tables.read("folds", trained.workspace.folds).to_pylist()
    }

    def counts(rows: list[dict[str, Any]]) -> dict[str, int]:
        subjects = len({row["subject_id"] for row in rows})
        seizures = sum(row["label"] for row in rows)
        return {"clips": len(rows), "subjects": subjects, "seizure_clips": seizures}

    kept = [row for row in clips if row["kept"]]
    digests = []
    for run in children:
        fold = int(run.data.params["fold"])
        tested = [row for row in kept if fold_of[row["clip_id"]] == fold]
        others = [row for row in kept if fold_of[row["clip_id"]] != fold]
        told = {
            tag.value: (one.dataset.name, json.loads(one.dataset.profile))
            for one in run.inputs.dataset_inputs
            for tag in one.tags
            if tag.key == "mlflow.data.context"
        }
        assert told == {
            "training": (f"fold {fold} (train)", counts(others)),
            "testing": (f"fold {fold} (test)", counts(tested)),
        }
        said = run.data.tags["mlflow.note.content"]
        assert f"trained on {len(others)} clips of" in said
        assert f"tested on {len(tested)} clips of" in said
        digests += [one.dataset.digest for one in run.inputs.dataset_inputs]
    (whole,) = parent.inputs.dataset_inputs
    assert json.loads(whole.dataset.profile) == counts(kept)
    assert {tag.value for tag in whole.tags} >= {parent.data.tags["digest.snapshot"]}
    assert len({*digests, whole.dataset.digest}) == 7


def test_mlflow_holds_every_epoch_of_every_fold_once(
    trained: Any, settings: ProjectSettings
) -> None:
    mlflow = client(trained.workspace)
    for fold in trained.result.folds:
        assert len(fold.history) == settings.train.epochs
        for key in ("train_loss", "test_loss", "test_f1", "learning_rate"):
            history = mlflow.get_metric_history(fold.run_id, key)
            held = sorted((metric.step, metric.value) for metric in history)
            assert held == [(report.epoch, report.metrics[key]) for report in fold.history]


def test_mlflow_holds_predictions_figures_and_model(trained: Any) -> None:
    mlflow = client(trained.workspace)
    for fold in trained.result.folds:
        folder = Path(mlflow.download_artifacts(fold.run_id, ""))
        held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert held == {
            "figures/scores.png", "model/model.safetensors",
            "tables/predictions.csv", "tables/predictions.parquet",
        }  # fmt: skip
        own = trained.workspace.trials / fold.trial.id
        assert pq.read_table(folder / "tables" / "predictions.parquet").equals(
            pq.read_table(own / "predictions.parquet")
        )
        kept = (own / "model.safetensors").read_bytes()
        assert (folder / "model" / "model.safetensors").read_bytes() == kept


def test_journal_holds_the_same_facts(trained: Any) -> None:
    journal = Journal(trained.workspace.results / "journal")
    parents, children = runs(trained.workspace)
    kept = {path.name for path in journal.folder.iterdir()}
    assert kept == {run.info.run_id for run in (*parents, *children)}
    for fold in trained.result.folds:
        events = read_events(journal.folder / fold.run_id / "events.jsonl")
        metrics = [event for event in events if event["kind"] == "metrics"]
        told = {
            event["step"]: event["values"]
            for event in metrics
            if not any(name.startswith("system/") for name in event["values"])
        }
        assert told == {report.epoch: report.metrics for report in fold.history}
        assert events[0]["parent"] == trained.result.run_id
        assert (events[-1]["kind"], events[-1]["status"]) == ("end", "finished")
        assert [event["seq"] for event in events] == list(range(len(events)))


def test_second_call_trains_nothing_and_adds_no_run(
    trained: Any, settings: ProjectSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {
        run.info.run_id: run.info.end_time for some in runs(trained.workspace) for run in some
    }

    def touched(*_: object, **__: object) -> None:
        pytest.fail("a finished trial was started again")

    monkeypatch.setattr(tuning, "run_side_by_side", touched)
    again = cross_validate(settings, trained.workspace)
    after = {run.info.run_id: run.info.end_time for some in runs(trained.workspace) for run in some}
    assert again.predictions.equals(trained.result.predictions)
    assert again == trained.result
    assert after == before


def test_runs_that_a_new_tracker_lacks_are_recorded_from_the_finished_trials(
    trained: Any, settings: ProjectSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tuning, "run_side_by_side", lambda *_, **__: pytest.fail("trained again"))
    track = settings.track.model_copy(update={"experiment": "another"})
    other = settings.model_copy(update={"track": track})
    again = cross_validate(other, trained.workspace)
    assert again.run_id != trained.result.run_id
    mlflow = client(trained.workspace)
    for fold in again.folds:
        held = mlflow.get_metric_history(fold.run_id, "train_loss")
        assert len(held) == settings.train.epochs
    assert cross_validate(settings, trained.workspace) == trained.result
    assert cross_validate(other, trained.workspace) == again


def test_fresh_cross_validation_gives_the_same_bits_also_when_the_store_is_gone(
    trained: Any, copy: Copy, settings: ProjectSettings, resources: Resources
) -> None:
    assert resources
    workspace = copy("again")
    shutil.rmtree(workspace.store)
    again = cross_validate(settings, workspace, folds=[1, 0])
    assert [fold.trial.settings.fold for fold in again.folds] == [0, 1]
    first = trained.result.predictions
    wanted = first.filter([fold < 2 for fold in first.column("fold").to_pylist()])
    assert again.predictions.equals(wanted)


def test_two_workers_train_one_trial_together(
    copy: Copy, settings: ProjectSettings, resources: Resources
) -> None:
    assert resources
    train = settings.train.model_copy(
        update={"workers": 2, "epochs": 2, "batch_size": 2, "decay_epochs": ()}
    )
    both = settings.model_copy(update={"train": train})
    workspace = copy("two-workers")
    result = cross_validate(both, workspace, folds=[0])
    (trial,) = make_plan(both, workspace, folds=[0]).trials
    tested = tables.read("folds", workspace.folds).filter(
        [fold == 0 for fold in tables.read("folds", workspace.folds).column("fold").to_pylist()]
    )
    assert result.folds[0].trial.id == trial.id
    assert sorted(result.predictions.column("clip_id").to_pylist()) == sorted(
        tested.column("clip_id").to_pylist()
    )
    assert all(math.isfinite(score) for score in result.predictions.column("score").to_pylist())


def test_trials_that_end_early_are_told_to_the_end_and_not_run_again(
    copy: Copy,
    settings: ProjectSettings,
    resources: Resources,
    steps: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert resources
    wild = {"optimizer": "sgd", "learning_rate": 0.5, "early_stop_epochs": 2}
    short = settings.model_copy(update={"train": settings.train.model_copy(update=wild)})
    workspace = copy("early")
    result = cross_validate(short, workspace, folds=[0, 1], progress=steps)
    planned = settings.train.epochs
    assert (steps.total, steps.done) == (2 * planned, 2 * planned)
    for fold in result.folds:
        losses = [report.metrics["train_loss"] for report in fold.history]
        assert len(losses) < planned
        assert losses.index(min(losses)) == len(losses) - 3
        tags = client(workspace).get_run(fold.run_id).data.tags
        assert tags["early_stop"] == f"after {len(losses)} of {planned} epochs"
    monkeypatch.setattr(tuning, "run_side_by_side", lambda *_, **__: pytest.fail("trained again"))
    assert cross_validate(short, workspace, folds=[0, 1], progress=steps) == result
    assert steps.done == 4 * planned
