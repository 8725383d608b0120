"""A tracker that is a folder: one JSON line for each thing that a run records.

::

    <folder>/<run id>/events.jsonl
    <folder>/<run id>/tables/<name>.parquet
    <folder>/<run id>/figures/<name>.png
    <folder>/<run id>/delivered.json      how far services were told
    <folder>/experiments/<hash>.json      what an experiment is

A line is ``{"seq": number, "time": seconds since 1970, "kind": "metrics", ...}`` and is appended
alone, so that a run that was killed holds whole lines, and at most a torn last one that is not
read. Numbers count the lines of a run from 0, whichever processes write them. Files are named by
path, those of the project by their place in it, and SHA-256, and not copied. The lines hold all
that it takes to tell another tracker what happened, which `delivery` does.
"""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryFile

from rodepil.errors import TrackingError
from rodepil.io.files import publish, sha256_file
from rodepil.track.about import write_about
from rodepil.track.events import (
    EVENTS,
    Event,
    facts_of,
    first_event,
    history_of,
    place_of_file,
    read_events,
)
from rodepil.track.journal_models import keep
from rodepil.track.journal_run import JournalRun
from rodepil.track.layout import project_of, writing
from rodepil.track.protocol import Clock, RunFacts, is_below
from rodepil.track.registration import Registration

__all__ = ["Journal", "JournalRun", "read_events"]


@dataclass(frozen=True)
class Journal:
    """Runs in a folder of this machine.

    Parameters
    ----------
    folder
        Holds one folder a run.
    clock
        Gives seconds since 1970.
    experiment
        What new runs belong to; runs without one belong to all.
    """

    folder: Path
    clock: Callable[[], float] = time.time
    experiment: str = ""

    def __str__(self) -> str:
        return f"journal {self.folder}"

    @property
    def experiment_id(self) -> str:
        """The experiment's name."""
        return self.experiment

    def start(
        self,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
        key: str | None = None,
        clock: Clock | None = None,
    ) -> JournalRun:
        """Open a run under the id `resume`, or under its key, or under a new one."""
        key = key or uuid.uuid4().hex
        run = JournalRun(self.folder / (resume or key), clock or self.clock)
        with writing(run.folder):
            run.folder.mkdir(parents=True, exist_ok=True)
        run.open(name, parent, key, self.experiment)
        run.tags(tags or {})
        return run

    def prepare(self) -> None:
        """Make the folder, and try whether it can be written before anything takes hours.

        Raises
        ------
        TrackingError
            It can't.
        """
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=self.folder):
                pass

    def knows(self, run_id: str) -> bool:
        """Return whether the run has a folder here."""
        return (self.folder / run_id / EVENTS).is_file()

    def holds(self, run_id: str) -> bool:
        """Return whether the run is here and of the experiment."""
        if not self.knows(run_id):
            return False
        first = first_event(self.folder / run_id / EVENTS)
        return self._holds(str((first or {}).get("experiment", "")))

    def events(self, run_id: str) -> list[Event]:
        """Return the whole lines of a run, in the order they were written."""
        return read_events(self.folder / run_id / EVENTS)

    def begun_under(self, key: str) -> str | None:
        """Return the id of the run that was begun under a key, if there is one."""
        for path in self.folder.glob(f"*/{EVENTS}"):
            with path.open(encoding="utf-8") as lines:
                if f'"key": "{key}"' in lines.readline():
                    return path.parent.name
        return None

    def is_numbered(self, run_id: str) -> bool:
        """Return whether a run has lines with numbers; before there were any, it has none."""
        return b'{"seq": ' in (self.folder / run_id / EVENTS).read_bytes()

    def ids(self) -> list[str]:
        """Return the ids of the runs that are here, in the order they were begun."""
        first = {path.parent.name: first_event(path) for path in self.folder.glob(f"*/{EVENTS}")}
        begun = {run_id: event["time"] for run_id, event in first.items() if event}
        return sorted(begun, key=lambda run_id: (begun[run_id], run_id))

    def runs(self, *, below: bool = False) -> list[RunFacts]:
        """Return what runs of the experiment are here, the last begun first."""
        return [run for run in self._all() if self._holds(run.experiment, below=below)]

    def find(self, tags: Mapping[str, str], *, everywhere: bool = False) -> list[RunFacts]:
        """Return the runs that have all these tags."""
        words = [json.dumps(word).encode() for word in tags.values()]
        return [
            run
            for run in self._all(lambda lines: all(word in lines for word in words))
            if tags.items() <= run.tags.items() and (everywhere or self._holds(run.experiment))
        ]

    def history(self, run_id: str) -> list[tuple[int, dict[str, float]]]:
        """Return each step of a run and its numbers."""
        return history_of(self._known(run_id))

    def fetch(self, run_id: str, path: str, to: Path) -> None:
        """Copy a table or figure that lies here, or a file that is still where it was."""
        where = PurePosixPath(path)
        for event in reversed(self._known(run_id)):
            if "sha256" in event and place_of_file(event) == where:
                source = self._source(run_id, event)
                if not source.is_file() or sha256_file(source) != event["sha256"]:
                    raise TrackingError(f"{source} of run {run_id} is gone or was replaced since")
                with publish(to) as beside:
                    shutil.copyfile(source, beside)
                return
        raise TrackingError(f"run {run_id} in {self} holds no file '{path}'")

    def describe(self, markdown: str) -> None:
        """Keep what the experiment is."""
        write_about(self.folder, self.experiment, markdown)

    def register(self, run_id: str, model: Registration) -> None:
        """Keep a model's files, and write that it is registered."""
        self._known(run_id)
        line = keep(self.folder, run_id, model)
        if line:
            JournalRun(self.folder / run_id, self.clock).add(line)

    def _all(self, fits: Callable[[bytes], bool] = lambda _: True) -> Iterator[RunFacts]:
        """Yield what runs are here whose lines fit, the last begun first."""
        for run_id in reversed(self.ids()):
            if fits((self.folder / run_id / EVENTS).read_bytes()):
                yield facts_of(run_id, self.events(run_id))

    def _holds(self, experiment: str, *, below: bool = False) -> bool:
        """Return whether runs of an experiment are to be told of."""
        if not (self.experiment and experiment):
            return True
        return is_below(experiment, self.experiment) if below else experiment == self.experiment

    def _known(self, run_id: str) -> list[Event]:
        """Return the lines of a run that is here."""
        if not self.knows(run_id):
            raise TrackingError(f"no run {run_id} is in {self}; see: rodepil runs list")
        return self.events(run_id)

    def _source(self, run_id: str, event: Event) -> Path:
        """Return where the content of a file, table or figure lies."""
        if event["kind"] == "file":
            path: str = event["path"]
            return project_of(self.folder) / path
        return self.folder / run_id / place_of_file(event)
