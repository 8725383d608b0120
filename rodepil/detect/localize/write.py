"""Write what came of recordings, each file whole or not at all."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from rodepil.detect.localize.boris import boris_text
from rodepil.detect.localize.outcome import Localized
from rodepil.detect.told_files import ABOUT, BORIS, EVENTS, SHEET
from rodepil.errors import TableError
from rodepil.io import tables
from rodepil.io.files import unwritable, write_text


def write_localized(localized: Localized, out: Path, *, named: bool = False) -> list[Path]:
    """Write all events, those that are told as CSV and for BORIS, and what they rest on.

    Parameters
    ----------
    localized
        What was found.
    out
        The folder.
    named
        Whether the animals have names.

    Returns
    -------
    list of Path
        The files: ``events.parquet`` (every event, however unsure), ``events.csv`` and
        ``boris.tsv`` (those that are told, merged), ``about.json`` (videos, model, rules).

    Raises
    ------
    TableError
        A file can't be written.
    """
    about = localized.about
    data = f"found by a model trained on {about.get('learned_from_data', 'unknown data')}"
    boris = boris_text(localized.told, localized.videos, named=named, about=data)
    known = {
        **about,
        "videos": [video.as_json() for video in localized.videos],
        "failed": [{"path": path, "reason": reason} for path, reason in localized.failed],
    }
    tables.write("events", localized.events, out / EVENTS)
    told = json.dumps(known, indent=2, ensure_ascii=False) + "\n"
    for name, text in ((SHEET, _csv(localized)), (BORIS, boris), (ABOUT, told)):
        try:
            write_text(out / name, text)
        except OSError as error:
            raise TableError(unwritable(out / name, error)) from error
    return [out / name for name in (EVENTS, SHEET, BORIS, ABOUT)]


def _csv(localized: Localized) -> str:
    """Return the events that are told as CSV: the columns of table ``events``, and ``merged``."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(localized.told.column_names)
    for row in localized.told.to_pylist():
        writer.writerow([f"{row[name]:.6g}" if name == "score" else row[name] for name in row])
    return stream.getvalue()
