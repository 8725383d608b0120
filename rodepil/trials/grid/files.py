"""What a grid leaves, from which its report is made.

::

    results/grids/<grid>/
        grid.json                     the rows: what they change, what came of each
        rows/<row>.json               as results/crossval.json, of the folds that are finished
        rows/<row>_predictions.parquet
        features/<view>.parquet       the features that rows learn from, by the view's identity
    results/grids_former/<grid>-<digest>/   the same, of clips or folds that were changed since
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rodepil.config.workspace import Workspace
from rodepil.errors import TrialError
from rodepil.io.files import short_hash, unwritable, write_json
from rodepil.trials.results import CrossvalResult, write_result

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
    """

    workspace: Workspace
    name: str

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return self.workspace.results / "grids" / self.name

    @property
    def record(self) -> Path:
        """What tells the rows."""
        return self.folder / "grid.json"

    def snapshot(self, identity: str) -> Path:
        """Return the table of features of the view with that identity."""
        return self.folder / "features" / f"{identity}.parquet"

    def begin(self, digests: Mapping[str, str]) -> str:
        """Make the folder, put former results aside that are of other clips or folds, and say so.

        Parameters
        ----------
        digests
            Of clips and folds, by name.

        Returns
        -------
        str
            What was put aside, in a sentence; empty where nothing was.

        Raises
        ------
        TrialError
            The folder can't be written.
        """
        before = self.read().get("digests", digests)
        changed = [name for name, digest in digests.items() if before.get(name) != digest]
        former = self.workspace.results / "grids_former" / f"{self.name}-{_mark(before)}"
        try:
            if changed:
                former.parent.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(former, ignore_errors=True)
                self.folder.rename(former)
            self.folder.mkdir(parents=True, exist_ok=True)
            probe = self.folder / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise TrialError(unwritable(self.folder, error)) from error
        if not changed:
            return ""
        return (
            f"the {' and '.join(changed)} changed since grid '{self.name}' was run: its trials are "
            f"new ones, and what came of the former ones is kept in {former}"
        )

    def read(self) -> dict[str, Any]:
        """Return what was written of the rows; nothing where there is none or it can't be read."""
        try:
            known = json.loads(self.record.read_bytes())
        except (OSError, ValueError):
            return {}
        return known if isinstance(known, dict) else {}

    def write_row(self, row: str, result: CrossvalResult) -> None:
        """Write what came of a row."""
        write_result(result, self.folder / "rows", row)

    def drop_row(self, row: str) -> None:
        """Remove what came of a row of other settings."""
        for name in (f"{row}.json", f"{row}_predictions.parquet"):
            (self.folder / "rows" / name).unlink(missing_ok=True)

    def write(self, record: Mapping[str, object]) -> None:
        """Write what tells the rows, last."""
        write_json(self.record, dict(record))


def _mark(digests: Mapping[str, str]) -> str:
    return short_hash(dict(digests))[:DIGITS]
