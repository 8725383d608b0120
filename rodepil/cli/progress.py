"""Progress bars in the terminal; a line for every tenth where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from rodepil.io.progress import Advance

LINES_WITHOUT_TERMINAL = 10


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
        """Yield a function that advances the bar."""
        if not self._console.is_terminal:
            yield self._lines(name, total, unit)
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console) as bars:
            number = bars.add_task(name, total=total)
            yield lambda amount: bars.advance(number, amount)

    def _lines(self, name: str, total: float, unit: str) -> Advance:
        done = 0.0
        printed = 0

        def advance(amount: float) -> None:
            nonlocal done, printed
            done += amount
            tenth = int(LINES_WITHOUT_TERMINAL * done / total) if total else printed
            if tenth > printed:
                printed = tenth
                self._console.print(f"{name}: {done:.0f}/{total:.0f} {unit}", highlight=False)

        return advance
