"""What a run of the journal holds, told to a service: each line once, in order.

How far a service was told stands beside the run's lines::

    {"MLflow http://lab:5000": {"run_id": "0f3c…", "next": 17}}

A database of the project is named by its place in that, so that a copy of the project finds its
own.

It is written after each line. What a kill between the two leaves is told again, and a service
takes it once: a run is found by the key that it was begun under, a metric has its step, a setting,
a tag, a table, a figure and a file have their names, a dataset its digest.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path

import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from rodepil.errors import ServiceAway, TrackingError
from rodepil.io.files import sha256_file, write_json
from rodepil.track.dataset import Dataset
from rodepil.track.events import Event
from rodepil.track.journal import Journal
from rodepil.track.journal_models import kept
from rodepil.track.layout import (
    FIGURES,
    figure_path,
    kept_name,
    project_of,
    table_path,
    writing,
)
from rodepil.track.protocol import Run, Tracker

DELIVERED = "delivered.json"
LOCK = ".delivering.lock"
PATIENCE_S = 5.0
"""How long to wait for another process that delivers the same run."""


@dataclass(frozen=True)
class Place:
    """How far a service was told of a run.

    Attributes
    ----------
    run_id
        What the service calls the run.
    next
        The number of the first line that it was not told.
    """

    run_id: str
    next: int


def place_of(journal: Journal, run_id: str, service: str) -> Place | None:
    """Return how far a service was told of a run, or None if it never was."""
    path = journal.folder / run_id / DELIVERED
    places = json.loads(path.read_bytes()) if path.is_file() else {}
    # Before databases were named by their place in the project, they had their whole address.
    place = places.get(kept_name(journal.folder, service), places.get(service))
    return Place(**place) if place else None


def keep_place(journal: Journal, run_id: str, service: str, place: Place) -> None:
    """Write down how far a service was told of a run."""
    path = journal.folder / run_id / DELIVERED
    places = json.loads(path.read_bytes()) if path.is_file() else {}
    with writing(path):
        write_json(path, {**places, kept_name(journal.folder, service): vars(place)})


def owes(journal: Journal, run_id: str, service: str) -> bool:
    """Return whether a service was not told all of a run."""
    place = place_of(journal, run_id, service)
    return place is None or place.next <= journal.events(run_id)[-1]["seq"]


@dataclass
class Delivery:
    """Tells one service of one run.

    Parameters
    ----------
    journal
        Holds the run.
    run_id
        The run's id in the journal.
    tracker
        The service.
    id_there
        Gives what the service calls a run of the journal, which it is told of first.
    lost
        Told of files that are gone or hold something else by now.
    """

    journal: Journal
    run_id: str
    tracker: Tracker
    id_there: Callable[[str], str]
    lost: Callable[[str], None]
    _run: Run | None = None
    _now: float = field(default=0.0)

    def deliver(self) -> int:
        """Tell what was not told, and return how many lines that was.

        Raises
        ------
        ServiceAway
            The service can't be reached now, or another process delivers the run; call it again.
        TrackingError
            The service refuses.
        """
        told = 0
        try:
            with self._alone():
                for event in self._untold():
                    self._tell(event)
                    told += 1
        except BaseException:
            self._run = None  # what the service holds is asked again
            raise
        return told

    def place(self) -> Place | None:
        """Return how far the service was told."""
        return place_of(self.journal, self.run_id, str(self.tracker))

    def _untold(self) -> Iterator[Event]:
        place = self.place()
        for event in self.journal.events(self.run_id):
            if place is None or event["seq"] >= place.next:
                yield event

    @contextmanager
    def _alone(self) -> Iterator[None]:
        lock = FileLock(self.journal.folder / self.run_id / LOCK)
        try:
            lock.acquire(timeout=PATIENCE_S)
        except Timeout as error:
            raise ServiceAway(
                f"run {self.run_id} is being delivered by another process; wait for it, "
                "then run: rodepil runs sync"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _tell(self, event: Event) -> None:
        """Tell one line, and write down that it was told."""
        self._now = event["time"]
        if event["kind"] == "model":
            self._register(event)
            return
        if self._run is None or event["kind"] in {"start", "resume"}:
            self._run = self._opened()
        _TELL.get(event["kind"], _nothing)(self, self._run, event)
        self._keep(self._run.id, event)

    def _register(self, event: Event) -> None:
        """Tell of a model, without opening the run again, which may have ended."""
        place = self.place()
        run_id = place.run_id if place else self.run_id
        self.tracker.register(run_id, kept(self.journal.folder, self.run_id, event))
        self._keep(run_id, event)

    def _keep(self, run_id: str, event: Event) -> None:
        place = Place(run_id, event["seq"] + 1)
        keep_place(self.journal, self.run_id, str(self.tracker), place)

    def _opened(self) -> Run:
        """Return the run there, begun when it is not there yet."""
        place, first = self.place(), self.journal.events(self.run_id)[0]
        if place and not self.tracker.knows(place.run_id):
            raise TrackingError(
                f"run {place.run_id} is no longer in {self.tracker}; what it did not hold yet "
                f"is in {self.journal.folder / self.run_id}"
            )
        return self.tracker.start(
            first.get("name", self.run_id),
            parent=self.id_there(first["parent"]) if first.get("parent") else None,
            resume=place.run_id if place else self.run_id,
            key=first.get("key", self.run_id),
            clock=lambda: self._now,
        )

    def _table(self, run: Run, event: Event) -> None:
        path = self.journal.folder / self.run_id / table_path(event["name"])
        if self._is_there(path):
            run.table(event["name"], pq.read_table(path))

    def _figure(self, run: Run, event: Event) -> None:
        path = self.journal.folder / self.run_id / figure_path(event["name"])
        if self._is_there(path):
            run.file(path, FIGURES)

    def _file(self, run: Run, event: Event) -> None:
        path = project_of(self.journal.folder) / event["path"]
        if self._is_there(path, event["sha256"]):
            run.file(path, event["folder"])

    def _is_there(self, path: Path, sha256: str = "") -> bool:
        if not path.is_file():
            self.lost(f"{path} is gone, and was left out of run {self.run_id}")
            return False
        if sha256 and sha256_file(path) != sha256:
            self.lost(f"{path} was replaced since, and was left out of run {self.run_id}")
            return False
        return True


def _nothing(_: Delivery, __: Run, ___: Event) -> None:
    """Tell nothing: the line only says that the run was begun or gone on in."""


def _metrics(_: Delivery, run: Run, event: Event) -> None:
    run.metrics({key: float(value) for key, value in event["values"].items()}, event["step"])


def _dataset(_: Delivery, run: Run, event: Event) -> None:
    run.dataset(Dataset(**{each.name: event[each.name] for each in fields(Dataset)}))


_TELL: dict[str, Callable[[Delivery, Run, Event], None]] = {
    "settings": lambda _, run, event: run.settings(event["values"]),
    "metrics": _metrics,
    "tags": lambda _, run, event: run.tags(event["values"]),
    "description": lambda _, run, event: run.describe(event["text"]),
    "dataset": _dataset,
    "table": Delivery._table,  # noqa: SLF001 - of this module
    "figure": Delivery._figure,  # noqa: SLF001
    "file": Delivery._file,  # noqa: SLF001
    "end": lambda _, run, event: run.end(event["status"]),
}
