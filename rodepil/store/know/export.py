"""Features for other tools: tar files for WebDataset, NumPy archives, or Parquet.

Every file appears whole and is named for what it holds, so that an export that was interrupted
goes on where it was. ``_export.json`` is written last: where it is, the export is whole. Readers of
whole folders, such as pandas, pass over names that begin with an underscore.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow.compute as pc

from rodepil.data.foldcheck import check_folds
from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.io.files import publish, short_hash, write_json
from rodepil.io.progress import Progress, Silent
from rodepil.io.wording import by_number
from rodepil.store import snapshot
from rodepil.store.know.columns import lookup
from rodepil.store.know.formats import WRITERS, Sample
from rodepil.store.know.outside import refuse_address
from rodepil.store.know.project import StoreProject
from rodepil.store.shards import folder_name
from rodepil.store.views.base import View

Format = Literal["webdataset", "npz", "parquet"]
FORMATS: tuple[Format, ...] = ("webdataset", "npz", "parquet")
SUFFIXES: dict[Format, str] = {"webdataset": ".tar", "npz": ".npz", "parquet": ".parquet"}
FILE_BYTES = 256_000_000
END = "_export.json"
VERSION = 2
"""To be raised whenever a format's files change, so that old and new do not mix."""


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes
    ----------
    folder
        Where it is.
    files
        The files' names, in order.
    clips
        Clips in them.
    written
        How many of the files were not there yet.
    """

    folder: Path
    files: tuple[str, ...]
    clips: int
    written: int

    def __str__(self) -> str:
        there = len(self.files) - self.written
        clips = by_number(self.clips, "clip", "clips")
        said = f"{clips} in {by_number(len(self.files), 'file', 'files')} in {self.folder}"
        return said + f", {there} of which were there" * bool(there)


def export(
    project: StoreProject,
    name: str,
    form: Format,
    folder: Path,
    *,
    file_bytes: int = FILE_BYTES,
    progress: Progress | None = None,
) -> Exported:
    """Write the features of all kept clips, with subject, label, fold and key.

    What is found damaged or lost is made again. Clips come in the order of recordings and time, so
    that neighbours are alike: who trains has to shuffle.

    Whoever trains on an export has to keep subjects apart by its folds: no guard goes with it.

    Parameters
    ----------
    project
        Whose store it is.
    name
        A view of the settings.
    form
        ``webdataset``, ``npz`` or ``parquet``.
    folder
        Where to write: empty, or with a part of the same export.
    file_bytes
        Bytes of features that a file holds at most, but one clip at least.
    progress
        Shown clips.

    Raises
    ------
    FeatureError
        There is no such view, snapshot or feature; the snapshot is stale; a feature is damaged and
        can't be made again; or the folder holds something else.
    """
    refuse_address(folder)
    project.refuse_without_snapshot()
    view = project.view(name)
    clips, place = project.manifest.clips, project.store.place
    snapshot.refuse_stale(view, project.held(name), clips, place)
    planned = _planned(view, form, _samples(project, name), file_bytes)
    _refuse_others(folder, {*planned, END})
    written = 0
    total = sum(map(len, planned.values()))
    with (progress or Silent()).task(f"export {name}", total, "clips") as advance:
        for file, samples in planned.items():
            if not (folder / file).is_file():
                _write(project, view, form, folder / file, samples)
                written += 1
            advance(len(samples))
    write_json(
        folder / END,
        {
            "view": {"name": name, "kind": view.kind, "settings": view.settings},
            "made by": folder_name(view),
            "columns": {key: [one.dtype, list(one.shape)] for key, one in view.columns.items()},
            "snapshot": snapshot.digest(name, project.features),
            "format": form,
            "order": "recordings and time; shuffle to train",
            "files": {file: len(samples) for file, samples in planned.items()},
        },
    )
    return Exported(folder, tuple(planned), total, written)


def _samples(project: StoreProject, name: str) -> list[Sample]:
    """Return the clips of a view, in the order of recordings and time."""
    clips = project.manifest.clips.filter(pc.field("kept"))
    order = ["recording_id", "position", "start_frame", "clip_id"]
    clips = clips.sort_by([(column, "ascending") for column in order])
    folds: dict[str, int] = {}
    if project.workspace.folds.is_file():
        table = tables.read("folds", project.workspace.folds)
        check_folds(project.manifest.clips, table)
        folds = lookup(table, "clip_id", "fold")
    keys = lookup(project.held(name), "clip_id", "key")
    columns = (clips.column(one).to_pylist() for one in ("clip_id", "subject_id", "label"))
    return [
        Sample(clip_id, subject_id, label, folds.get(clip_id), keys[clip_id])
        for clip_id, subject_id, label in zip(*columns, strict=True)
        if clip_id in keys
    ]


def _planned(
    view: View, form: Format, samples: Sequence[Sample], file_bytes: int
) -> dict[str, list[Sample]]:
    """Deal clips to files, each named for all that it holds."""
    planned = {}
    for number, some in enumerate(_groups(view, samples, file_bytes)):
        said = [json.loads(sample.as_json()) for sample in some]
        digest = short_hash(VERSION, form, view.name, said)
        planned[f"{view.name}-{number:05}-{digest}{SUFFIXES[form]}"] = some
    return planned


def _groups(view: View, samples: Sequence[Sample], file_bytes: int) -> Iterator[list[Sample]]:
    """Yield as many clips as a file holds; of columns that differ in length, 1,000 are supposed."""
    one = sum(column.size_bytes(1000) for column in view.columns.values())
    size = max(1, file_bytes // max(one, 1))
    for start in range(0, len(samples), size):
        yield list(samples[start : start + size])


def _write(
    project: StoreProject, view: View, form: Format, path: Path, samples: Sequence[Sample]
) -> None:
    store, manifest = project.store, project.manifest
    rows = (store.sound_row(view, sample.clip_id, manifest) for sample in samples)
    try:
        with publish(path) as beside:
            WRITERS[form](beside, view, zip(samples, rows, strict=True))
    except OSError as error:
        raise FeatureError(
            f"{path} can't be written: {error.strerror or error}; make room or set rights, and "
            "run the command again: what is finished is kept"
        ) from error


def _refuse_others(folder: Path, ours: set[str]) -> None:
    """Refuse a folder in which something else lies; hidden leftovers of a kill do not count."""
    if folder.exists() and not folder.is_dir():
        raise FeatureError(f"{folder} is no folder; name another")
    there = sorted(folder.iterdir()) if folder.is_dir() else []
    others = [path for path in there if path.name not in ours and not path.name.startswith(".")]
    if others:
        raise FeatureError(
            f"{folder} holds {others[0].name}, which is no part of this export (its view, clips, "
            "folds or format may have changed since); name an empty folder"
        )
