"""What rows of a grid are called, and what is left of them to run; whatever they train."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from typing import Final

from rodepil.io.wording import by_number
from rodepil.report.grid.rows import AnyGrid, AnyRow
from rodepil.report.sheet import Column

REASON_CHARACTERS: Final = 100


def axes_of(grid: AnyGrid) -> tuple[str, ...]:
    """Return what rows differ in, in the grid's order; nothing where that tells no rows apart."""
    used = dict.fromkeys(axis for row in grid.rows for axis in row.record.words)
    axes = tuple(dict.fromkeys([*(axis for axis in grid.record.axes if axis in used), *used]))
    told = {tuple(row.record.words.get(axis) for axis in axes) for row in grid.rows}
    return axes if len(told) == len(grid.rows) else ()


def folds_text(grid: AnyGrid, row: AnyRow) -> str:
    """Return how many of the grid's folds a row has done, ``5`` or ``4 of 5``."""
    done, there = len(row.finished), len(grid.folds)
    return str(done) if done == there else f"{done} of {there}"


def left_note(grid: AnyGrid) -> str:
    """Return which folds failed, and which have not been run; empty where all are done."""
    failed = [
        f"{row.name}/fold-{fold} ({shorten(why, REASON_CHARACTERS, placeholder=' ...')})"
        for row in grid.rows
        for fold, why in row.failed.items()
    ]
    begun = [row for row in grid.rows if row.record.folds]
    open_ = sum(len({*grid.folds} - {*row.finished} - {*row.failed}) for row in begun)
    idle = len(grid.rows) - len(begun)
    left = [
        by_number(count, one, many)
        for count, one, many in ((idle, "row", "rows"), (open_, "fold", "folds"))
        if count
    ]
    said = f" Failed: {'; '.join(failed)}." if failed else ""
    return said + (f" Not run yet: {' and '.join(left)}." if left else "")


def name_columns(axes: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns that name a row: its words, or its name where these tell none apart."""
    titles = [axis.replace("_", " ").capitalize() for axis in axes] or ["Row"]
    return tuple(Column(title) for title in titles)


def named(row: AnyRow, axes: Sequence[str]) -> tuple[str, ...]:
    """Return the cells of `name_columns`."""
    return tuple(row.record.words.get(axis, "") for axis in axes) or (row.name,)
