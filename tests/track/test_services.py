"""Another service is one file, `tests.track.notebook`; it is told what MLflow is, or is away."""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ServiceAway, TrackingError
from rodepil.track import open_tracker
from rodepil.track.dataset import Dataset
from rodepil.track.journal import Journal
from rodepil.track.line import Line
from rodepil.track.relay import Relay
from rodepil.track.services import service
from rodepil.track.sync import sync
from tests.track.notebook import Notebook, NotebookRun

Said = list[str]


def page(workspace: Workspace, run_id: str) -> dict[str, object]:
    content: dict[str, object] = json.loads(
        (workspace.root / "notebook" / f"{run_id}.json").read_text()
    )
    return content


def relay(tmp_path: Path, notebook: Notebook, said: Said) -> Relay:
    """Return a relay that asks at every event."""
    journal = Journal(tmp_path / "journal")
    return Relay(journal, [lambda: notebook], said.append, 0.0, lambda: 0.0)


def test_service_of_one_file_is_told_everything_by_its_name(tmp_path: Path) -> None:
    workspace, settings = Workspace(tmp_path), TrackSettings(services=("notebook",))
    model = tmp_path / "model.bin"
    model.write_bytes(b"weights")
    sent = pickle.dumps(open_tracker(settings, workspace, environ={}))
    tracker = pickle.loads(sent)  # noqa: S301 - made a line above
    parent = tracker.start("cross-validation")
    run = tracker.start("fold-0", parent=parent.id, tags={"control": "none"})
    run.settings({"train": {"epochs": 2}})
    run.metrics({"loss": 0.5}, 3)
    run.dataset(Dataset("clips", "0123", "data/clips.parquet", "training"))
    run.table("scores", pa.table({"score": [0.25]}))
    run.figure("roc", Figure())
    run.file(model, "model")
    run.end()
    told = page(workspace, run.id)
    assert (run.id, told["name"], told["parent"]) == ("page-1", "fold-0", parent.id)
    assert told["settings"] == {"train.epochs": 2}
    assert told["metrics"] == {"loss@3": 0.5}
    assert told["tags"] == {"control": "none"}
    assert told["datasets"] == {"clips 0123": "training"}
    assert told["tables"] == {"scores": [{"score": 0.25}]}
    assert told["files"] == {"figures/roc.png": True, "model/model.bin": True}
    (synced,) = sync(settings, workspace, environ={})
    assert synced.events == 0
    assert Journal(workspace.results / "journal").knows("page-1")


def test_service_that_nobody_knows_is_an_error_with_the_names(tmp_path: Path) -> None:
    settings = TrackSettings(services=("notbook",))
    with pytest.raises(TrackingError, match=r"'notbook'.*mlflow.*notebook"):
        open_tracker(settings, Workspace(tmp_path), environ={})
    with pytest.raises(ValueError, match="two tracking services"):
        service("notebook")(lambda *_, **__: Notebook(tmp_path))


def test_run_begun_while_the_service_is_away_is_made_there_with_its_start(tmp_path: Path) -> None:
    said: Said = []
    notebook = Notebook(tmp_path / "notebook", [ServiceAway])
    tracker = relay(tmp_path, notebook, said)
    parent = tracker.start("cross-validation")
    run = tracker.start("fold-0", parent=parent.id)
    run.metrics({"loss": 0.5}, 0)
    assert len(said) == 1
    notebook.locks.clear()
    run.metrics({"loss": 0.25}, 1)
    told = page(Workspace(tmp_path), "page-1")
    first = tracker.journal.events(run.id)[0]
    assert (told["parent"], told["key"], told["begun"]) == ("page-0", run.id, first["time"])
    assert told["metrics"] == {"loss@0": 0.5, "loss@1": 0.25}
    assert len(said) == 2
    assert tracker.knows(run.id)


def test_run_that_nobody_kept_the_id_of_is_found_by_what_it_was_begun_under(
    tmp_path: Path,
) -> None:
    notebook = Notebook(tmp_path / "notebook")
    run = relay(tmp_path, notebook, []).start("fold-0", key="k")
    again = relay(tmp_path, notebook, []).start("fold-0", key="k")
    assert again.id == run.id == "page-0"
    assert len(notebook.runs()) == len(Journal(tmp_path / "journal").ids()) == 1


