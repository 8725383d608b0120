"""How well each attribute of the clips tells the label by itself."""

from __future__ import annotations

from textwrap import fill
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from rodepil.data.audit.record import AuditRecord, Judged
from rodepil.report.style import SMALL_PT, Style, label, new_figure
from rodepil.report.words import data_note

ROW_IN: Final = 0.24
HEAD_IN: Final = 1.65
LINE_IN: Final = 0.21
TITLE_CHARS: Final = 54
GAP: Final = 0.6
LEFT: Final = 0.38
CROWDED: Final = 0.85
GROUPS: Final = {
    "file": "of the files",
    "length": "of length",
    "pixels": "of the pixels",
    "together": "together",
}


def audit_figure(record: AuditRecord, style: Style) -> Figure:
    """Draw every attribute's AUROC with its interval, grouped, and the threshold as a line."""
    rows, title = _rows(record), _title(record)
    bottom = max((y for y, _ in rows), default=0.0)
    figure, (ax,) = new_figure(
        style,
        title=title,
        note=f"{data_note(record.data)} {record.counts.clips:,} {record.unit} of "
        f"{record.counts.subjects} subjects. Bars: 95 % intervals over subjects. Dashed: what "
        "attributes of the files may reach. Hollow: may be chance.",
        height_in=HEAD_IN + LINE_IN * title.count("\n") + ROW_IN * max(3.0, bottom + 1),
    )
    ax.axvline(0.5, color=style.soft, linewidth=1)
    ax.axvline(record.threshold, color=style.second, linewidth=1.2, linestyle=(0, (4, 3)))
    for y, one in rows:
        _draw(ax, style, y, one, record.threshold)
    _headings(ax, style, rows)
    ax.set_yticks([y for y, _ in rows], [one.title for _, one in rows])
    ax.set_ylim(bottom + 0.7, -1.2)
    ax.set_xlim(LEFT, 1.02)
    ax.set_xticks(np.arange(0.4, 1.01, 0.1))
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")
    label(ax, style, x="AUROC (0.5 is chance)", y="")
    return figure


def _title(record: AuditRecord) -> str:
    """Return what the figure shows and, below, the verdict with what it does not judge."""
    found = f"{record.files_words}; {record.pixels_words}".removesuffix("; ")
    words = fill(f"{found[:1].upper()}{found[1:]}", TITLE_CHARS)
    return f"What tells the label without a look at behaviour\n{words}"


def _rows(record: AuditRecord) -> list[tuple[float, Judged]]:
    """Return each attribute with its height, from the top; a gap before each group."""
    rows: list[tuple[float, Judged]] = []
    y, group = 0.0, None
    for one in (*record.attributes, *record.together):
        if group is not None and one.group != group:
            y += GAP + 0.4
        rows.append((y, one))
        y, group = y + 1, one.group
    return rows


def _draw(ax: Axes, style: Style, y: float, one: Judged, threshold: float) -> None:
    above = one.auroc > threshold
    strict = one.group == "file" or one.name == "files"
    colour = style.second if above and strict else style.main
    if one.low is not None and one.high is not None:
        ax.hlines(y, max(LEFT, one.low), one.high, color=colour, linewidth=2.4, alpha=0.45)
    ax.scatter(
        one.auroc,
        y,
        s=30,
        color=style.paper if one.state == "unsure" else colour,
        edgecolors=colour,
        linewidths=1.2,
        zorder=3,
    )
    if above:
        inward = one.auroc > CROWDED
        edge = min(one.auroc, one.low or 1.0) if inward else max(one.auroc, one.high or 0.0)
        ax.annotate(
            f"{one.auroc:.2f}",
            (edge, y),
            xytext=(-7 if inward else 7, 0),
            textcoords="offset points",
            ha="right" if inward else "left",
            va="center",
            fontsize=SMALL_PT,
            color=style.ink,
        )


def _headings(ax: Axes, style: Style, rows: list[tuple[float, Judged]]) -> None:
    """Name each group above its first row."""
    seen: set[str] = set()
    for y, one in rows:
        if one.group not in seen:
            seen.add(one.group)
            ax.annotate(
                GROUPS[one.group],
                (-0.012, y - 0.85),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="center",
                fontsize=SMALL_PT,
                fontweight="bold",
                color=style.muted,
            )
