"""Several trackers that listen at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from rodepil.errors import TrackingError
from rodepil.track.dataset import Dataset
from rodepil.track.protocol import Clock, Picture, Run, RunFacts, RunStatus, Tracker
from rodepil.track.registration import Registration

Listener = TypeVar("Listener", Run, Tracker)


@dataclass(frozen=True)
class Tee:
    """Tells every tracker the same.

    Parameters
    ----------
    trackers
        At least one. The first gives a run its id; the others take it, so only the first
        may be one that chooses ids itself.
    """

    trackers: tuple[Tracker, ...]

    def __str__(self) -> str:
        return " and ".join(str(tracker) for tracker in self.trackers)

    @property
    def experiment_id(self) -> str:
        """What the first tracker calls the experiment."""
        return self.trackers[0].experiment_id

    def start(
        self,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
        key: str | None = None,
        clock: Clock | None = None,
    ) -> TeeRun:
        """Open the run everywhere, under the id that the first tracker gives it."""
        first = self.trackers[0].start(
            name, parent=parent, tags=tags, resume=resume, key=key, clock=clock
        )
        others = [
            tracker.start(name, parent=parent, tags=tags, resume=first.id, key=key, clock=clock)
            for tracker in self.trackers[1:]
        ]
        return TeeRun((first, *others))

    def knows(self, run_id: str) -> bool:
        """Return whether the first tracker, which gave the id, knows the run."""
        return self.trackers[0].knows(run_id)

    def runs(self, *, below: bool = False) -> Sequence[RunFacts]:
        """Return what the first tracker tells."""
        return self.trackers[0].runs(below=below)

    def find(self, tags: Mapping[str, str], *, everywhere: bool = False) -> Sequence[RunFacts]:
        """Return what the first tracker finds."""
        return self.trackers[0].find(tags, everywhere=everywhere)

    def history(self, run_id: str) -> Sequence[tuple[int, Mapping[str, float]]]:
        """Return what the first tracker tells."""
        return self.trackers[0].history(run_id)

    def fetch(self, run_id: str, path: str, to: Path) -> None:
        """Copy a file that the first tracker holds."""
        self.trackers[0].fetch(run_id, path, to)

    def describe(self, markdown: str) -> None:
        """Say everywhere what the experiment is."""
        _tell_all(lambda tracker: tracker.describe(markdown), self.trackers)

    def register(self, run_id: str, model: Registration) -> None:
        """Register the model everywhere."""
        _tell_all(lambda tracker: tracker.register(run_id, model), self.trackers)


@dataclass(frozen=True)
class TeeRun:
    """One run, recorded in several places."""

    runs: tuple[Run, ...]

    @property
    def id(self) -> str:
        """The id that the first tracker gave."""
        return self.runs[0].id

    def settings(self, values: Mapping[str, object]) -> None:
        """Record settings."""
        self._tell(lambda run: run.settings(values))

    def metrics(
        self, values: Mapping[str, float], step: int = 0, *, at_s: float | None = None
    ) -> None:
        """Record numbers at a step."""
        self._tell(lambda run: run.metrics(values, step, at_s=at_s))

    def tags(self, values: Mapping[str, str]) -> None:
        """Record words."""
        self._tell(lambda run: run.tags(values))

    def describe(self, markdown: str) -> None:
        """Record the description."""
        self._tell(lambda run: run.describe(markdown))

    def dataset(self, dataset: Dataset) -> None:
        """Record a dataset."""
        self._tell(lambda run: run.dataset(dataset))

    def table(self, name: str, table: pa.Table) -> None:
        """Record a table."""
        self._tell(lambda run: run.table(name, table))

    def figure(self, name: str, figure: Picture) -> None:
        """Record a picture."""
        self._tell(lambda run: run.figure(name, figure))

    def file(self, path: Path, folder: str = "") -> None:
        """Record a file."""
        self._tell(lambda run: run.file(path, folder))

    def end(self, status: RunStatus = "finished") -> None:
        """Close the run."""
        self._tell(lambda run: run.end(status))

    def _tell(self, record: Callable[[Run], None]) -> None:
        _tell_all(record, self.runs)


def _tell_all(record: Callable[[Listener], None], listeners: Sequence[Listener]) -> None:
    """Tell everyone, also when one refuses; then pass on what was refused."""
    refused = [error for listener in listeners if (error := _attempt(record, listener))]
    if refused:
        raise refused[0]


def _attempt(record: Callable[[Listener], None], listener: Listener) -> TrackingError | None:
    try:
        record(listener)
    except TrackingError as error:
        return error
    return None


def tee(trackers: Sequence[Tracker]) -> Tracker:
    """Return one tracker that stands for all of `trackers`, at least one."""
    return trackers[0] if len(trackers) == 1 else Tee(tuple(trackers))
