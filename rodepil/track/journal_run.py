"""One run in the journal: its lines are appended, its tables and figures lie beside."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from rodepil.io.files import publish, sha256_file
from rodepil.track.dataset import Dataset
from rodepil.track.events import EVENTS, Event, read_events
from rodepil.track.layout import PICTURE_DPI, figure_path, project_of, table_path, writing
from rodepil.track.protocol import Picture, RunStatus, flatten

LOCK = ".writing.lock"
"""Held while a line is written: two processes may go on in one run."""


@dataclass
class JournalRun:
    """One run's folder.

    Before a line is written what other processes wrote since is read, so that lines are numbered
    without a gap, and what the run holds is not written again.
    """

    folder: Path
    clock: Callable[[], float]
    _steps: set[tuple[str, int]] = field(default_factory=set)
    _settings: set[str] = field(default_factory=set)
    _held: dict[tuple[str, ...], str] = field(default_factory=dict)
    _next: int = 0
    _read_bytes: int = 0

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def written(self) -> int:
        """How many lines the run has, as the number of the next one."""
        return self._next

    def open(self, name: str, parent: str | None, key: str, experiment: str) -> None:
        """Write the first line, or read what is there and note that the run goes on."""
        of = {"experiment": experiment} if experiment else {}
        with self._alone():
            if self._next:
                self._append({"kind": "resume"})
            else:
                self._append({"kind": "start", "name": name, "parent": parent, "key": key, **of})

    def add(self, event: Event) -> None:
        """Write a line more of a run that may have ended and is not opened again."""
        with self._alone():
            self._append(event)

    def rename(self, run_id: str) -> None:
        """Call the run otherwise, as long as nobody else knows of it."""
        self.folder = self.folder.rename(self.folder.with_name(run_id))

    def settings(self, values: Mapping[str, object]) -> None:
        """Record settings that the run does not hold yet."""
        flat = flatten(values)
        with self._alone():
            new = {key: value for key, value in flat.items() if key not in self._settings}
            if new:
                self._record({"kind": "settings", "values": new})

    def metrics(
        self, values: Mapping[str, float], step: int = 0, *, at_s: float | None = None
    ) -> None:
        """Record numbers that the run does not hold at that step yet."""
        then = {} if at_s is None else {"time": at_s}
        with self._alone():
            new = {key: value for key, value in values.items() if (key, step) not in self._steps}
            if new:
                self._record({"kind": "metrics", "step": step, "values": _finite(new), **then})

    def tags(self, values: Mapping[str, str]) -> None:
        """Record words that are others than the run holds."""
        with self._alone():
            held = self._held
            new = {key: text for key, text in values.items() if held.get(("tags", key)) != text}
            if new:
                self._record({"kind": "tags", "values": new})

    def describe(self, markdown: str) -> None:
        """Record the description if it is another than the run holds."""
        with self._alone():
            if self._held.get(("description",)) != markdown:
                self._record({"kind": "description", "text": markdown})

    def dataset(self, dataset: Dataset) -> None:
        """Record a dataset that the run does not hold yet."""
        event = {"kind": "dataset", **vars(dataset)}
        with self._alone():
            if _place(event) not in self._held:
                self._record(event)

    def table(self, name: str, table: pa.Table) -> None:
        """Write the table as Parquet beside the lines."""
        path = self.folder / table_path(name)
        with writing(path), publish(path) as beside:
            pq.write_table(table, beside, compression="zstd")
        digest = sha256_file(path)
        self._lay({"kind": "table", "name": name, "rows": table.num_rows, "sha256": digest})

    def figure(self, name: str, figure: Picture) -> None:
        """Write the picture beside the lines."""
        path = self.folder / figure_path(name)
        with writing(path), publish(path) as beside:
            figure.savefig(beside, dpi=PICTURE_DPI)
        self._lay({"kind": "figure", "name": name, "sha256": sha256_file(path)})

    def file(self, path: Path, folder: str = "") -> None:
        """Record where a file lies and what it holds."""
        digest = sha256_file(path)
        project = project_of(self.folder.parent)
        lies = path.relative_to(project) if path.is_relative_to(project) else path
        self._lay({"kind": "file", "path": str(lies), "folder": folder, "sha256": digest})

    def end(self, status: RunStatus = "finished") -> None:
        """Write the last line, until the run goes on."""
        with self._alone():
            self._append({"kind": "end", "status": status})

    def _lay(self, event: Event) -> None:
        """Record a file, table or figure unless the last one of its name held the same."""
        with self._alone():
            if self._held.get(_place(event)) != event["sha256"]:
                self._record(event)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from writing a line, and learn what they wrote before."""
        path = self.folder / EVENTS
        with writing(path):
            self.folder.stat()  # to take the lock would make a folder that is gone
            with FileLock(self.folder / LOCK):
                self._recall(read_events(path, self._read_bytes))
                self._read_bytes = path.stat().st_size if path.is_file() else 0
                yield

    def _record(self, event: Event) -> None:
        self._append(event)
        self._remember(event)

    def _recall(self, events: Sequence[Event]) -> None:
        for event in events:
            self._remember(event)
            self._next = event["seq"] + 1

    def _remember(self, event: Event) -> None:
        kind = event["kind"]
        if kind == "metrics":
            self._steps |= {(key, event["step"]) for key in event["values"]}
        elif kind == "settings":
            self._settings |= set(event["values"])
        elif kind == "tags":
            self._held |= {("tags", key): text for key, text in event["values"].items()}
        elif kind == "description":
            self._held["description",] = event["text"]
        elif kind == "dataset":
            self._held[_place(event)] = event["digest"]
        elif "sha256" in event:
            self._held[_place(event)] = event["sha256"]

    def _append(self, event: Event) -> None:
        """Write a line while nobody else does; what a full disk tears is not read."""
        marked = {"seq": self._next, "time": self.clock(), **event}
        line = json.dumps(marked, allow_nan=False) + "\n"
        # Unbuffered, so that a kill leaves whole lines and at most a torn last one.
        with (self.folder / EVENTS).open("ab", buffering=0) as stream:
            if _is_torn(self.folder / EVENTS):
                line = "\n" + line
            left = line.encode()
            while left:
                left = left[stream.write(left) :]
            self._read_bytes = stream.tell()
        self._next += 1


def _place(event: Event) -> tuple[str, ...]:
    """Return what a later file, table or figure takes the place of, and what a dataset is."""
    if event["kind"] == "dataset":
        return ("dataset", event["name"], event["digest"])
    if event["kind"] == "file":
        return ("file", event["folder"], Path(event["path"]).name)
    return (event["kind"], event["name"])


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
