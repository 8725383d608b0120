"""Files that are made from others, unless nothing that they are made from has changed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, TypedDict

import matplotlib as mpl
import numpy as np

import rodepil
from rodepil.io.files import publish, sha256_file, short_hash, write_json, write_text
from rodepil.report.page import Picture

STAMP: Final = ".made.json"
"""What the files were made from, and what they held; written last."""

MADE_BY: Final = ("statistics", "report", "train", "scoring", "data/ratseizure/copies.py")
"""The parts of the package that the files follow from."""


class Stamp(TypedDict):
    """A digest of what files were made from, and the files with digests of what they held."""

    key: str
    files: list[tuple[str, str]]


def made_once(folder: Path, read: Iterable[Path], make: Callable[[], list[Path]]) -> list[Path]:
    """Return files of a folder, made again where something that they are made from has changed.

    Parameters
    ----------
    folder
        Where they lie.
    read
        What they are made from, beside the code; some of it may be missing.
    make
        Writes the files and returns them. What lay there before and is none of these is removed.
    """
    key, before = _key(read), _stamp(folder)
    if before["key"] == key and all(_lies(folder / one, held) for one, held in before["files"]):
        return [folder / one for one, _ in before["files"]]
    written = make()
    for stale in {one for one, _ in before["files"]} - {path.name for path in written}:
        (folder / stale).unlink(missing_ok=True)
    held = [(path.name, sha256_file(path)) for path in written]
    write_json(folder / STAMP, {"key": key, "files": held})
    return written


def publish_all(
    folder: Path, pictures: Mapping[str, Picture], texts: Mapping[str, str]
) -> list[Path]:
    """Write figures as ``NAME.png`` and texts under their names, and return the files."""
    for name, one in pictures.items():
        with publish(folder / f"{name}.png") as beside:
            beside.write_bytes(one.light)
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in (*(f"{name}.png" for name in pictures), *texts)]


def _key(read: Iterable[Path]) -> str:
    """Return a digest of all that the files are made from, the code too."""
    package = Path(rodepil.__file__).parent
    parts = [package / part for part in MADE_BY]
    code = sorted(path for part in parts for path in (part, *part.rglob("*.py")))
    digests = [sha256_file(path) for path in (*read, *code) if path.is_file()]
    return short_hash(digests, mpl.__version__, np.__version__)


def _stamp(folder: Path) -> Stamp:
    """Return what was written down when the files were last made; empty, nothing was."""
    try:
        found = json.loads((folder / STAMP).read_bytes())
        return {"key": str(found["key"]), "files": [(str(a), str(b)) for a, b in found["files"]]}
    except (OSError, ValueError, KeyError, TypeError):
        return {"key": "", "files": []}


def _lies(path: Path, digest: str) -> bool:
    return path.is_file() and sha256_file(path) == digest
