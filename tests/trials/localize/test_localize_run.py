"""What localization leaves: results as the report reads them, and runs as people read them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from mlflow import MlflowClient

from rodepil.config.settings import ProjectSettings
from rodepil.io import tables
from rodepil.localize.card import load_localizer, read_localizer_card
from rodepil.scoring import mean_average_precision
from rodepil.track import open_tracker
from rodepil.trials.localize.plan import plan_localization
from rodepil.trials.localize.run import localize_trials, write_localization
from rodepil.trials.restore import restore

EPOCHS = 35
"""Those of the warm-up and those after it."""


def client_of(workspace: Any) -> MlflowClient:
    return MlflowClient(f"sqlite:///{workspace.mlflow_database}")


def runs_of(workspace: Any) -> dict[str, Any]:
    client = client_of(workspace)
    found = client.search_runs([client.get_experiment_by_name("small").experiment_id])
    assert len({run.info.run_name for run in found}) == len(found)
    return {run.info.run_name: run for run in found}


def written(localized: Any, name: str) -> dict[str, Any]:
    write_localization(localized.result, localized.workspace)
    path = localized.workspace.localize_results / f"{name}.json"
    return dict(json.loads(path.read_bytes()))


@pytest.mark.parametrize("variant", ["raseformer", "shuffled"])
def test_written_map_is_that_of_the_written_segments(localized: Any, variant: str) -> None:
    record = written(localized, variant)
    (trial,) = record["trials"]
    folder = localized.workspace.localize_results
    found = tables.read("events", folder / f"{variant}_detections.parquet")
    truths = tables.read("events", localized.workspace.units_events)
    tested = {f"film-u{number:02}" for number in range(16, 24)}
    true = truths.filter([one in tested for one in truths.column("recording_id").to_pylist()])
    scores = mean_average_precision(true, found, (0.3, 0.4, 0.5, 0.6, 0.7))
    assert list(trial["map"].values()) == pytest.approx(scores.by_threshold.tolist(), abs=1e-12)
    assert trial["mean_map"] == pytest.approx(scores.mean, abs=1e-12)
    for row, label in enumerate(scores.classes):
        assert list(trial["ap"][label].values()) == pytest.approx(scores.ap[row].tolist())
    assert (trial["train_clips"], trial["test_clips"]) == (16, 8)
    assert [one["epoch"] for one in trial["history"]] == list(range(EPOCHS))
    assert record["tious"] == [0.3, 0.4, 0.5, 0.6, 0.7]


def test_the_model_finds_segments_and_one_of_shuffled_segments_does_not(localized: Any) -> None:
    maps = {name: one.mean["mean_map"] for name, one in localized.result.variants.items()}
    assert maps["raseformer"] > 0.8
    assert maps["raseformer"] > maps["shuffled"] + 0.3


def test_written_parameters_are_those_of_the_trained_network(localized: Any) -> None:
    record = written(localized, "raseformer")
    model = localized.workspace.trials / record["trials"][0]["trial_id"] / "model.safetensors"
    network = load_localizer(model).network
    assert record["parameters"] == sum(one.numel() for one in network.parameters())


def test_a_model_says_whom_it_learned_from_and_what_it_is(localized: Any) -> None:
    for name, result in localized.result.variants.items():
        trial = result.folds[0].trial
        card = read_localizer_card(trial.folder.model)
        assert card.learned_from == tuple(f"rat-u{number:02}" for number in range(16))
        assert (card.variant, card.trial_id, card.data) == (name, trial.id, "RatSeizure")
        assert card.extractor_sha256 is None


def test_runs_hold_every_epoch_and_the_end(localized: Any) -> None:
    client, runs = client_of(localized.workspace), runs_of(localized.workspace)
    assert set(runs) == {
        "localization", "localization/fold-0", "localization, shuffled",
        "localization, shuffled/fold-0",
    }  # fmt: skip
    for variant, name in (("raseformer", "localization"), ("shuffled", "localization, shuffled")):
        (trial,) = written(localized, variant)["trials"]
        child, parent = runs[f"{name}/fold-0"], runs[name]
        assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert (child.info.status, parent.info.status) == ("FINISHED", "FINISHED")
        assert child.data.tags["variant"] == variant
        for run in (child, parent):
            held = run.data.metrics
            assert held["test_mean_map"] == trial["mean_map"]
            assert held["test_map_0.5"] == trial["map"]["0.5"]
            assert held["ap_0.5_staring"] == trial["ap"]["staring"]["0.5"]
            assert held["ap_0.7_others"] == trial["ap"]["others"]["0.7"]
        every, scored = list(range(EPOCHS)), [*range(3, EPOCHS, 4), EPOCHS - 1]
        for key, told in (
            ("train_loss", every), ("test_mean_map", scored), ("learning_rate", every)
        ):  # fmt: skip
            steps = [one.step for one in client.get_metric_history(child.info.run_id, key)]
            assert sorted(steps) == told
        inputs = [one.dataset.name for one in child.inputs.dataset_inputs]
        assert sorted(inputs) == ["action units, fold 0 (test)", "action units, fold 0 (train)"]
        held_files = {one.path for one in client.list_artifacts(child.info.run_id, "tables")}
        assert "tables/detections.parquet" in held_files


def test_what_is_finished_is_neither_trained_nor_recorded_again(
    localized: Any, unit_settings: ProjectSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rodepil.trials.tuning.run_side_by_side", lambda *_, **__: pytest.fail("trained")
    )
    before = runs_of(localized.workspace)
    again = localize_trials(unit_settings, localized.workspace)
    assert again == localized.result
    assert all(one.as_before for one in again.variants.values())
    after = runs_of(localized.workspace)
    assert {name: run.info.end_time for name, run in after.items()} == {
        name: run.info.end_time for name, run in before.items()
    }


def test_a_project_without_its_results_takes_them_from_the_tracker(
    localized: Any, unit_settings: ProjectSettings, copy_units: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rodepil.trials.tuning.run_side_by_side", lambda *_, **__: pytest.fail("trained")
    )
    workspace = copy_units("restored")
    tracker = open_tracker(unit_settings.track, localized.workspace)
    taken = localize_trials(unit_settings, workspace, tracker=tracker)
    for name, one in localized.result.variants.items():
        other = taken.variants[name]
        assert other.detections.equals(one.detections)
        assert other.folds[0].measures == one.folds[0].measures
        assert other.folds[0].history == one.folds[0].history
        mine, theirs = (result.folds[0].trial.folder.model for result in (other, one))
        assert mine.read_bytes() == theirs.read_bytes()


def test_what_is_compared_no_more_leaves_no_numbers(localized: Any) -> None:
    folder = localized.workspace.localize_results
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dense.json").write_text('{"trials": [{"mean_map": 0.9}]}')
    assert written(localized, "dense")["trials"] == []
    assert tables.read("events", folder / "dense_detections.parquet").num_rows == 0


def test_an_epoch_that_lacks_what_it_was_tested_for_is_a_gap(
    unit_settings: ProjectSettings, copy_units: Any, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = copy_units("gaps")
    (trial,) = plan_localization(unit_settings, workspace).trials
    tracker = open_tracker(unit_settings.track, workspace, environ={})
    for lacking in (3, None):
        run = tracker.start("fold-0", tags={"trial_id": trial.id})
        for epoch in range(EPOCHS):
            scored = (epoch + 1) % 4 == 0 or epoch == EPOCHS - 1
            told = {"test_mean_map": 0.5} if scored and epoch != lacking else {}
            run.metrics({"train_loss": 0.5, "seconds": 0.25, **told}, epoch)
        run.end()
    assert not restore(trial, tracker)
    said = [one for one in caplog.messages if "not taken" in one]
    assert ["have gaps" in one for one in said].count(True) == 1
    # Of the other the epochs are whole, and nothing else was recorded.
    assert ["no file 'tables/detections" in one for one in said].count(True) == 1
