"""The tables of a project that are there, from recordings alone to folds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.origin import name_of_source
from rodepil.config.settings import CurateSettings, ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.curate import FAILURES
from rodepil.data.origin import data_of
from rodepil.errors import SourceError
from rodepil.io import tables

AGREED = CurateSettings().min_agreement


@dataclass(frozen=True)
class Dataset:
    """What is there of a project's data; a table that is not is None.

    Parameters
    ----------
    data
        What it is, in words.
    folder
        What the paths of recordings are relative to.
    clips_root
        What the paths of clips are relative to.
    recordings, cages, annotations, clips, folds, failures
        Tables of those schemas; ``failures`` is what the last curation could not take.
    min_agreement
        Least agreement of a seizure that labels clips.
    """

    data: str
    folder: Path
    clips_root: Path
    recordings: pa.Table | None = None
    cages: pa.Table | None = None
    annotations: pa.Table | None = None
    clips: pa.Table | None = None
    folds: pa.Table | None = None
    failures: pa.Table | None = None
    min_agreement: float = AGREED

    @property
    def kept(self) -> pa.Table | None:
        """The manifest's kept rows; None where there is none."""
        kept = None if self.clips is None else self.clips.filter(pc.field("kept"))
        return kept if kept is not None and kept.num_rows else None


def read_dataset(
    settings: ProjectSettings, workspace: Workspace, *, source: bool = False
) -> Dataset:
    """Read the tables that are there.

    Parameters
    ----------
    settings, workspace
        The project.
    source
        Whether to read what the import commands wrote (``data.folder``) in place of what the
        pipeline took and made of it. That is also done where the pipeline has not begun.

    Raises
    ------
    SourceError
        There is no table at all.
    TableError
        A table is damaged.
    """
    imported = workspace.root / settings.data.folder
    agreed = settings.curate.min_agreement
    made = (
        {}
        if source
        else _read(
            workspace.raw, workspace.clips, workspace.folds, workspace.clips_folder / FAILURES
        )
    )
    if made:
        name = data_of(settings, workspace)
        return Dataset(name, workspace.raw, workspace.clips.parent, **made, min_agreement=agreed)
    found = _read(imported)
    if not found:
        tried = f"{imported}" if source else f"{workspace.raw.parent} and {imported}"
        raise SourceError(
            f"there is no table in {tried}; import recordings ('rodepil import recordings "
            "FOLDER'), or make some with 'rodepil simulate'"
        )
    name = name_of_source(imported)
    return Dataset(name, imported, workspace.clips.parent, **found, min_agreement=agreed)


def _read(folder: Path, *more: Path) -> dict[str, pa.Table]:
    names = ("recordings", "cages", "annotations")
    paths = [*(folder / f"{name}.parquet" for name in names), *more]
    return {path.stem: tables.read(path.stem, path) for path in paths if path.is_file()}
