"""A real MLflow server is killed in the middle of runs, and ends with what it would have held."""

from __future__ import annotations

import hashlib
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from matplotlib.figure import Figure
from mlflow import MlflowClient

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ServiceAway
from rodepil.track.dataset import Dataset
from rodepil.track.journal import Journal, read_events
from rodepil.track.mlflow_tracker import MlflowTracker
from rodepil.track.opening import open_service
from rodepil.track.relay import Relay
from rodepil.track.sync import Synced, sync
from tests.track.server import Nursery, Server

Open = Callable[[], MlflowTracker]


@dataclass
class Lab:
    """One project and one server."""

    root: Path
    server: Server
    said: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> Workspace:
        return Workspace(self.root)

    def relay(self, experiment: str, pause_s: float) -> Relay:
        """Return the journal with the server behind it."""
        settings = TrackSettings(uri=self.server.uri, experiment=experiment)
        journal = Journal(self.workspace.results / "journal", experiment=experiment)
        opener = lambda: open_service("mlflow", settings, self.workspace, {})  # noqa: E731
        return Relay(journal, [opener], self.said.append, pause_s)

    def sync(self) -> Synced:
        (synced,) = sync(TrackSettings(uri=self.server.uri), self.workspace, environ={})
        return synced


@dataclass(frozen=True)
class Seen:
    """What was seen on the way."""

    said_while_away: list[str]
    said_when_back: list[str]
    refused: str
    death: int
    first: Synced
    second: Synced


def begin(relay: Relay) -> tuple[Any, Any]:
    """Record the first half of a cross-validation."""
    parent = relay.start("cross-validation", tags={"data": "simulated", "git_commit": "0ab"})
    parent.settings({"train": {"epochs": 4}})
    run = relay.start("fold-0", parent=parent.id, tags={"trial_id": "t"})
    run.settings({"train": {"epochs": 4}, "fold": 0})
    for epoch in (0, 1):
        run.metrics({"loss": 1 / (epoch + 3), "f1": float("nan")}, epoch)
    return parent, run


def end(relay: Relay, parent: Any, run: Any, model: Path) -> None:
    """Record the other half, with a fold that begins in it."""
    for epoch in (2, 3):
        run.metrics({"loss": 1 / (epoch + 3), "f1": 0.5}, epoch)
    run.dataset(Dataset("clips", "0123", "data/clips.parquet", "training", {"clips": 2}))
    run.table("predictions", pa.table({"score": [1 / 3, 0.1 + 0.2]}))
    run.file(model, "model")
    run.end()
    late = relay.start("fold-1", parent=parent.id, tags={"trial_id": "u"})
    late.metrics({"loss": 0.25}, 0)
    figure = Figure()
    figure.subplots().plot([0, 1])
    late.figure("roc", figure)
    late.end("failed")
    parent.tags({"data": "simulated recordings"})
    parent.metrics({"test_f1": 0.75}, 2)
    parent.end()


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, home: Path, experiment: Open) -> Iterator[Lab]:
    root = tmp_path_factory.mktemp("outage")
    nursery = Nursery(root / "server.log")
    experiment()
    shutil.copy(home / "mlflow.db", root / "server.db")  # making one takes seconds
    nursery.ready()
    server = Server(root, nursery)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        server.start()
        try:
            yield Lab(root, server)
        finally:
            server.kill()
            nursery.close()


@pytest.fixture(scope="module")
def seen(lab: Lab) -> Seen:
    """Record four times the same: undisturbed, and around a death of the server."""
    model = lab.root / "model.safetensors"
    model.write_bytes(b"weights")
    whole = lab.relay("undisturbed", 0.0)
    end(whole, *begin(whole), model)
    again, later = lab.relay("back in the middle", 0.0), lab.relay("synced", 1e9)
    begun = begin(again), begin(later)
    lab.server.kill()
    lab.said.clear()
    begun[0][1].metrics({"loss": 0.2, "f1": 0.5}, 2)
    end(later, *begun[1], model)
    away = lab.relay("begun while it was away", 1e9)
    end(away, *begin(away), model)
    while_away = list(lab.said)
    with pytest.raises(ServiceAway) as refused:
        lab.sync()
    lab.server.start()
    lab.said.clear()
    end(again, *begun[0], model)
    nursery = lab.server.nursery
    death = nursery.ended(nursery.begin("sync", str(lab.root), lab.server.uri, 7))
    return Seen(while_away, list(lab.said), str(refused.value), death, lab.sync(), lab.sync())


def held(uri: str, experiment: str) -> dict[str, Any]:
    """Return all that a server holds of an experiment's runs, by name, but ids and times."""
    client = MlflowClient(uri)
    runs = client.search_runs([client.get_experiment_by_name(experiment).experiment_id])
    names = {run.info.run_id: run.info.run_name for run in runs}
    assert len(set(names.values())) == len(runs) == 3

    def of(run: Any) -> dict[str, Any]:
        tags = dict(run.data.tags)
        parent = names.get(tags.pop("mlflow.parentRunId", ""))
        assert tags.pop("rodepil.run")
        history = [client.get_metric_history(run.info.run_id, key) for key in run.data.metrics]
        folder = Path(client.download_artifacts(run.info.run_id, ""))
        files = (path for path in sorted(folder.rglob("*")) if path.is_file())
        return {
            "parent": parent,
            "status": run.info.status,
            "settings": run.data.params,
            "tags": tags,
            "datasets": [one.to_dictionary() for one in run.inputs.dataset_inputs],
            "metrics": sorted((m.key, m.step, repr(m.value)) for some in history for m in some),
            "files": {
                path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in files
            },
        }

    return {run.info.run_name: of(run) for run in runs}


