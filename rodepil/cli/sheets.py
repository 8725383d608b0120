"""Tables in the terminal."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rodepil.report.sheet import Sheet

GAP = 2
FOLDED = 10
"""Characters of a column that is left that many at least when others take the room."""

ENDLESS = 10_000
"""Columns of a file or another command, which break no line."""


def show(sheet: Sheet) -> None:
    """Print a sheet; in a terminal too narrow for what is not to be broken, lines run on."""
    console = Console()
    room = console.width
    if not console.is_terminal and "COLUMNS" not in os.environ:
        room = ENDLESS
    gap = GAP if _least(sheet, GAP) <= room else 1
    wide = Console(width=max(room, _least(sheet, gap)))
    wide.print(shown(sheet, gap), highlight=False)


def _least(sheet: Sheet, gap: int) -> int:
    """Return the characters of a line in which only words that may be folded are."""
    table = shown(sheet, gap)
    each = [
        max(map(cell_len, [str(column.header), *map(str, column.cells)]))
        if column.no_wrap
        else FOLDED
        for column in table.columns
    ]
    return sum(each) + gap * (len(each) - 1)


def shown(sheet: Sheet, gap: int) -> Table:
    """Return a sheet as a table of the terminal: long words are folded, numbers never cut."""
    from rodepil.report.sheet import UNDEFINED, cell_text  # noqa: PLC0415 - help stays instant

    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    for column in sheet.columns:
        words = column.kind == "text"
        table.add_column(
            escape(column.title),
            justify="left" if words else "right",
            overflow="fold",
            no_wrap=column.whole or not words,
        )
    for row in sheet.rows:
        cells = (
            cell_text(column.kind, cell) or UNDEFINED
            for column, cell in zip(sheet.columns, row, strict=True)
        )
        table.add_row(*map(escape, cells))
    return table
