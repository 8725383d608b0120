"""Where a run keeps its tables and figures, in every tracker, and how the journal is written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rodepil.errors import TrackingError

TABLES = "tables"
FIGURES = "figures"

PICTURE_DPI = 120.0
"""Dots per inch of figures: text stays sharp at the width of MLflow's pages."""


def table_path(name: str) -> str:
    """Return where a run holds a table: ``tables/<name>.parquet``."""
    return f"{TABLES}/{name}.parquet"


def figure_path(name: str) -> str:
    """Return where a run holds a figure: ``figures/<name>.png``."""
    return f"{FIGURES}/{name}.png"


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what goes wrong while the journal writes `path` into an error that says what to do.

    Raises
    ------
    TrackingError
        The file or folder can't be written.
    """
    try:
        yield
    except OSError as error:
        raise TrackingError(
            f"the journal can't write to {path} ({error}); "
            "free space or make it writable, or set track.journal to false"
        ) from error
