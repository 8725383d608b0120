"""A grid as it was written down, and as it is read with the results of its rows.

``results/grids/NAME/grid.json`` is one object::

    {
      "name": "ablation", "title": "…", "data": "simulated recordings",
      "source": "RodEpil paper, Table III",       whose values stand beside; may be empty
      "experiment": "rodepil/ablation",
      "axes": ["modality", "size", …],            order of words; may be missing
      "digests": {"clips": "…", "folds": "…"},
      "folds": [0, 1, 2, 3, 4],                   of the fold table
      "rows": [
        {
          "name": "rgb-224-16-sgd-kinetics",
          "words": {"modality": "RGB", "size": "224", …},
          "paper": {"accuracy": 98.55, "sensitivity": 97.81, "precision": 96.31, "f1": 97.0},
          "changes": {"features.size_px": 32, …},
          "group_id": "…", "run_id": "…",
          "folds": [0, 1, 2, 3, 4],               wanted so far, and finished
          "finished": [0, 1, 2, 4],
          "failed": {"3": "why"}
        }, …
      ]
    }

with the source's values in percent, a group where anything came of a row, and for every row that
has finished a fold ``rows/ROW.json`` and ``rows/ROW_predictions.parquet``, as
`rodepil.report.inputs` says of a cross-validation. Which folds are finished is read from these:
they are written first, and a killed run may have written no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
from pydantic import Field

from rodepil.config.base import Settings
from rodepil.report.numbers import Numbers, caution
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
    group_id: str | None = None
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
    digests: dict[str, str] = Field(default_factory=dict)
    folds: tuple[int, ...] = ()
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
    def finished(self) -> tuple[int, ...]:
        """The folds that are done, rising."""
        return () if self.result is None else tuple(self.result.folds)

    @property
    def failed(self) -> Mapping[int, str]:
        """Why folds that are not done failed, rising."""
        told = {int(fold): why for fold, why in self.record.failed.items()}
        return {fold: told[fold] for fold in sorted(told.keys() - set(self.finished))}

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
    def folds(self) -> tuple[int, ...]:
        """All folds that a row can be tested on, rising."""
        wanted = {fold for row in self.record.rows for fold in (*row.folds, *row.finished)}
        return tuple(sorted(self.record.folds or wanted))

    @property
    def complete(self) -> tuple[GridRow, ...]:
        """The rows whose folds are all done."""
        return tuple(
            row for row in self.rows if row.finished and set(row.finished) >= {*self.folds}
        )

    @cached_property
    def best(self) -> str | None:
        """The best of the rows whose folds are all done; None before the first."""
        names = {row.name for row in self.complete}
        tested = {name: held for name, held in self._tested.items() if name in names}
        return best_of(tested) if tested else None

    @cached_property
    def ahead(self) -> str | None:
        """The best row; before any is complete, the best of those with the most folds."""
        return self.best or (best_of(self._tested) if self._tested else None)

    @property
    def ahead_words(self) -> str:
        """What to call the row ahead."""
        return "best row" if self.best else "row ahead"

    @cached_property
    def caution(self) -> str:
        """What intervals and tests do not say, in sentences."""
        return caution(result.numbers for result in self.results.values())

    @cached_property
    def comparisons(self) -> Mapping[str, Comparison]:
        """Every other row beside the one ahead, by name."""
        found = compare(self._tested, best=self.ahead) if self._tested else ()
        return {one.row: one for one in found}

    @property
    def compared(self) -> tuple[Comparison, ...]:
        """Those of `comparisons` that share a fold with the row ahead."""
        return tuple(one for one in self.comparisons.values() if one.folds)

    @property
    def _tested(self) -> dict[str, pa.Table]:
        return {name: result.predictions for name, result in self.results.items()}

    def row(self, name: str) -> GridRow | None:
        """Return the row of a name; None, there is none."""
        return next((row for row in self.rows if row.name == name), None)
