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
)
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.text import Text

from rodepil.io.progress import Advance

LINES_WITHOUT_TERMINAL = 10
ROUNDING = 1e-9
FEW = 10
"""Below it, a part of a unit is shown with two decimals, else with one."""

NAME, SHORTEST = 30, 4
"""Columns that a task's name takes at most, and its bar at least."""

SHORT_S = 0.05
"""Work that took less has no rate that says anything."""

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
            TextColumn("{task.description}", table_column=Column(no_wrap=True, max_width=NAME)),
            _Bar(bar_width=None, table_column=Column(ratio=1, min_width=SHORTEST)),
            _Amounts(unit, table_column=Column(no_wrap=True)),
            *([_Rate(unit, table_column=Column(no_wrap=True))] if unit in RATED else []),
            _Times(table_column=Column(no_wrap=True)),
        )
        with Progress(*columns, console=self._console, expand=True) as bars:
            number = bars.add_task(name, total=total)
            yield lambda amount: bars.advance(number, amount)
            if abs(bars.tasks[0].remaining or 0.0) < ROUNDING * total:  # of many parts
                bars.update(number, completed=total)

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
                passed_s = time.monotonic() - begun_s
                if unit in RATED and passed_s >= SHORT_S:
                    line += f", {_rate(done / passed_s, unit)}"
                self._console.print(line, highlight=False, soft_wrap=True)

        return advance


class _Bar(BarColumn):
    """A bar that ends full: rich counts its cells by a quotient, which may round down."""

    def render(self, task: Task) -> ProgressBar:
        """Return the bar."""
        bar = super().render(task)
        if task.finished:
            bar.update(1, 1)
        return bar


class _Amounts(ProgressColumn):
    """What is done, of what there is to do."""

    def __init__(self, unit: str, table_column: Column | None = None) -> None:
        super().__init__(table_column)
        self._unit = unit

    def render(self, task: Task) -> Text:
        """Return the two amounts."""
        said = f"{_amounts(task.completed, task.total or 0.0)} {self._unit}"
        return Text(said, style="progress.download")


class _Rate(ProgressColumn):
    """How much is done a second."""

    def __init__(self, unit: str, table_column: Column | None = None) -> None:
        super().__init__(table_column)
        self._unit = unit

    def render(self, task: Task) -> Text:
        """Return the rate of late, or of the whole when all is done; none of a moment."""
        passed_s = task.finished_time if task.finished else task.elapsed
        if not passed_s or passed_s < SHORT_S:
            return Text("")
        speed = task.completed / passed_s if task.finished else task.speed
        return Text("" if speed is None else _rate(speed, self._unit), style="progress.data.speed")


class _Times(ProgressColumn):
    """How long it takes still; when it is done, how long it took."""

    def render(self, task: Task) -> Text:
        """Return either."""
        if task.finished:
            return Text(f"in {_clock(task.finished_time or 0.0)}", style="progress.elapsed")
        left_s = task.time_remaining
        if left_s is None:
            return Text(f"{_clock(task.elapsed or 0.0)} so far", style="progress.elapsed")
        return Text(f"{_clock(left_s)} left", style="progress.remaining")


def _rate(speed: float, unit: str) -> str:
    return f"{speed:.{1 if speed < SLOW else 0}f} {unit}/s"


def _amounts(done: float, total: float) -> str:
    """Return both in whole units where they are counted, else with decimals."""
    digits = 0 if float(total).is_integer() else 2 if total < FEW else 1
    return f"{done:.{digits}f}/{total:.{digits}f}"


def _clock(seconds: float) -> str:
    return str(dt.timedelta(seconds=round(seconds)))
