"""The journal first, and services from it: what one of them misses waits until it is back."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from rodepil.errors import ServiceAway, TrackingError
from rodepil.track.dataset import Dataset
from rodepil.track.journal import Journal, JournalRun
from rodepil.track.line import PAUSE_S, Line
from rodepil.track.protocol import Clock, Picture, RunFacts, RunStatus, Tracker
from rodepil.track.registration import Registration

Answer = TypeVar("Answer")


def say_to_log(text: str) -> None:
    """Say it where warnings go, by default to standard error."""
    logging.getLogger("rodepil").warning(text)


class Relay:
    """Writes to the journal and delivers from it.

    Parameters
    ----------
    journal
        Written first, always.
    openers
        Open the services, at least one; the first gives runs their ids when it can be reached.
    say
        Told when a service goes away, and when it is back.
    pause_s
        Seconds for which a service that is away is left alone, at least.
    clock
        Gives seconds of a clock that only goes forward.

    Raises
    ------
    TrackingError
        A service refuses. One that can't be reached now is left for later.
    """

    def __init__(
        self,
        journal: Journal,
        openers: Sequence[Callable[[], Tracker]],
        say: Callable[[str], None] = say_to_log,
        pause_s: float = PAUSE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.journal = journal
        self._made_of = (journal, tuple(openers), say, pause_s, clock)
        self._lines = [Line(opener, journal, say, pause_s, clock) for opener in openers]
        for line in self._lines:
            line.reach()

    def __reduce__(self) -> tuple[Any, ...]:
        """Make another one in the process that it is sent to, with lines of its own."""
        return (Relay, self._made_of)

    def __str__(self) -> str:
        return " and ".join(str(place) for place in (*self._lines, self.journal))

    @property
    def experiment_id(self) -> str:
        """What the journal calls the experiment."""
        return self.journal.experiment_id

    def start(
        self,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
        key: str | None = None,
        clock: Clock | None = None,
    ) -> RelayRun:
        """Open a run, under the id that the first service gives it when that can be reached."""
        wanted = resume or (self.journal.begun_under(key) if key else None)
        known = wanted if wanted and self.knows(wanted) else None
        is_new = not (known and self.journal.knows(known))
        run = self.journal.start(name, parent=parent, tags=tags, resume=known, key=key, clock=clock)
        try:
            self._lines[0].tell(run.id)
        except TrackingError:
            if is_new:
                self._lines[0].forget(run.id)
                shutil.rmtree(run.folder)
            raise
        place = self._lines[0].place(run.id)
        if is_new and place and self._is_free(place.run_id):
            before = run.id
            run.rename(place.run_id)
            self._lines[0].rename(before, run.id)
        for line in self._lines[1:]:
            line.tell(run.id)
        return RelayRun(run, tuple(self._lines), is_last=parent is None)

    def _is_free(self, run_id: str) -> bool:
        """Return whether a service's id for a run can be that of its folder."""
        folder = self.journal.folder / run_id
        return folder.parent == self.journal.folder and not folder.exists()

    def knows(self, run_id: str) -> bool:
        """Return whether the first service knows the run, or else the journal.

        The journal answers for what was not delivered yet, and while the service is away.
        """
        there = self._lines[0].knows(run_id)
        return self.journal.holds(run_id) if there is None else there

    def runs(self, *, below: bool = False) -> list[RunFacts]:
        """Return what runs the journal holds, the last begun first."""
        return self.journal.runs(below=below)

    def find(self, tags: Mapping[str, str], *, everywhere: bool = False) -> list[RunFacts]:
        """Return what the first service finds, and what the journal does that it was not told.

        While the service is away, that is what the journal finds.
        """
        kept = self.journal.find(tags, everywhere=everywhere)
        line = self._lines[0]
        there = line.ask(lambda tracker: tracker.find(tags, everywhere=everywhere))
        if there is None:
            return kept
        late = {run.id: run for run in kept if line.owes(run.id) and self.knows(run.id)}
        told = self._renamed(there) if there else []
        both = [*late.values(), *(run for run in told if run.id not in late)]
        return sorted(both, key=lambda run: run.start_s, reverse=True)

    def history(self, run_id: str) -> list[tuple[int, dict[str, float]]]:
        """Return what the first service holds of a run's numbers together with the journal."""
        steps = dict(self.journal.history(run_id)) if self.journal.knows(run_id) else {}
        there = self._ask_of(run_id, lambda tracker, there: tracker.history(there))
        for step, values in there or ():
            steps[step] = {**values, **steps.get(step, {})}
        return sorted(steps.items())

    def fetch(self, run_id: str, path: str, to: Path) -> None:
        """Copy a file of the journal, or else of the first service."""
        try:
            self.journal.fetch(run_id, path, to)
        except TrackingError as error:
            copied = self._ask_of(run_id, lambda tracker, there: _fetched(tracker, there, path, to))
            if not copied:
                raise ServiceAway(f"{error}, and its service can't be reached now") from error

    def describe(self, markdown: str) -> None:
        """Say what the experiment is."""
        self.journal.describe(markdown)
        for line in self._lines:
            line.describe()

    def register(self, run_id: str, model: Registration) -> None:
        """Register a model; its files wait in the journal for a service that is away."""
        self.journal.register(run_id, model)
        for line in self._lines:
            line.tell(run_id, last=True)

    def _renamed(self, runs: Sequence[RunFacts]) -> list[RunFacts]:
        """Return runs of the first service under the ids that they have in the journal."""
        line = self._lines[0]
        ours = {place.run_id: id_ for id_ in self.journal.ids() if (place := line.place(id_))}
        return [
            replace(
                run,
                id=ours.get(run.id, run.id),
                parent=ours.get(run.parent, run.parent) if run.parent else None,
            )
            for run in runs
        ]

    def _ask_of(self, run_id: str, question: Callable[[Tracker, str], Answer]) -> Answer | None:
        """Return what the first service answers of a run; None when it can't or was not told."""
        line = self._lines[0]
        place = line.place(run_id)
        if place is None and self.journal.knows(run_id):
            return None
        there = place.run_id if place else run_id
        return line.ask(lambda tracker: question(tracker, there))


