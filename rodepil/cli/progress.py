"""Progress bars in the terminal; a line for every tenth where there is no terminal."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from rodepil.io.progress import Advance

LINES_WITHOUT_TERMINAL = 10
ROUNDING = 1e-9
FEW = 10
"""Below it, a part of a unit is shown with two decimals, else with one."""

SLOW = 100
"""Below it, a rate is shown with a decimal."""

RATED = ("clips", "MB")
"""Units that are shown by the second as well."""


class Bars:
    """Draws one bar a task on `console`.

    Parameters
    ----------
    console
        Where to draw; standard error by default, so that output can be piped.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        """Yield a function that advances the bar; there is none where nothing is to do."""
        if not total:
            yield lambda _: None
            return
        if not self._console.is_terminal:
            yield self._lines(name, total, unit)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            _Amounts(),
            TextColumn(unit),
            *([_Rate(unit)] if unit in RATED else []),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as bars:
            number = bars.add_task(name, total=total)
            yield lambda amount: bars.advance(number, amount)

    def _lines(self, name: str, total: float, unit: str) -> Advance:
        done = 0.0
        printed, shown = 0, _amounts(0.0, total)
        begun_s = time.monotonic()

        def advance(amount: float) -> None:
            nonlocal done, printed, shown
            done += amount
            tenth = int(LINES_WITHOUT_TERMINAL * done / total + ROUNDING)
            amounts = _amounts(done, total)
            if tenth > printed and (amounts != shown or tenth >= LINES_WITHOUT_TERMINAL):
                printed, shown = tenth, amounts
                left_s = (time.monotonic() - begun_s) * max(0.0, total - done) / done
                line = f"{name}: {amounts} {unit}, {_clock(left_s)} left"
                if unit in RATED:
                    line += f", {_rate(done / max(time.monotonic() - begun_s, 1e-9), unit)}"
                self._console.print(line, highlight=False, soft_wrap=True)

        return advance


class _Amounts(ProgressColumn):
    """What is done, of what there is to do."""

    def render(self, task: Task) -> Text:
        """Return the two amounts."""
        return Text(_amounts(task.completed, task.total or 0.0), style="progress.download")


class _Rate(ProgressColumn):
    """How much is done a second."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """Return the rate of late, or of the whole when all is done."""
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else _rate(speed, self._unit), style="progress.data.speed")


def _rate(speed: float, unit: str) -> str:
    return f"{speed:.{1 if speed < SLOW else 0}f} {unit}/s"


def _amounts(done: float, total: float) -> str:
    """Return both in whole units where they are counted, else with decimals."""
    digits = 0 if float(total).is_integer() else 2 if total < FEW else 1
    return f"{done:.{digits}f}/{total:.{digits}f}"


def _clock(seconds: float) -> str:
    return str(dt.timedelta(seconds=round(seconds)))
