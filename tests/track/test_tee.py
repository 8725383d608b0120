"""Several trackers at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrackingError
from rodepil.track import open_tracker
from rodepil.track.journal import Journal, read_events
from rodepil.track.mlflow_tracker import MlflowTracker
from rodepil.track.protocol import flatten
from rodepil.track.tee import Tee, tee

Open = Callable[[], MlflowTracker]


def test_all_hold_the_same_run_under_the_id_of_the_first(experiment: Open, tmp_path: Path) -> None:
    mlflow, journal = experiment(), Journal(tmp_path)
    both = tee([mlflow, journal])
    parent = both.start("parent")
    run = both.start("fold-0", parent=parent.id)
    run.metrics({"loss": 0.5}, step=0)
    run.end()
    both.start("fold-0", resume=run.id).metrics({"loss": 0.5}, step=0)
    assert mlflow.knows(run.id)
    events = read_events(tmp_path / run.id / "events.jsonl")
    assert [event["kind"] for event in events] == ["start", "metrics", "end", "resume"]
    assert events[0]["parent"] == parent.id


def test_one_that_refuses_does_not_keep_the_others_from_listening(tmp_path: Path) -> None:
    broken, whole = Journal(tmp_path / "broken"), Journal(tmp_path / "whole")
    run = Tee((broken, whole)).start("run")
    shutil.rmtree(tmp_path / "broken")
    with pytest.raises(TrackingError, match="broken"):
        run.metrics({"loss": 0.5}, step=0)
    assert read_events(tmp_path / "whole" / run.id / "events.jsonl")[-1]["values"] == {"loss": 0.5}


def test_journal_listens_only_when_the_settings_want_it(home: Path, experiment: Open) -> None:
    experiment()
    workspace = Workspace(home)
    both = open_tracker(TrackSettings(journal=True), workspace, environ={})
    alone = open_tracker(TrackSettings(journal=False), workspace, environ={})
    journal = Journal(workspace.results / "journal")
    assert journal.knows(both.start("run").id)
    assert not journal.knows(alone.start("run").id)


def test_nested_settings_become_dotted_keys() -> None:
    nested = {"train": {"augment": {"flip": 0.5}, "decay": [1, 2]}, "fold": 0}
    assert flatten(nested) == {"train.augment.flip": 0.5, "train.decay": [1, 2], "fold": 0}
