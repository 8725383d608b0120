"""Another service is one file: this one. It is a folder of JSON files, and may be away."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrackingError
from rodepil.track import Tracker
from rodepil.track.dataset import Dataset
from rodepil.track.protocol import Picture, RunFacts, RunStatus
from rodepil.track.registration import Registration
from rodepil.track.services import service


@dataclass
class NotebookRun:
    """A run that is a JSON file."""

    path: Path
    clock: Callable[[], float]

    @property
    def id(self) -> str:
        return self.path.stem

    def settings(self, values: Mapping[str, object]) -> None:
        self._write("settings", dict(values))

    def metrics(
        self, values: Mapping[str, float], step: int = 0, *, at_s: float | None = None
    ) -> None:
        del at_s
        self._write("metrics", {f"{key}@{step}": values[key] for key in values})

    def tags(self, values: Mapping[str, str]) -> None:
        self._write("tags", dict(values))

    def describe(self, markdown: str) -> None:
        self._write("tags", {"description": markdown})

    def dataset(self, dataset: Dataset) -> None:
        self._write("datasets", {f"{dataset.name} {dataset.digest}": dataset.context})

    def table(self, name: str, table: pa.Table) -> None:
        self._write("tables", {name: table.to_pylist()})

    def figure(self, name: str, figure: Picture) -> None:
        del figure
        self._write("files", {f"figures/{name}.png": True})

    def file(self, path: Path, folder: str = "") -> None:
        self._write("files", {f"{folder}/{path.name}": path.stat().st_size > 0})

    def end(self, status: RunStatus = "finished") -> None:
        self._write("status", {status: self.clock()})

    def _write(self, kind: str, values: Mapping[str, object]) -> None:
        page = json.loads(self.path.read_text())
        page[kind] = page.get(kind, {}) | dict(values)
        self.path.write_text(json.dumps(page))


@dataclass
class Notebook:
    """A folder of JSON files that can be locked away or refuse to be written."""

    folder: Path
    locks: list[type[TrackingError]] = field(default_factory=list)

    def __str__(self) -> str:
        return "notebook"

    @property
    def experiment_id(self) -> str:
        marked = self.folder / "experiment"
        return marked.read_text() if marked.is_file() else ""

    def start(
        self,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
        key: str | None = None,
        clock: Callable[[], float] | None = None,
    ) -> NotebookRun:
        self._ask()
        begun = [path for path in self._pages() if json.loads(path.read_text())["key"] == key]
        path = self.folder / f"{resume}.json"
        if not path.is_file():
            path = begun[0] if begun else self.folder / f"page-{len(self._pages())}.json"
        run = NotebookRun(path, clock or time.time)
        if not path.is_file():
            page = {"name": name, "parent": parent, "key": key, "begun": run.clock()}
            path.write_text(json.dumps(page))
        run.tags(tags or {})
        return run

    def knows(self, run_id: str) -> bool:
        self._ask()
        return (self.folder / f"{run_id}.json").is_file()

    def runs(self, *, below: bool = False) -> list[RunFacts]:
        del below
        return [_facts(path) for path in self._pages()]

    def find(self, tags: Mapping[str, str], *, everywhere: bool = False) -> list[RunFacts]:
        del everywhere
        self._ask()
        return [run for run in self.runs() if tags.items() <= run.tags.items()]

    def history(self, run_id: str) -> list[tuple[int, dict[str, float]]]:
        self._ask()
        told = json.loads((self.folder / f"{run_id}.json").read_text())["metrics"]
        return [(int(key.split("@")[1]), {key.split("@")[0]: told[key]}) for key in told]

    def fetch(self, run_id: str, path: str, to: Path) -> None:
        self._ask()
        to.write_text(f"{run_id} {path}")

    def describe(self, markdown: str) -> None:
        self._ask()
        (self.folder / "about.md").write_text(markdown)

    def register(self, run_id: str, model: Registration) -> None:
        self._ask()
        with model.files() as folder:
            held = {file.name: file.read_text() for file in folder.iterdir()}
        (self.folder / f"{model}.registered").write_text(json.dumps([run_id, held]))

    def _ask(self) -> None:
        if self.locks:
            raise self.locks[-1]("the notebook is closed")
        self.folder.mkdir(exist_ok=True)

    def _pages(self) -> list[Path]:
        return sorted(self.folder.glob("*.json"))


def _facts(path: Path) -> RunFacts:
    held = json.loads(path.read_text())
    tags = {key: str(text) for key, text in held.get("tags", {}).items()}
    return RunFacts(path.stem, held["name"], "running", held["begun"], tags=tags)


@service("notebook")
def open_notebook(
    settings: TrackSettings, workspace: Workspace, environ: Mapping[str, str], *, make: bool
) -> Tracker:
    """Open the notebook of the project."""
    del settings, environ, make
    return Notebook(workspace.root / "notebook")
