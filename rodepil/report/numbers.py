"""What the statistics say of one result, each worked out when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import pyarrow as pa

from rodepil.statistics.calibration import Calibration, calibrate
from rodepil.statistics.intervals import Estimate, Interval
from rodepil.statistics.ranking import Ranking, rank
from rodepil.statistics.row import RowSummary, summarize
from rodepil.statistics.scored import take
from rodepil.statistics.subjects import SubjectResult, by_subject

TRAINED_ONCE: Final = (
    "Intervals and p are of other subjects and of these trained models; training again may change "
    "more."
)
PLUS_MINUS: Final = "\N{PLUS-MINUS SIGN}"
RATES = (0.01, 0.05, 0.10)
"""False positive rates at which sensitivity is told."""


@dataclass(frozen=True)
class Numbers:
    """The statistics of a result.

    Parameters
    ----------
    predictions
        Table ``predictions`` of the folds that are done.
    """

    predictions: pa.Table

    @cached_property
    def summary(self) -> RowSummary:
        """The five metrics: mean, standard deviation over folds, interval over subjects."""
        return summarize(self.predictions)

    @cached_property
    def ranking(self) -> Ranking:
        """AUROC, average precision, and sensitivity at `RATES`."""
        return rank(self.predictions, rates=RATES)

    @cached_property
    def calibration(self) -> Calibration:
        """Brier score and calibration curve."""
        return calibrate(self.predictions)

    @cached_property
    def subjects(self) -> tuple[SubjectResult, ...]:
        """Every subject by itself."""
        return by_subject(take(self.predictions))


def caution(of: Iterable[Numbers]) -> str:
    """Return what intervals and tests of these results do not say, in sentences."""
    if not any(numbers.summary.lone_folds for numbers in of):
        return TRAINED_ONCE
    return (
        f"{TRAINED_ONCE} Where folds hold one subject, these are drawn again among each other, "
        "and intervals are a little too short."
    )


def percent_text(share: float) -> str:
    """Return a share in a sentence, ``93.4%``."""
    return f"{100 * share:.1f}%"


def spread_text(mean: float, deviation: float | None) -> str:
    """Return a mean with its standard deviation in percent, ``93.41 (sign) 2.05``."""
    return f"{100 * mean:.2f}" + (
        "" if deviation is None else f" {PLUS_MINUS} {100 * deviation:.2f}"
    )


def interval_text(
    interval: Interval | None, scale: float = 100, digits: int = 1, to: str = " to "
) -> str | None:
    """Return bounds as printed, ``88.1 to 95.4``; None without an interval."""
    if interval is None:
        return None
    return f"{scale * interval.low:.{digits}f}{to}{scale * interval.high:.{digits}f}"


def with_interval(estimate: Estimate, scale: float = 1, digits: int = 3) -> str | None:
    """Return a value with its bounds, ``0.981 (0.955 to 0.992)``; None, not defined."""
    if estimate.value is None:
        return None
    bounds = interval_text(estimate.interval, scale, digits)
    return f"{scale * estimate.value:.{digits}f}" + (f" ({bounds})" if bounds else "")
