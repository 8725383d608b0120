"""Records of results: JSON files that one command writes and another reads."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from rodepil.config.base import Settings
from rodepil.errors import ReportError, RodepilError

Record = TypeVar("Record", bound=Settings)


def read_record(
    path: Path,
    model: type[Record],
    what: str,
    remedy: str,
    error: type[RodepilError] = ReportError,
) -> Record:
    """Read a record and check that it holds what it should.

    Parameters
    ----------
    path
        The JSON file.
    model
        What it must hold.
    what
        That in words, as "what a grid writes".
    remedy
        What to do where it is missing or holds something else.
    error
        The class of what is raised.

    Raises
    ------
    RodepilError
        Of the class `error`: the file is missing, can't be read, or holds something else.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError as missing:
        raise error(f"{path} is not there, which should hold {what}; {remedy}") from missing
    except OSError as refused:
        raise error(f"{path} can't be read: {refused}; {remedy}") from refused
    try:
        return model.model_validate_json(content)
    except ValueError as wrong:
        raise error(f"{path} does not hold {what}: {wrong}; {remedy}") from wrong
