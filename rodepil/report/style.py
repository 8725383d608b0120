"""How every figure looks: one scale of type, one set of colours, no global state.

The hues are those of Okabe and Ito, which colour-blind readers can tell apart. A figure is
drawn on matplotlib's Agg canvas without pyplot, so that nothing is shared between figures.

References
----------
Okabe and Ito (2008), Color Universal Design.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.textpath import TextPath

TITLE_PT: Final = 12.5
BASE_PT: Final = 10.0
SMALL_PT: Final = 8.5
WIDTH_IN: Final = 6.0
DPI: Final = 180
PADDING_IN: Final = 0.09
POINTS_PER_INCH: Final = 72
TITLE: Final = FontProperties(size=TITLE_PT, weight="bold")
NOTE: Final = FontProperties(size=SMALL_PT)


@dataclass(frozen=True)
class Style:
    """The colours of one theme, each as ``#rrggbb``."""

    name: str
    paper: str
    ink: str
    muted: str
    grid: str
    main: str
    second: str
    soft: str
    folds: tuple[str, ...]


LIGHT: Final = Style(
    name="light",
    paper="#ffffff",
    ink="#1b1f24",
    muted="#57606a",
    grid="#e4e8ec",
    main="#0072b2",
    second="#d55e00",
    soft="#b6bfc9",
    folds=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"),
)
DARK: Final = Style(
    name="dark",
    paper="#171b20",
    ink="#e9ecef",
    muted="#a3acb5",
    grid="#2d343b",
    main="#56b4e9",
    second="#f08a3c",
    soft="#5a646e",
    folds=("#56b4e9", "#f08a3c", "#2fc39a", "#d892b8", "#e8b33f", "#8a9cff"),
)


def new_figure(
    style: Style,
    *,
    title: str,
    note: str,
    height_in: float,
    columns: int = 1,
    rows: int = 1,
    width_in: float = WIDTH_IN,
    width_ratios: Sequence[float] | None = None,
    alike: bool = False,
) -> tuple[Figure, list[Axes]]:
    """Return a figure with its title above and its note below, and its axes row by row.

    Parameters
    ----------
    style
        The theme to draw in.
    title
        What the figure shows.
    note
        Where the numbers come from; every figure says so.
    height_in, width_in
        Size in inches.
    columns, rows
        Axes side by side, and above each other.
    width_ratios
        Their relative widths; equal by default.
    alike
        Whether all axes have one scale, written once.
    """
    layout = ConstrainedLayoutEngine(w_pad=PADDING_IN, h_pad=PADDING_IN)
    figure = Figure((width_in, height_in), DPI, layout=layout, facecolor=style.paper)
    FigureCanvasAgg(figure)
    figure.suptitle(
        _wrapped(figure, title, TITLE),
        x=0.012,
        ha="left",
        fontsize=TITLE_PT,
        fontweight="bold",
        color=style.ink,
    )
    figure.supxlabel(
        _wrapped(figure, note, NOTE), x=0.012, ha="left", fontsize=SMALL_PT, color=style.muted
    )
    grid = figure.subplots(
        rows, columns, squeeze=False, width_ratios=width_ratios, sharex=alike, sharey=alike
    )
    axes = list(grid.flat)
    for ax in axes:
        _dress(ax, style)
    return figure, axes


def _wrapped(figure: Figure, words: str, font: FontProperties) -> str:
    """Break words into lines that fit the figure, by their true widths.

    A word that is too long for a line, as the name of a row may be, is broken after a hyphen.
    """
    room_pt = 0.97 * POINTS_PER_INCH * figure.get_figwidth()
    lines: list[str] = []
    for word in words.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and _width_pt(longer, font) <= room_pt:
            lines[-1] = longer
            continue
        parts = [word] if _width_pt(word, font) <= room_pt else _parts(word)
        lines.append("")
        for part in parts:
            if lines[-1] and _width_pt(lines[-1] + part, font) > room_pt:
                lines.append("")
            lines[-1] += part
    return "\n".join(lines)


def _parts(word: str) -> list[str]:
    """Return the parts of a word with the hyphens that end them, each of a few letters."""
    parts = re.findall(r"[^-_/]{1,12}[-_/]*|[-_/]+", word)
    return parts or [word]


def _width_pt(words: str, font: FontProperties) -> float:
    """Return the width of words by the outlines of their letters."""
    return float(TextPath((0, 0), words, prop=font).vertices[:, 0].max())


def _dress(ax: Axes, style: Style) -> None:
    """Give axes the theme's colours and sizes, and only the lines that help."""
    ax.set_facecolor(style.paper)
    ax.tick_params(colors=style.muted, labelcolor=style.ink, labelsize=SMALL_PT, length=3)
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(style.soft)
    ax.grid(visible=True, color=style.grid, linewidth=0.8)
    ax.set_axisbelow(True)


def label(ax: Axes, style: Style, *, x: str, y: str, title: str = "") -> None:
    """Name the axes, with their units, and the panel."""
    ax.set_xlabel(x, fontsize=BASE_PT, color=style.ink)
    ax.set_ylabel(y, fontsize=BASE_PT, color=style.ink)
    if title:
        ax.set_title(title, fontsize=BASE_PT, color=style.ink, loc="left", fontweight="bold")


def legend(ax: Axes, style: Style, place: Literal["lower left", "lower right"]) -> None:
    """Draw a legend in the corner `place`."""
    drawn = ax.legend(loc=place, fontsize=SMALL_PT, frameon=True, labelcolor=style.ink)
    frame = drawn.get_frame()
    frame.set_facecolor(style.paper)
    frame.set_edgecolor("none")
    frame.set_alpha(0.85)


def legend_above(ax: Axes, style: Style, *, right: bool = False) -> None:
    """Draw a legend in one line above the axes, from their left edge or up to their right one."""
    ax.legend(
        loc="lower right" if right else "lower left",
        bbox_to_anchor=(1 if right else 0, 1),
        borderaxespad=0.2,
        ncols=4,
        fontsize=SMALL_PT,
        frameon=False,
        labelcolor=style.ink,
        columnspacing=1.3,
        handletextpad=0.5,
    )


def png(figure: Figure) -> bytes:
    """Return the figure as PNG, the same bytes for the same figure."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()
