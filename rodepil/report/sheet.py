"""A table of a report, and how it is written as CSV, Markdown and HTML.

A cell holds a value, not a text: a share in [0, 1] under a column of kind ``percent`` is
printed ``97.25%`` in Markdown and HTML and ``97.25`` in CSV. Null is a value that is not
defined, such as the sensitivity of a subject without a seizure.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final, Literal

Kind = Literal["text", "count", "percent", "points", "seconds"]
Cell = str | int | float | None
WIDE: Final = 7
"""Columns from which on a page's table is set smaller, and its numbers may break between words."""
UNDEFINED: Final = "\N{EN DASH}"
UNITS: Final[dict[Kind, str]] = {
    "text": "", "count": "", "percent": "%", "points": "", "seconds": " s",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column: its title, what its cells are, and the group it stands in.

    Parameters
    ----------
    title
        The heading.
    kind
        ``percent`` and ``points`` hold shares in [0, 1], the latter signed differences;
        ``seconds`` holds seconds.
    group
        A heading over neighbouring columns, for HTML.
    suffix
        What tells this column from another of the same title where groups can't be shown.
    whole
        Whether its words are never broken in the terminal, to be copied from there.
    """

    title: str
    kind: Kind = "text"
    group: str = ""
    suffix: str = ""
    whole: bool = False

    @property
    def flat_title(self) -> str:
        """The heading where groups can't be shown."""
        return f"{self.title} ({self.suffix})" if self.suffix else self.title


@dataclass(frozen=True)
class Sheet:
    """A table of a report.

    Parameters
    ----------
    name
        The stem of its files.
    title
        What it shows; the caption's first words.
    note
        The rest of the caption; it names the data.
    data
        The data that the numbers come from; a CSV holds it as its last column.
    columns, rows
        What it holds; a row has one cell a column.
    bold
        Rows to set in bold, by index.
    """

    name: str
    title: str
    note: str
    data: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    bold: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table '{self.name}' has {len(self.columns)} columns and a row of {len(row)}"
                )


def cell_text(kind: Kind, cell: Cell) -> str:
    """Return a cell's value as printed, without its unit; empty when it is not defined."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return cell
    if kind in {"percent", "points"}:
        return f"{100 * cell:{'+' if kind == 'points' else ''}.2f}"
    if kind == "seconds":
        return f"{cell:.1f}"
    return str(cell)


def _with_unit(kind: Kind, cell: Cell) -> str:
    text = cell_text(kind, cell)
    if not text:
        return UNDEFINED
    if kind == "count" and isinstance(cell, int):
        return f"{cell:,}"
    return text if isinstance(cell, str) else text + UNITS[kind]


def _printed(sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Yield each row's index and its cells with their units."""
    for index, row in enumerate(sheet.rows):
        yield (
            index,
            [
                _with_unit(column.kind, cell)
                for column, cell in zip(sheet.columns, row, strict=True)
            ],
        )


def to_csv(sheet: Sheet) -> str:
    """Return the table as CSV: numbers without units, and the data in the last column."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*(column.flat_title for column in sheet.columns), "Data"])
    for row in sheet.rows:
        cells = (
            cell_text(column.kind, cell) for column, cell in zip(sheet.columns, row, strict=True)
        )
        writer.writerow([*cells, sheet.data])
    return stream.getvalue()


def to_markdown(sheet: Sheet) -> str:
    """Return the table as Markdown under its caption."""

    def line(cells: list[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    rule = ["---" if column.kind == "text" else "---:" for column in sheet.columns]
    lines = [line([column.flat_title for column in sheet.columns]), line(rule)]
    for index, cells in _printed(sheet):
        lines.append(line([f"**{cell}**" for cell in cells] if index in sheet.bold else cells))
    return f"**{sheet.title}.** {sheet.note}\n\n" + "\n".join(lines) + "\n"


def to_html(sheet: Sheet) -> str:
    """Return the table as an HTML figure whose table scrolls sideways where it is too wide."""
    heads = [
        f'<th scope="col"{_class(column)}>{escape(column.title)}</th>' for column in sheet.columns
    ]
    lines = []
    for index, cells in _printed(sheet):
        first, *rest = zip(sheet.columns, cells, strict=True)
        tags = [f'<th scope="row"{_class(first[0])}>{escape(first[1])}</th>']
        tags += [f"<td{_class(column)}>{escape(cell)}</td>" for column, cell in rest]
        mark = ' class="bold"' if index in sheet.bold else ""
        lines.append(f"<tr{mark}>{''.join(tags)}</tr>")
    body = "\n".join(lines)
    wide = " wide" if len(sheet.columns) >= WIDE else ""
    return (
        f'<figure class="sheet" id="table-{escape(sheet.name)}">'
        f"<figcaption><b>{escape(sheet.title)}.</b> {escape(sheet.note)}</figcaption>"
        f'<div class="scroll{wide}" tabindex="0" role="region" aria-label="{escape(sheet.title)}">'
        f"<table><thead>{_group_heads(sheet)}<tr>{''.join(heads)}</tr></thead>\n"
        f"<tbody>{body}</tbody></table></div></figure>"
    )


def _class(column: Column) -> str:
    """Return the classes of a cell: numbers to the right, what is for comparison paler."""
    names = ["n"] * (column.kind != "text") + ["beside"] * bool(column.suffix)
    return f' class="{" ".join(names)}"' if names else ""


def _group_heads(sheet: Sheet) -> str:
    """Return the row of group headings, or nothing when no column has a group."""
    if not any(column.group for column in sheet.columns):
        return ""
    cells = []
    for group, columns in groupby(sheet.columns, key=lambda column: column.group):
        span = len(list(columns))
        cells.append(f'<th scope="colgroup" colspan="{span}" class="group">{escape(group)}</th>')
    return f"<tr>{''.join(cells)}</tr>"