def test_what_is_refused_at_the_start_is_an_error_and_leaves_no_run(tmp_path: Path) -> None:
    tracker = relay(tmp_path, Notebook(tmp_path / "notebook", [TrackingError]), [])
    with pytest.raises(TrackingError, match="closed"):
        tracker.start("cross-validation")
    assert tracker.journal.ids() == []


def test_run_that_was_taken_back_leaves_no_folder_when_the_next_is_begun(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook", [TrackingError])
    tracker = relay(tmp_path, notebook, [])
    with pytest.raises(TrackingError, match="closed"):
        tracker.start("cross-validation")
    notebook.locks.clear()
    run = tracker.start("cross-validation")
    assert [path.name for path in tracker.journal.folder.iterdir()] == [run.id] == ["page-0"]


def test_run_whose_service_goes_away_in_its_first_lines_is_delivered_under_its_new_id(
    tmp_path: Path,
) -> None:
    away = [True]

    class Leaving(NotebookRun):
        def tags(self, values: Mapping[str, str]) -> None:
            if values and away:
                raise ServiceAway("no answer")
            super().tags(values)

    class Once(Notebook):
        def start(self, *of: Any, **named: Any) -> NotebookRun:
            run = super().start(*of, **named)
            return Leaving(run.path, run.clock)

    tracker = relay(tmp_path, Once(tmp_path / "notebook"), [])
    run = tracker.start("fold-0", tags={"control": "none"})
    away.clear()
    other = tracker.start("fold-1")
    assert {path.name for path in tracker.journal.folder.iterdir()} == {run.id, other.id}
    assert page(Workspace(tmp_path), run.id)["tags"] == {"control": "none"}


def test_what_is_refused_later_does_not_end_a_training(tmp_path: Path) -> None:
    said: Said = []
    notebook = Notebook(tmp_path / "notebook")
    tracker = relay(tmp_path, notebook, said)
    run = tracker.start("fold-0")
    (notebook.folder / "page-0.json").unlink()
    again = tracker.start("fold-1")
    notebook.locks.append(TrackingError)
    other = tracker.start("fold-2")
    other.metrics({"loss": 0.5}, 0)
    assert len(said) == 1
    assert "closed" in said[0]
    assert [event["kind"] for event in tracker.journal.events(other.id)] == ["start", "metrics"]
    assert again.id != run.id


def test_run_that_was_deleted_there_is_no_more_known_and_not_made_again(tmp_path: Path) -> None:
    notebook = Notebook(tmp_path / "notebook")
    tracker = relay(tmp_path, notebook, [])
    run = tracker.start("fold-0")
    (notebook.folder / "page-0.json").unlink()
    assert not tracker.knows(run.id)
    Journal(tmp_path / "journal").start("fold-0", resume=run.id)
    workspace = Workspace(tmp_path)
    (tmp_path / "results").mkdir()
    (tmp_path / "journal").rename(tmp_path / "results" / "journal")
    (synced,) = sync(TrackSettings(services=("notebook",)), workspace, environ={})
    assert synced.events == 0
    assert "no longer in notebook" in synced.left_out[0]
    assert notebook.runs() == []


def test_file_that_was_replaced_before_it_was_delivered_is_left_out_and_named(
    tmp_path: Path,
) -> None:
    workspace = Workspace(tmp_path)
    model = tmp_path / "model.bin"
    model.write_bytes(b"weights")
    journal = Journal(workspace.results / "journal")
    run = journal.start("fold-0")
    run.file(model, "model")
    run.end()
    model.write_bytes(b"others")
    settings = TrackSettings(services=("notebook",))
    (synced,) = sync(settings, workspace, environ={})
    assert [str(model) in why and "replaced" in why for why in synced.left_out] == [True]
    told = page(workspace, "page-0")
    assert "files" not in told
    assert "finished" in told["status"]  # type: ignore[operator]


def test_service_that_hangs_costs_at_most_a_tenth_of_the_time(tmp_path: Path) -> None:
    now, attempts = [0.0], []

    class Hanging(Notebook):
        def start(self, *_: object, **__: object) -> NotebookRun:
            attempts.append(now[0])
            now[0] += 30.0
            raise ServiceAway("no answer")

    journal = Journal(tmp_path / "journal")
    run = journal.start("fold-0")
    line = Line(lambda: Hanging(tmp_path), journal, lambda _: None, 5.0, lambda: now[0])
    while now[0] < 10_000:
        line.tell(run.id)
        now[0] += 1
    assert 30 * len(attempts) <= 1_100
    assert len(attempts) > 20
