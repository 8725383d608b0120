"""The confusion matrix of a set of predictions."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from rodepil.report.counts import CLASSES, count
from rodepil.report.style import BASE_PT, SMALL_PT, Style, label, new_figure
from rodepil.report.words import data_note
from rodepil.train.metrics import THRESHOLD


def confusion_matrix(predictions: pa.Table, data: str, style: Style) -> Figure:
    """Draw the clips by true and predicted class, counted and as shares of the true class."""
    figure, (ax,) = new_figure(
        style,
        title="Confusion matrix",
        note=f"{data_note(data)} {predictions.num_rows:,} test clips; a seizure is called at a "
        f"score of {THRESHOLD:g} or more.",
        height_in=3.7,
        width_in=4.6,
    )
    counts = count(predictions).matrix()
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    shade = LinearSegmentedColormap.from_list("shade", [style.paper, style.main])
    ax.imshow(shares, cmap=shade, vmin=0, vmax=1, aspect="auto")
    _cells(ax, style, counts, shares)
    ax.set_xticks([0, 1], list(CLASSES))
    ax.set_yticks([0, 1], list(CLASSES), rotation=90, va="center")
    ax.grid(visible=False)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelsize=BASE_PT)
    label(ax, style, x="Predicted", y="True")
    return figure


def _cells(
    ax: Axes,
    style: Style,
    counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> None:
    """Print the count and the share into every cell, in the colour that reads on its shade."""
    for (row, column), value in np.ndenumerate(counts):
        strong = shares[row, column] > 0.5  # noqa: PLR2004 - half shade is where the ink turns
        ink = style.paper if strong else style.ink
        ax.text(column, row - 0.04, f"{value:,}", ha="center", va="bottom", fontsize=17, color=ink)
        ax.text(
            column,
            row + 0.06,
            f"{100 * shares[row, column]:.1f}% of {CLASSES[row]}",
            ha="center",
            va="top",
            fontsize=SMALL_PT,
            color=ink,
        )