def _fetched(tracker: Tracker, run_id: str, path: str, to: Path) -> bool:
    tracker.fetch(run_id, path, to)
    return True


@dataclass(frozen=True)
class RelayRun:
    """One run, in the journal and on its way to services."""

    run: JournalRun
    lines: tuple[Line, ...]
    is_last: bool = False

    @property
    def id(self) -> str:
        """The id in the journal: that of the first service, if it was there at the start."""
        return self.run.id

    def settings(self, values: Mapping[str, object]) -> None:
        """Record settings."""
        self._tell(lambda: self.run.settings(values))

    def metrics(
        self, values: Mapping[str, float], step: int = 0, *, at_s: float | None = None
    ) -> None:
        """Record numbers at a step."""
        self._tell(lambda: self.run.metrics(values, step, at_s=at_s))

    def tags(self, values: Mapping[str, str]) -> None:
        """Record words."""
        self._tell(lambda: self.run.tags(values))

    def describe(self, markdown: str) -> None:
        """Record the description."""
        self._tell(lambda: self.run.describe(markdown))

    def dataset(self, dataset: Dataset) -> None:
        """Record a dataset."""
        self._tell(lambda: self.run.dataset(dataset))

    def table(self, name: str, table: pa.Table) -> None:
        """Record a table."""
        self._tell(lambda: self.run.table(name, table))

    def figure(self, name: str, figure: Picture) -> None:
        """Record a picture."""
        self._tell(lambda: self.run.figure(name, figure))

    def file(self, path: Path, folder: str = "") -> None:
        """Record a file."""
        self._tell(lambda: self.run.file(path, folder))

    def end(self, status: RunStatus = "finished") -> None:
        """Close the run; a service that was away is tried once more when nothing stands above."""
        self._tell(lambda: self.run.end(status), last=self.is_last and status == "finished")

    def _tell(self, record: Callable[[], None], *, last: bool = False) -> None:
        """Write a line, and deliver if there is a new one."""
        before = self.run.written
        record()
        if self.run.written > before:
            for line in self.lines:
                line.tell(self.id, last=last)
