"""What a run learned from: each clip's feature, traced back to the bytes of its recording.

The table lies with the run's trials and not in the store, which may be deleted.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyarrow import csv
from pydantic import Field

from rodepil.config.base import Settings
from rodepil.errors import FeatureError, TableError
from rodepil.io import tables
from rodepil.io.files import publish, unwritable
from rodepil.store import snapshot
from rodepil.store.know.outside import refuse_address
from rodepil.store.places import Place
from rodepil.store.views.base import View

FILE = "lineage.parquet"
HEADER = b"rodepil.lineage"


class ViewRecord(Settings):
    """What a view was when a run learned from it: all that its features' keys hang on."""

    name: str
    kind: str
    identity: str
    settings: dict[str, Any]
    code_version: int
    made_with: str
    made_of: dict[str, str]

    @classmethod
    def of(cls, view: View) -> ViewRecord:
        """Return the record of a view as it is now."""
        return cls(
            name=view.name,
            kind=view.kind,
            identity=view.identity(),
            settings=view.settings,
            code_version=view.code_version,
            made_with=view.made_with(),
            made_of=dict(view.made_of()),
        )


class Origin(Settings):
    """What a lineage is of.

    Attributes
    ----------
    group
        The cross-validation.
    trials
        Its trials, by id.
    snapshot
        The digest of the snapshot: which clip had which feature.
    view
        What the features were.
    folds
        The fold that each trial tests, by the trial's id; those of earlier versions are not known.
    task
        What its trials train: clips' labels, or where action units are.
    control
        Its name, or ``none``; None where an earlier version did not say.
    start
        In words, the weights that its trials start from; None where an earlier version did not
        say.
    """

    group: str
    trials: tuple[str, ...]
    snapshot: str
    view: ViewRecord
    folds: Mapping[str, int] = Field(default_factory=dict)
    task: Literal["classify", "localize"] = "classify"
    control: str | None = None
    start: str | None = None


def trace(
    view: View,
    features: pa.Table,
    clips: pa.Table,
    recordings: Mapping[str, str],
    place: Place | None = None,
) -> pa.Table:
    """Return the table "lineage" of a view's features, by clip_id.

    Parameters
    ----------
    view
        The view.
    features
        The snapshot.
    clips
        The manifest.
    recordings
        The SHA-256 of recordings by id, as far as they are known.
    place
        Where the shards lie, so that an error can say what differs.

    Raises
    ------
    FeatureError
        The snapshot is empty or stale: its features are not those of these clips in this view.
    """
    rows = snapshot.of_view(view.name, features).sort_by("clip_id")
    if not rows.num_rows:
        raise FeatureError(
            f"the snapshot has no feature of view '{view.name}'; run 'rodepil features materialize'"
        )
    snapshot.refuse_stale(view, rows, clips, place)
    at = pc.index_in(rows.column("clip_id"), value_set=clips.column("clip_id").combine_chunks())
    of_clip = clips.take(at)
    recording_ids = of_clip.column("recording_id").to_pylist()
    columns = {
        "clip_id": rows.column("clip_id"),
        "view": rows.column("view"),
        "key": rows.column("key"),
        "clip_sha256": of_clip.column("sha256"),
        "recording_id": of_clip.column("recording_id"),
        "recording_sha256": pa.array([recordings.get(each) for each in recording_ids], pa.string()),
        "subject_id": of_clip.column("subject_id"),
        "fold": pa.nulls(rows.num_rows, pa.int64()),
        "start_frame": of_clip.column("start_frame"),
        "end_frame": of_clip.column("end_frame"),
    }
    wanted = tables.schema("lineage")
    arrays = [columns[name].cast(wanted.field(name).type) for name in wanted.names]
    return tables.check("lineage", pa.table(arrays, schema=wanted))


def with_folds(rows: pa.Table, folds: pa.Table) -> pa.Table:
    """Return a lineage that says which fold each clip is in.

    Parameters
    ----------
    rows, folds
        The tables "lineage" and "folds".
    """
    at = pc.index_in(rows.column("clip_id"), value_set=folds.column("clip_id").combine_chunks())
    for name in ("subject_id", "fold"):
        column = folds.column(name).take(at)
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows


def write(rows: pa.Table, origin: Origin, path: Path) -> None:
    """Write a lineage, whole or not at all."""
    said = json.dumps(origin.model_dump(mode="json"), sort_keys=True)
    tables.write("lineage", rows.replace_schema_metadata({HEADER: said.encode()}), path)


def read(path: Path) -> tuple[pa.Table, Origin]:
    """Read a lineage.

    Raises
    ------
    TableError
        It can't be read.
    """
    rows = tables.read("lineage", path)
    return rows, _origin(rows.schema, path)


def read_origin(path: Path) -> Origin:
    """Read what a lineage is of, without its rows.

    Raises
    ------
    TableError
        It can't be read.
    """
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(_unreadable(path, error)) from error
    return _origin(schema, path)


def _origin(schema: pa.Schema, path: Path) -> Origin:
    said = (schema.metadata or {}).get(HEADER)
    try:
        return Origin.model_validate_json(said or b"")
    except ValueError as error:
        raise TableError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> str:
    return (
        f"{path} can't be read as a run's lineage: {error}; remove it and run 'rodepil crossval', "
        "which writes it again"
    )


def lineages(trials: Path) -> list[Path]:
    """Return the lineages of all runs of a project."""
    return sorted(trials.glob(f"*/{FILE}"))


def referred_keys(trials: Path) -> set[str]:
    """Return the keys of features that any run learned from.

    Raises
    ------
    TableError
        A lineage can't be read.
    """
    return {
        key
        for path in lineages(trials)
        for key in tables.read("lineage", path).column("key").to_pylist()
    }


def refuse_format(out: Path) -> str:
    """Return the suffix of a file that `save` can write.

    Raises
    ------
    FeatureError
        It is neither ``.csv`` nor ``.parquet``, or the file is an address.
    """
    refuse_address(out)
    suffix = out.suffix.lower()
    if suffix not in {".csv", ".parquet"}:
        raise FeatureError(f"'{out.name}' names no format; end it in .csv or .parquet")
    return suffix


def save(rows: pa.Table, out: Path) -> None:
    """Write the rows of a lineage for other programs, in the format of the file's suffix.

    Raises
    ------
    FeatureError
        The suffix is neither ``.csv`` nor ``.parquet``, or the file can't be written.
    """
    suffix = refuse_format(out)
    plain = rows.replace_schema_metadata(None)
    try:
        with publish(out) as beside:
            if suffix == ".csv":
                csv.write_csv(plain, beside)
            else:
                pq.write_table(plain, beside, compression="zstd")
    except OSError as error:
        raise FeatureError(unwritable(out, error)) from error