@pytest.mark.parametrize("way", ["back in the middle", "synced", "begun while it was away"])
def test_server_that_died_holds_in_the_end_what_an_undisturbed_one_does(
    way: str, lab: Lab, seen: Seen
) -> None:
    assert seen.death == -signal.SIGKILL
    whole = held(lab.server.uri, "undisturbed")
    assert {name: len(run["metrics"]) for name, run in whole.items()} == {
        "cross-validation": 1, "fold-0": 8, "fold-1": 1,
    }  # fmt: skip
    assert held(lab.server.uri, way) == whole


def test_outage_is_said_once_by_each_tracker_and_names_the_remedy(lab: Lab, seen: Seen) -> None:
    assert len(seen.said_while_away) == 3
    for said in seen.said_while_away:
        assert lab.server.uri in said
        assert "rodepil runs sync" in said
        assert str(lab.workspace.results / "journal") in said
    assert len(seen.said_when_back) == 1
    assert "is back" in seen.said_when_back[0]
    assert lab.server.uri in seen.refused


def test_second_sync_finds_nothing_to_deliver(seen: Seen) -> None:
    assert seen.first.events > 0
    assert (seen.second.events, seen.second.runs) == (0, 0)
    assert seen.first.left_out == seen.second.left_out == []


def test_runs_keep_the_times_at_which_things_happened(lab: Lab, seen: Seen) -> None:
    assert seen.first.events
    client = MlflowClient(lab.server.uri)
    journal = lab.workspace.results / "journal"
    told = [read_events(path) for path in journal.glob("*/events.jsonl")]
    by_key = {events[0]["key"]: events for events in told}
    experiment = client.get_experiment_by_name("begun while it was away").experiment_id
    for run in client.search_runs([experiment]):
        events = by_key[run.data.tags["rodepil.run"]]
        assert run.info.start_time == int(events[0]["time"] * 1000)
        assert run.info.end_time == int(events[-1]["time"] * 1000)
        logged = {
            (event["step"], int(event["time"] * 1000))
            for event in events
            if event["kind"] == "metrics"
        }
        for key in run.data.metrics:
            history = client.get_metric_history(run.info.run_id, key)
            assert {(metric.step, metric.timestamp) for metric in history} <= logged


def test_lines_are_numbered_without_a_gap(lab: Lab, seen: Seen) -> None:
    assert seen.first.events
    for path in (lab.workspace.results / "journal").glob("*/events.jsonl"):
        numbers = [event["seq"] for event in read_events(path)]
        assert numbers == list(range(len(numbers)))


def test_sync_that_dies_after_every_single_line_doubles_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """Without a server: every line is told twice, since no death leaves a note that it was told."""
    workspace = Workspace(tmp_path)
    database = f"sqlite:///{home}/mlflow.db"
    journal = Journal(workspace.results / "journal", experiment="twice")
    parent = journal.start("cross-validation")
    run = journal.start("fold-0", parent=parent.id, tags={"a": "b"})
    run.settings({"epochs": 2})
    for epoch in range(3):
        run.metrics({"loss": 0.5 / (epoch + 1)}, epoch)
    run.table("predictions", pa.table({"score": [0.5]}))
    run.end()
    from rodepil.track import delivery  # noqa: PLC0415 - to die in it

    keep, seen = delivery.keep_place, set()

    class Death(BaseException):
        """What a kill is to a process."""

    def dying(journal: Journal, run_id: str, service: str, place: delivery.Place) -> None:
        if (run_id, place.next) not in seen:
            seen.add((run_id, place.next))
            raise Death
        keep(journal, run_id, service, place)

    monkeypatch.setattr(delivery, "keep_place", dying)
    deaths = 0
    while True:
        try:
            sync(TrackSettings(uri=database), workspace, environ={})
        except Death:
            deaths += 1
        else:
            break
    client = MlflowClient(database)
    runs = client.search_runs([client.get_experiment_by_name("twice").experiment_id])
    assert deaths == 1 + 8
    assert len(runs) == 2
    assert {run.info.run_name: run.info.status for run in runs} == {
        "cross-validation": "RUNNING", "fold-0": "FINISHED",
    }  # fmt: skip
    (fold,) = (found for found in runs if found.info.run_name == "fold-0")
    history = client.get_metric_history(fold.info.run_id, "loss")
    assert sorted((metric.step, metric.value) for metric in history) == [
        (0, 0.5), (1, 0.25), (2, 0.5 / 3),
    ]  # fmt: skip
    assert fold.data.tags["a"] == "b"
    tables = Path(client.download_artifacts(fold.info.run_id, "tables"))
    assert {path.name for path in tables.iterdir()} == {"predictions.csv", "predictions.parquet"}
