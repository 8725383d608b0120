"""A model that is registered waits in the journal for a service that is away."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ServiceAway, TrackingError
from rodepil.track.journal import Journal
from rodepil.track.registration import Registration
from rodepil.track.relay import Relay
from rodepil.track.sync import sync
from rodepil.track.tee import tee
from tests.track.notebook import Notebook


class Made:
    """A model whose folder is there only while it is asked for."""

    def __init__(self, tmp_path: Path, content: str) -> None:
        self.place, self.content, self.times = tmp_path / "made", content, 0

    @contextmanager
    def files(self) -> Iterator[Path]:
        self.times += 1
        self.place.mkdir()
        (self.place / "weights").write_text(self.content)
        yield self.place
        shutil.rmtree(self.place)

    def registration(self, **changes: str) -> Registration:
        words = {
            "name": "small", "alias": "champion", "digest": self.content, "description": "best",
        }  # fmt: skip
        return Registration(**(words | changes), files=self.files)


def registered(tmp_path: Path) -> tuple[str, dict[str, str]]:
    run_id, held = json.loads((tmp_path / "notebook" / "small@champion.registered").read_text())
    return run_id, held


def kinds(journal: Journal, run_id: str) -> list[str]:
    return [event["kind"] for event in journal.events(run_id)]


def test_model_waits_in_the_journal_for_a_service_that_is_away(tmp_path: Path) -> None:
    notebook, made = Notebook(tmp_path / "notebook"), Made(tmp_path, "a")
    journal = Journal(tmp_path / "results" / "journal")
    relay = Relay(journal, [lambda: notebook], lambda _: None, 0.0, lambda: 0.0)
    run = relay.start("row")
    run.end()
    notebook.locks.append(ServiceAway)
    relay.register(run.id, made.registration())
    assert not (tmp_path / "notebook" / "small@champion.registered").exists()
    notebook.locks.clear()
    (synced,) = sync(TrackSettings(services=("notebook",)), Workspace(tmp_path), environ={})
    assert (synced.events, synced.left_out) == (1, [])
    assert registered(tmp_path) == (run.id, {"weights": "a"})
    assert kinds(journal, run.id) == ["start", "end", "model"]  # it was not opened again
    (again,) = sync(TrackSettings(services=("notebook",)), Workspace(tmp_path), environ={})
    assert again.events == 0


def test_what_is_registered_is_written_once_until_another_takes_its_name(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    first, second = journal.start("row a").id, journal.start("row b").id
    a, b = Made(tmp_path, "a"), Made(tmp_path, "b")
    journal.register(first, a.registration())
    journal.register(first, a.registration())
    assert kinds(journal, first) == ["start", "model"]
    journal.register(second, b.registration())
    journal.register(first, a.registration())
    assert kinds(journal, first) == ["start", "model", "model"]
    assert (a.times, b.times) == (1, 1)
    journal.register(first, a.registration(description="still best"))
    assert journal.events(first)[-1]["description"] == "still best"


def test_every_tracker_is_told_also_when_one_refuses(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    closed = Notebook(tmp_path / "closed", [TrackingError])
    run = journal.start("row")
    with pytest.raises(TrackingError, match="the notebook is closed"):
        tee([closed, journal]).register(run.id, Made(tmp_path, "a").registration())
    assert kinds(journal, run.id) == ["start", "model"]


def test_name_that_a_registry_can_not_hold_and_unknown_run_are_errors(tmp_path: Path) -> None:
    made = Made(tmp_path, "a")
    with pytest.raises(TrackingError, match=r"'rodepil/small'.*letters, digits"):
        made.registration(name="rodepil/small")
    with pytest.raises(TrackingError, match="no run gone"):
        Journal(tmp_path / "journal").register("gone", made.registration())
    assert made.times == 0


def test_model_whose_files_are_gone_is_left_out_and_named(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "results" / "journal")
    run = journal.start("row")
    journal.register(run.id, Made(tmp_path, "a").registration())
    shutil.rmtree(run.folder / "models")
    (synced,) = sync(TrackSettings(services=("notebook",)), Workspace(tmp_path), environ={})
    assert "is gone; register small again" in synced.left_out[0]
