"""What came of a grid's rows, written down as they end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rodepil.config.grid import GridRow
from rodepil.trials.grid.files import GridFiles
from rodepil.trials.grid.plan import RowPlans
from rodepil.trials.job import Job
from rodepil.trials.task import AnyResult

Describe = Callable[[str], str]
"""Gives the description of a row's run by the row's name, from the grid's files."""

NOTHING: Mapping[str, Any] = {
    "group_id": None, "run_id": None, "folds": [], "finished": [], "failed": {}
}  # fmt: skip
"""What came of a row before it was run."""


class GridCourse:
    """Writes down what came of rows as they end, beside what came of others before.

    What was written of other clips, folds, settings or code is put aside first.

    Parameters
    ----------
    plan
        The grid's.
    files
        Where to write; held by this process.
    experiment
        Where runs are recorded.
    describe
        Gives the description of a row's run.

    Attributes
    ----------
    note
        What was put aside, in a sentence; empty where nothing was.
    results, failed
        Of the rows that have ended: what came of each, and why folds failed.
    """

    def __init__(
        self, plan: RowPlans[Any], files: GridFiles, experiment: str, describe: Describe | None
    ) -> None:
        self.plan, self.files, self.experiment, self.describe = plan, files, experiment, describe
        self.results: dict[str, AnyResult] = {}
        self.failed: dict[str, Mapping[int, str]] = {}
        before = files.read()
        known = {row["name"]: row for row in before.get("rows", ())}
        rows = {row.name: self._told(row) for row in plan.grid.rows}
        same = before.get("digests") == plan.digests
        stale = {
            name
            for name, row in known.items()
            if not same or name not in rows or row.get("recipe") != rows[name]["recipe"]
        }
        self.note = self._put_aside(before, stale) if stale else ""
        self._rows = {
            name: {**NOTHING, **({} if name in stale else known.get(name, {})), **row}
            for name, row in rows.items()
        }
        self._write()
        for name in stale:
            files.drop_row(name)

    def end(self, job: Job[AnyResult], failed: Mapping[int, str]) -> None:
        """Write what came of a row, and close its run."""
        name, result = job.plan.name, job.collect()
        finished = [] if result is None else [fold.trial.settings.fold for fold in result.folds]
        row = self._rows[name]
        tried = {*self.plan.folds, *finished}
        left = {fold: why for fold, why in row["failed"].items() if int(fold) not in tried}
        row |= {
            "group_id": job.plan.group,
            "run_id": result and result.run_id,
            "folds": sorted({*tried, *row["folds"]}),
            "finished": finished,
            "failed": left | {str(fold): why for fold, why in failed.items()},
        }
        if failed:
            self.failed[name] = failed
        if result is not None:
            self.results[name] = result
            self.files.write_row(name, result)
        self._write()
        if result is None:
            job.recorder.interrupt("failed")
            return
        words = self.describe(name) if self.describe else None
        job.recorder.conclude(result, failed=failed, description=words)

    def _told(self, row: GridRow) -> dict[str, Any]:
        """Return what a row is."""
        return {
            "name": row.name,
            "words": row.words,
            "paper": row.paper,
            "changes": row.changes,
            "recipe": self.plan.recipe(row.name),
        }

    def _put_aside(self, before: Mapping[str, Any], stale: set[str]) -> str:
        """Keep what was written before, and say why."""
        digests = before.get("digests", {})
        changed = [name for name, now in self.plan.digests.items() if digests.get(name) != now]
        what = " and ".join(f"the {name}" for name in changed) or "settings or code"
        of = "all rows" if len(stale) == len(before["rows"]) else f"rows {sorted(stale)}"
        return (
            f"{what} changed since grid '{self.plan.grid.name}' was run: the trials of {of} are "
            f"new ones; what came of the former ones is kept in {self.files.put_aside()}"
        )

    def _write(self) -> None:
        grid = self.plan.grid
        record = {
            "name": grid.name,
            "title": grid.title,
            "source": grid.source,
            "note": grid.note,
            "data": self.plan.data,
            "experiment": self.experiment,
            "digests": self.plan.digests,
            "folds": self.plan.every_fold,
            "axes": list(dict.fromkeys(axis for row in grid.rows for axis in row.words)),
            "rows": list(self._rows.values()),
        }
        self.files.write(record)
