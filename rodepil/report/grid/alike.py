"""Rows of a grid that differ in modality alone, for Fig. 2."""

from __future__ import annotations

from typing import Final

from rodepil.report.grid.records import Grid, GridRow
from rodepil.report.modalities import ORDER

AXIS: Final = "modality"
"""What a grid calls the modality of a row."""


def alike_but_modality(grid: Grid) -> dict[str, GridRow]:
    """Return the rows that differ in modality alone, by modality, in the order of Fig. 2.

    Of several such groups the one with the most modalities, then the first; empty where no two
    rows that are done differ so.
    """
    groups: dict[tuple[tuple[str, str], ...], dict[str, GridRow]] = {}
    for row in grid.rows:
        words = row.record.words
        if row.result is None or AXIS not in words:
            continue
        rest = tuple(sorted((axis, word) for axis, word in words.items() if axis != AXIS))
        modality = row.result.record.settings.train.modality
        groups.setdefault(rest, {}).setdefault(modality, row)
    most = max(groups.values(), key=len, default={})
    if len(most) < 2:  # noqa: PLR2004 - one alone compares nothing
        return {}
    others = sorted(set(most) - set(ORDER))
    return {name: most[name] for name in (*ORDER, *others) if name in most}
