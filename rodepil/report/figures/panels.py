"""Small panels of one kind: three in a line, as many lines as there are names."""

from __future__ import annotations

from textwrap import fill
from typing import Final

from matplotlib.axes import Axes

from rodepil.report.style import SMALL_PT, Style

COLUMNS: Final = 3
PANEL_IN: Final = 1.85
HEAD_IN: Final = 1.35
NAME_CHARACTERS: Final = 24


def name_panel(ax: Axes, style: Style, name: str) -> None:
    """Name a small panel above it, on as many lines as it needs."""
    words = fill(name, NAME_CHARACTERS, break_on_hyphens=True)
    ax.set_title(words, fontsize=SMALL_PT, color=style.ink, loc="left")


def finish(axes: list[Axes], used: int, style: Style, *, x: str, y: str) -> None:
    """Take away panels that hold nothing and name the axes at the left and below."""
    for at, ax in enumerate(axes):
        if at >= used:
            ax.set_visible(False)
            continue
        is_left, is_lowest = at % COLUMNS == 0 or used == 1, at + COLUMNS >= used
        ax.set_xlabel(x if is_lowest else "", fontsize=SMALL_PT, color=style.ink)
        ax.set_ylabel(y if is_left else "", fontsize=SMALL_PT, color=style.ink)
        ax.tick_params(labelbottom=is_lowest, labelleft=is_left)
