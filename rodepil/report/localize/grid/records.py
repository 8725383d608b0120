"""A grid whose rows localize, as it is read with the results of its rows.

K thresholds of tIoU.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from rodepil.report.grid.rows import AnyRow, Rows
from rodepil.report.localize.data import UnitData
from rodepil.report.localize.records import LocalizeRun
from rodepil.statistics.intervals import Estimate

Thresholds = tuple[float, ...]


@dataclass(frozen=True)
class LocalizedRow(AnyRow):
    """A row with its results.

    Parameters
    ----------
    record
        What was written down.
    run
        Its folds that are done; None before the first.
    """

    run: LocalizeRun | None

    @property
    def finished(self) -> tuple[int, ...]:
        """The folds that are done, rising."""
        return () if self.run is None else tuple(sorted(one.fold for one in self.run.record.trials))

    @property
    def thresholds(self) -> Thresholds:
        """The K thresholds of tIoU at which it was scored; none before the first fold is done."""
        return () if self.run is None else self.run.record.tious

    @property
    def mean(self) -> Estimate | None:
        """The mean mAP with its interval, in [0, 1]; None before the first fold is done."""
        if self.run is None:
            return None
        sure = self.run.sure
        return Estimate(self.run.mean, None if sure is None else sure.mean.interval)

    def at(self, tiou: float) -> float | None:
        """Return mAP at a threshold, in [0, 1]; None where it was not scored there."""
        return self.run.at(tiou) if self.run and tiou in self.thresholds else None


@dataclass(frozen=True)
class LocalizedGrid(Rows[LocalizedRow]):
    """A grid with the results of its rows.

    Parameters
    ----------
    record, rows
        What was written down, and the rows.
    units
        The clips that were tested; None where they are not there.
    missing
        What is not there, in sentences.
    """

    units: UnitData | None
    missing: tuple[str, ...] = ()

    @property
    def results(self) -> Mapping[str, LocalizeRun]:
        """The results of the rows that have any, by name."""
        return {row.name: row.run for row in self.rows if row.run is not None}

    @property
    def every_threshold(self) -> Thresholds:
        """All thresholds at which any row was scored, rising."""
        return tuple(sorted({tiou for row in self.rows for tiou in row.thresholds}))

    @cached_property
    def thresholds(self) -> Thresholds:
        """The thresholds of most rows, by which rows are told better or worse."""
        held = Counter(row.thresholds for row in self.rows if row.run is not None)
        return max(held, key=lambda one: held[one], default=())

    @property
    def ranked(self) -> tuple[LocalizedRow, ...]:
        """The rows with results at these thresholds."""
        return tuple(
            row for row in self.rows if row.run is not None and row.thresholds == self.thresholds
        )

    @cached_property
    def best(self) -> str | None:
        """The best by mean mAP of the rows whose folds are all done; None before the first."""
        complete = {row.name for row in self.complete}
        return _best([row for row in self.ranked if row.name in complete])

    @cached_property
    def ahead(self) -> str | None:
        """The best row; before any is complete, the best of those with the most folds."""
        most = max((len(row.finished) for row in self.ranked), default=0)
        return self.best or _best([row for row in self.ranked if len(row.finished) == most])

    @property
    def ahead_words(self) -> str:
        """What to call the row ahead."""
        return "best row" if self.best else "row ahead"

    @cached_property
    def apart(self) -> Mapping[str, Estimate]:
        """Each other row's mean mAP less that of the row ahead, over the folds that both have.

        Both have the same subjects in each resample. Not defined where they share no fold.
        """
        ahead = self.row(self.ahead or "")
        return {
            row.name: self._less(row, ahead)
            for row in self.ranked
            if ahead is not None and row is not ahead
        }

    def shared(self, row: LocalizedRow) -> tuple[int, ...]:
        """Return the folds that a row and the one ahead both have."""
        ahead = self.row(self.ahead or "")
        return () if ahead is None else tuple(sorted({*row.finished} & {*ahead.finished}))

    def _less(self, row: LocalizedRow, ahead: LocalizedRow) -> Estimate:
        folds = self.shared(row)
        if row.run is None or ahead.run is None or not folds:
            return Estimate(None, None)
        return row.run.on(folds).apart_from(ahead.run.on(folds))


def _best(rows: list[LocalizedRow]) -> str | None:
    """Return the row of the highest mean mAP, the first of several; None where there is none."""
    means = {row.name: row.run.mean for row in rows if row.run is not None}
    return max(means, key=lambda name: means[name], default=None)
