"""What a project's recordings are, by what lies in its folder rather than by settings.

Settings may say another source than the one that data/raw was filled from; numbers made of it
must not bear the other's name.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rodepil.config.origin import SIMULATED, data_name, name_of_source
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TableError

_KEY = b"rodepil.data"


def named(recordings: pa.Table, folder: Path) -> pa.Table:
    """Return a recordings table that says from which source's folder it was taken."""
    held = recordings.schema.metadata or {}
    return recordings.replace_schema_metadata({**held, _KEY: name_of_source(folder).encode()})


def data_of(settings: ProjectSettings, workspace: Workspace) -> str:
    """Return what the recordings in data/raw are; without any, what the settings say.

    Recordings of a lab lie elsewhere, and simulated ones beside the table of where their animals
    are, which tells them apart where the recordings table does not.

    Raises
    ------
    TableError
        The recordings table is damaged.
    """
    path = workspace.raw / "recordings.parquet"
    if not path.is_file():
        return data_name(settings)
    try:
        table = pq.read_table(path, columns=["path"])
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(
            f"{path} can't be read as Parquet: {error}; make it again (dvc repro source)"
        ) from error
    said = (table.schema.metadata or {}).get(_KEY)
    if said is not None:
        return str(said.decode())
    paths = [Path(one) for one in table.column("path").to_pylist()]
    if any(one.is_absolute() or one.parts[:1] == ("..",) for one in paths):
        return name_of_source(Path(settings.data.folder))
    known = (workspace.raw / "animal_boxes.parquet").is_file()
    return SIMULATED if known else data_name(settings)
