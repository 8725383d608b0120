"""A grid as it was written down, and as it is read with the results of its rows.

``results/grids/NAME/grid.json`` is one object::

    {
      "name": "ablation", "title": "…", "data": "simulated recordings",
      "source": "RodEpil paper, Table III",       whose values stand beside; may be empty
      "experiment": "rodepil/ablation",
      "axes": ["modality", "size", …],            order of words; may be missing
      "digests": {"clips": "…", "folds": "…"},
      "rows": [
        {
          "name": "rgb-224-16-sgd-kinetics",
          "words": {"modality": "RGB", "size": "224", …},
          "paper": {"accuracy": 98.55, "sensitivity": 97.81, "precision": 96.31, "f1": 97.0},
          "changes": {"features.size_px": 32, …},
          "group_id": "…", "run_id": "…",
          "folds": [0, 1, 2, 3, 4],               wanted
          "finished": [0, 1, 2, 4],
          "failed": {"3": "why"}
        }, …
      ]
    }

with the source's values in percent, and for every row that has finished a fold
``rows/ROW.json`` and ``rows/ROW_predictions.parquet``, as `rodepil.report.inputs` says of a
cross-validation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import Field

from rodepil.config.base import Settings
from rodepil.report.numbers import Numbers
from rodepil.report.records import Result
from rodepil.report.words import data_note
from rodepil.statistics.compare import Comparison, compare
from rodepil.statistics.compare import best_row as best_of


class RowRecord(Settings, extra="ignore"):
    """A row as it was written down: what it is, and how far it has come."""

    name: str
    words: dict[str, str] = Field(default_factory=dict)
    paper: dict[str, float] = Field(default_factory=dict)
    changes: dict[str, Any] = Field(default_factory=dict)
    run_id: str | None = None
    folds: tuple[int, ...]
    finished: tuple[int, ...]
    failed: dict[str, str] = Field(default_factory=dict)


class GridRecord(Settings, extra="ignore"):
    """A grid as it was written down."""

    name: str
    title: str
    data: str
    source: str = ""
    note: str = ""
    experiment: str
    axes: tuple[str, ...] = ()
    rows: tuple[RowRecord, ...]


@dataclass(frozen=True)
class GridRow:
    """A row with its results.

    Parameters
    ----------
    record
        What was written down.
    result
        Its folds that are done; None before the first.
    """

    record: RowRecord
    result: Result | None

    @property
    def name(self) -> str:
        """What the row is called everywhere."""
        return self.record.name

    @property
    def is_complete(self) -> bool:
        """Whether every fold that is wanted is done."""
        return bool(self.record.folds) and set(self.record.folds) <= set(self.record.finished)

    @property
    def numbers(self) -> Numbers | None:
        """Its statistics; None before its first fold is done."""
        return None if self.result is None else self.result.numbers

    def printed(self, metric: str) -> float | None:
        """Return what the source prints of a metric, in [0, 1]; None, nothing."""
        value = self.record.paper.get(metric)
        return None if value is None else value / 100

    def beyond(self, metric: str) -> float | None:
        """Return by how much the row's mean is above what the source prints, in [-1, 1]."""
        printed = self.printed(metric)
        if self.result is None or printed is None:
            return None
        return float(getattr(self.result.mean, metric)) - printed


@dataclass(frozen=True)
class Grid:
    """A grid with the results of its rows."""

    record: GridRecord
    rows: tuple[GridRow, ...]

    @property
    def data(self) -> str:
        """The data that the numbers come from, in words."""
        return self.record.data

    @property
    def about(self) -> str:
        """What must be said of the numbers: the data, and what the grid's file says of them."""
        return " ".join(filter(None, [data_note(self.data), self.record.note]))

    @property
    def source(self) -> str:
        """Whose values stand beside, in words; empty where none do."""
        has_any = any(row.record.paper for row in self.rows)
        return (self.record.source or "paper") if has_any else ""

    @property
    def results(self) -> Mapping[str, Result]:
        """The results of the rows that have any, by name."""
        return {row.name: row.result for row in self.rows if row.result is not None}

    @property
    def best(self) -> str | None:
        """The row of the highest mean F1 among those whose folds are all done."""
        means = {
            row.name: row.result.mean.f1
            for row in self.rows
            if row.is_complete and row.result is not None
        }
        return max(means, key=means.__getitem__) if means else None

    @property
    def ahead(self) -> str | None:
        """The best row; before any is complete, the best of those with the most folds."""
        tested = {name: result.predictions for name, result in self.results.items()}
        return self.best or (best_of(tested) if tested else None)

    @cached_property
    def comparisons(self) -> Mapping[str, Comparison]:
        """Every other row beside the one ahead, by name."""
        tested = {name: result.predictions for name, result in self.results.items()}
        found = compare(tested, best=self.ahead) if tested else ()
        return {one.row: one for one in found}

    def row(self, name: str) -> GridRow | None:
        """Return the row of a name; None, there is none."""
        return next((row for row in self.rows if row.name == name), None)
