"""Tables in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rodepil.report.sheet import Sheet


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
            no_wrap=not words,
        )
    for row in sheet.rows:
        cells = (
            cell_text(column.kind, cell) or UNDEFINED
            for column, cell in zip(sheet.columns, row, strict=True)
        )
        table.add_row(*map(escape, cells))
    return table
