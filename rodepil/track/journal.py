"""A tracker that is a folder: one JSON line for each thing that a run records.

::

    <folder>/<run id>/events.jsonl
    <folder>/<run id>/tables/<name>.parquet
    <folder>/<run id>/figures/<name>.png

A line is ``{"time": seconds since 1970, "kind": "metrics", ...}`` and is appended in one write,
so that a run that was killed holds whole lines, and at most a torn last one that is not read.
Files are named by path and SHA-256 and not copied. The lines hold all that it takes to tell
another tracker what happened.
"""

from __future__ import annotations

import json
import math
import os
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from rodepil.errors import TrackingError
from rodepil.io.files import publish, sha256_file
from rodepil.track.protocol import Picture, RunStatus, flatten

EVENTS = "events.jsonl"
PICTURE_DPI = 120.0

Event = dict[str, Any]
"""One line: ``time`` and ``kind``, and what the kind holds."""


@dataclass(frozen=True)
class Journal:
    """Runs in a folder of this machine.

    Parameters
    ----------
    folder
        Holds one folder a run.
    clock
        Gives seconds since 1970.
    """

    folder: Path
    clock: Callable[[], float] = time.time

    def __str__(self) -> str:
        return f"journal {self.folder}"

    def start(
        self,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
    ) -> JournalRun:
        """Open a run under the id `resume`, or under a new one."""
        run_id = resume or uuid.uuid4().hex
        run = JournalRun(self.folder / run_id, self.clock)
        try:
            run.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise TrackingError(
                f"the journal can't write to {self.folder} ({error}); "
                "make it writable or set track.journal to false"
            ) from error
        run.open(name, parent)
        run.tags(tags or {})
        return run

    def knows(self, run_id: str) -> bool:
        """Return whether the run has a folder here."""
        return (self.folder / run_id / EVENTS).is_file()


@dataclass
class JournalRun:
    """One run's folder."""

    folder: Path
    clock: Callable[[], float]
    _known: set[str] = field(default_factory=set)
    _steps: set[tuple[str, int]] = field(default_factory=set)
    _settings: set[str] = field(default_factory=set)

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    def open(self, name: str, parent: str | None) -> None:
        """Write the first line, or read what is there and note that the run goes on."""
        events = read_events(self.folder / EVENTS)
        for event in events:
            self._remember(event)
        if events:
            self._append({"kind": "resume"})
        else:
            self._append({"kind": "start", "name": name, "parent": parent})

    def settings(self, values: Mapping[str, object]) -> None:
        """Record settings that the run does not hold yet."""
        new = {key: value for key, value in flatten(values).items() if key not in self._settings}
        if new:
            self._record({"kind": "settings", "values": new})

    def metrics(self, values: Mapping[str, float], step: int = 0) -> None:
        """Record numbers that the run does not hold at that step yet."""
        new = {key: value for key, value in values.items() if (key, step) not in self._steps}
        if new:
            self._record({"kind": "metrics", "step": step, "values": _finite(new)})

    def tags(self, values: Mapping[str, str]) -> None:
        """Record words."""
        if values:
            self._record({"kind": "tags", "values": dict(values)})

    def table(self, name: str, table: pa.Table) -> None:
        """Write the table as Parquet beside the lines."""
        path = self.folder / "tables" / f"{name}.parquet"
        with publish(path) as beside:
            pq.write_table(table, beside, compression="zstd")
        self._record({"kind": "table", "name": name, "rows": table.num_rows})

    def figure(self, name: str, figure: Picture) -> None:
        """Write the picture beside the lines."""
        with publish(self.folder / "figures" / f"{name}.png") as beside:
            figure.savefig(beside, dpi=PICTURE_DPI)
        self._record({"kind": "figure", "name": name})

    def file(self, path: Path, folder: str = "") -> None:
        """Record where a file lies and what it holds."""
        digest = sha256_file(path)
        self._record({"kind": "file", "path": str(path), "folder": folder, "sha256": digest})

    def end(self, status: RunStatus = "finished") -> None:
        """Write the last line, until the run goes on."""
        self._append({"kind": "end", "status": status})

    def _record(self, event: Event) -> None:
        """Append a line unless the run holds the same one."""
        if _sameness(event) not in self._known:
            self._append(event)
            self._remember(event)

    def _remember(self, event: Event) -> None:
        self._known.add(_sameness(event))
        if event["kind"] == "metrics":
            self._steps |= {(key, event["step"]) for key in event["values"]}
        if event["kind"] == "settings":
            self._settings |= set(event["values"])

    def _append(self, event: Event) -> None:
        line = json.dumps({"time": self.clock(), **event}, allow_nan=False) + "\n"
        path = self.folder / EVENTS
        try:
            stream = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                if _is_torn(path):
                    line = "\n" + line
                os.write(stream, line.encode())
            finally:
                os.close(stream)
        except OSError as error:
            raise TrackingError(
                f"the journal can't write to {path} ({error}); "
                "free space or make it writable, or set track.journal to false"
            ) from error


def read_events(path: Path) -> list[Event]:
    """Return the whole lines of a run's journal, in the order they were written."""
    if not path.is_file():
        return []
    events = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            events.append(json.loads(line))
        except json.JSONDecodeError:
            continue  # the end of a line that a kill cut off
    return events


def _is_torn(path: Path) -> bool:
    """Return whether the file's last line has no end."""
    with path.open("rb") as stream:
        if stream.seek(0, os.SEEK_END) == 0:
            return False
        stream.seek(-1, os.SEEK_END)
        return stream.read(1) != b"\n"


def _finite(values: Mapping[str, float]) -> dict[str, float | str]:
    """Return values that JSON holds: 'nan', 'inf' and '-inf' stand as text."""
    return {
        key: float(value) if math.isfinite(value) else str(float(value))
        for key, value in values.items()
    }


def _sameness(event: Event) -> str:
    """Return what is equal for two lines that say the same at different times."""
    return json.dumps({key: value for key, value in event.items() if key != "time"}, sort_keys=True)
