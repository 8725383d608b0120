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


def project_of(journal: Path) -> Path:
    """Return the project that holds a journal, as ``<project>/results/journal``."""
    return journal.parent.parent


def kept_name(journal: Path, service: str) -> str:
    """Return what a journal calls a service: a database of its project by its place in that.

    A copy of a project has a copy of both, and is to know its own.

    >>> kept_name(Path("/lab/rats/results/journal"), "MLflow sqlite:////lab/rats/mlflow.db")
    'MLflow sqlite:///mlflow.db'
    """
    return service.replace(f"sqlite:///{project_of(journal).as_posix()}/", "sqlite:///")


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
