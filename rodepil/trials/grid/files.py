"""What a grid leaves, from which its report is made.

::

    results/grids/<grid>/
        grid.json                     the rows: what they change, what came of each
        rows/<row>.json               as results/crossval.json, of the folds that are finished
        rows/<row>_predictions.parquet    where it localizes, <row>_detections.parquet
        features/<view>.parquet       the features that rows learn from, by the view's identity
    results/grids_former/<grid>-<digest>/   the same, of clips, folds, settings or code that were
                                            changed since
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from rodepil.config.workspace import Workspace
from rodepil.errors import TrialError
from rodepil.io.files import link_or_copy, publish, short_hash, unwritable, write_json
from rodepil.trials.task import AnyResult

DIGITS = 8
"""Of a digest, to tell former results by."""


@dataclass(frozen=True)
class GridFiles:
    """The files of one grid.

    Parameters
    ----------
    workspace
        The project.
    name
        The grid's.
    recorded
        What the file is called that tells the rows.
    """

    workspace: Workspace
    name: str
    recorded: str = "grid.json"

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.workspace.results / "grids" / self.name

    @property
    def record(self) -> Path:
        """What tells the rows."""
        return self.folder / self.recorded

    def snapshot(self, identity: str) -> Path:
        """Return the table of features of the view with that identity."""
        return self.folder / "features" / f"{identity}.parquet"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the grid, so that no two processes write down what came of it.

        Raises
        ------
        TrialError
            Another process holds it, or the folder can't be written.
        """
        lock = FileLock(self.folder / ".lock", timeout=0)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except Timeout as error:
            raise TrialError(
                f"grid '{self.name}' is being run by another process; wait for it, or end it and "
                "run this again"
            ) from error
        except OSError as error:
            raise TrialError(unwritable(self.folder, error)) from error
        try:
            yield
        finally:
            lock.release()

    def put_aside(self) -> Path:
        """Copy what is there to where former results are kept, and return that folder."""
        mark = short_hash(self.read())[:DIGITS]
        former = self.workspace.results / "grids_former" / f"{self.name}-{mark}"
        try:
            with publish(former) as beside:
                shutil.copytree(self.folder, beside, copy_function=link_or_copy, ignore=_hidden)
        except OSError as error:
            raise TrialError(unwritable(former, error)) from error
        return former

    def read(self) -> dict[str, Any]:
        """Return what was written of the rows; nothing where there is none or it can't be read."""
        try:
            known = json.loads(self.record.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def write_row(self, row: str, result: AnyResult) -> None:
        """Write what came of a row."""
        result.write(self.folder / "rows", row)

    def drop_row(self, row: str) -> None:
        """Remove what came of a row of other settings."""
        for name in (f"{row}.json", f"{row}_predictions.parquet", f"{row}_detections.parquet"):
            (self.folder / "rows" / name).unlink(missing_ok=True)

    def write(self, record: Mapping[str, object]) -> None:
        """Write what tells the rows, last."""
        write_json(self.record, dict(record))


def _hidden(folder: str, names: list[str]) -> list[str]:
    """Return what of a folder is for the running process alone."""
    del folder
    return [name for name in names if name.startswith(".")]
