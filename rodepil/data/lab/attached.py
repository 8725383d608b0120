"""What hangs on recordings, so that none gets other content below it without a word."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rodepil.io import tables
from rodepil.io.wording import by_number

_WORDS = {
    "cages": ("cage", "cages"),
    "annotations": ("annotation", "annotations"),
    "marks": ("annotator's mark", "annotators' marks"),
    "watched": ("note of who watched", "notes of who watched"),
}


def attached_to(folder: Path) -> dict[str, str]:
    """Return what a source's other tables hold of each recording, as ``3 cages, 1 annotation``.

    Raises
    ------
    TableError
        A table that is there is damaged.
    """
    found: dict[str, list[str]] = {}
    for name, words in _WORDS.items():
        path = folder / f"{name}.parquet"
        if path.is_file():
            ids = tables.read(name, path).column("recording_id").to_pylist()
            for recording_id, count in Counter(ids).items():
                found.setdefault(recording_id, []).append(by_number(count, *words))
    return {recording_id: ", ".join(parts) for recording_id, parts in found.items()}
