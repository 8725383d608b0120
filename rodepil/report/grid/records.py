"""A grid as it is read with the results of its rows, each a cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from rodepil.report.grid.rows import AnyRow, Rows
from rodepil.report.numbers import Numbers, caution
from rodepil.report.records import Result
from rodepil.statistics.compare import Comparison, compare
from rodepil.statistics.compare import best_row as best_of


@dataclass(frozen=True)
class GridRow(AnyRow):
    """A row with its results.

    Parameters
    ----------
    record
        What was written down.
    result
        Its folds that are done; None before the first.
    """

    result: Result | None

    @property
    def finished(self) -> tuple[int, ...]:
        """The folds that are done, rising."""
        return () if self.result is None else tuple(self.result.folds)

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
class Grid(Rows[GridRow]):
    """A grid with the results of its rows."""

    @property
    def source(self) -> str:
        """Whose values stand beside, in words; empty where none do."""
        has_any = any(row.record.paper for row in self.rows)
        return (self.record.source or "paper") if has_any else ""

    @property
    def results(self) -> Mapping[str, Result]:
        """The results of the rows that have any, by name."""
        return {row.name: row.result for row in self.rows if row.result is not None}

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
