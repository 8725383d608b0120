"""What is written down of a dataset of action units beside its tables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from rodepil.data.ratseizure.clips import RatSeizure
from rodepil.errors import TableError
from rodepil.io import tables
from rodepil.io.files import unwritable, write_json

SPLIT: Final = "split.json"
"""Which split there is, its folds, what is left out, and what is shared between sides."""

CLASSES: Final = "classes.json"
"""How often each label stands on either side of the given split."""

_KEYS: Final = {"split", "clips", "events", "folds", "leaks", "lines"}


def write_records(folder: Path, split: Mapping[str, object], classes: pa.Table) -> None:
    """Write both files.

    Raises
    ------
    TableError
        One can't be written.
    """
    try:
        write_json(folder / SPLIT, split)
        write_json(folder / CLASSES, {"classes": classes.to_pylist()})
    except OSError as error:
        raise TableError(unwritable(folder, error)) from error


def read_split(folder: Path) -> Mapping[str, Any] | None:
    """Read what was written of the split; None where nothing was.

    Raises
    ------
    TableError
        The file is damaged.
    """
    path = folder / SPLIT
    if not path.is_file():
        return None
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise TableError(f"{path} can't be read ({error}); make it again: dvc repro") from error
    if not isinstance(held, dict) or not set(held) >= _KEYS:
        raise TableError(f"{path} is of another form; make it again: dvc repro units_clips")
    return held


def are_made(clips: Path, annotations: RatSeizure) -> bool:
    """Say whether the table "clips" is there and was made of these annotated clips.

    Raises
    ------
    TableError
        The table is damaged.
    """
    if not clips.is_file():
        return False
    made = set(tables.read("clips", clips).column("video_id").to_pylist())
    return made == set(annotations.subset_of)
