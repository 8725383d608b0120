"""The tables: one Arrow schema each, checked at every read and write (DESIGN.md, Tables).

Times are seconds from the start of the recording; frame spans are half-open.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rodepil.errors import TableError
from rodepil.io.files import publish, unwritable

_S, _F, _I, _B = pa.string(), pa.float64(), pa.int64(), pa.bool_()


def _schema(
    required: Mapping[str, pa.DataType], optional: Mapping[str, pa.DataType] | None = None
) -> pa.Schema:
    """Columns in order; those in `required` can't hold null."""
    fields = [pa.field(name, kind, nullable=False) for name, kind in required.items()]
    fields += [pa.field(name, kind, nullable=True) for name, kind in (optional or {}).items()]
    return pa.schema(fields)


SCHEMAS: dict[str, pa.Schema] = {
    # fps is exact: a fraction as text, for example "30000/1001"; n_frames is what decodes.
    "recordings": _schema(
        {
            "recording_id": _S, "path": _S, "sha256": _S, "date": _S, "video_id": _S, "fps": _S,
            "n_frames": _I, "duration_s": _F, "width_px": _I, "height_px": _I, "codec": _S,
        },
        {
            # Of the file: what its container says, which need not be true.
            "container": _S, "declared_fps": _S, "declared_frames": _I, "start_s": _F,
            "rotation_deg": _I, "first_is_key": _B, "damaged_packets": _I, "size_bytes": _I,
            # Of the lab: files that a camera cut one recording into share a session and its
            # continuous time; part tells files apart that share date and video_id; starts_at is
            # the wall clock of the first frame (ISO 8601, no zone: the lab's own time).
            "camera": _S, "session_id": _S, "session_start_s": _F, "part": _S, "starts_at": _S,
        },
    ),
    "cages": _schema(
        {
            "recording_id": _S, "position": _I, "subject_id": _S,
            "x_px": _I, "y_px": _I, "width_px": _I, "height_px": _I,
        }
    ),
    # label is "seizure" or an action unit of rodepil.io.labels; agreement is in [0, 1].
    "annotations": _schema(
        {
            "recording_id": _S, "position": _I, "start_s": _F, "end_s": _F, "label": _S,
            "annotator": _S, "agreement": _F,
        }
    ),
    # What each annotator marked, by file and line, before it is merged into "annotations".
    "marks": _schema(
        {
            "file": _S, "line": _I, "recording_id": _S, "position": _I, "start_s": _F, "end_s": _F,
            "label": _S, "annotator": _S,
        },
        {"sheet": _S},
    ),
    # What an annotator looked at, seizures or not; no position stands for every cage.
    "watched": _schema(
        {"file": _S, "annotator": _S, "recording_id": _S}, {"position": _I}
    ),
    # Where the animal truly is in a frame; only simulated recordings know it.
    "animal_boxes": _schema(
        {
            "recording_id": _S, "position": _I, "frame": _I,
            "x_px": _I, "y_px": _I, "width_px": _I, "height_px": _I,
        }
    ),
    "clips": _schema(
        {
            "clip_id": _S, "recording_id": _S, "subject_id": _S, "position": _I, "date": _S,
            "video_id": _S, "start_frame": _I, "end_frame": _I, "start_s": _F, "duration_s": _F,
            "label": _I, "kept": _B,
        },
        {
            # Null where a window was dropped before it was encoded or measured.
            "path": _S, "sha256": _S, "fps": _S, "n_frames": _I, "width_px": _I, "height_px": _I,
            "motion": _F, "overlap_s": _F, "drop_reason": _S, "parent_clip_id": _S,
        },
    ),
    # What could tell a clip's label without any look at behaviour (rodepil.data.audit). The
    # fingerprint holds what changes in it, and where.
    "attributes": _schema(
        {"clip_id": _S, "subject_id": _S, "label": _I},
        {
            "fps": _F, "frames": _I, "duration_s": _F, "width_px": _I, "height_px": _I,
            "codec": _S, "container": _S, "pixel_format": _S, "size_bytes": _I,
            "bars_x_share": _F, "bars_y_share": _F, "border_level": _F, "brightness": _F,
            "contrast": _F, "colour": _F, "noise": _F, "sharpness": _F, "repeated_share": _F,
            "fingerprint": pa.binary(),
        },
    ),
    "folds": _schema({"clip_id": _S, "subject_id": _S, "fold": _I}),
    "features": _schema({"clip_id": _S, "view": _S, "key": _S, "shard": _S, "row": _I}),
    # What the shards of one view's folder hold (rodepil.store.index).
    "shards": _schema({"shard": _S, "size_bytes": _I, "row": _I, "key": _S}),
    # What a run learned from, back to the recordings' bytes (rodepil.store.know.lineage); frames
    # are those of the recording.
    "lineage": _schema(
        {
            "clip_id": _S, "view": _S, "key": _S, "clip_sha256": _S, "recording_id": _S,
            "start_frame": _I, "end_frame": _I,
        },
        {"recording_sha256": _S, "subject_id": _S, "fold": _I},
    ),
    "predictions": _schema(
        {"run_id": _S, "fold": _I, "clip_id": _S, "subject_id": _S, "label": _I, "score": _F}
    ),
    "events": _schema(
        {
            "recording_id": _S, "position": _I, "subject_id": _S, "start_s": _F, "end_s": _F,
            "label": _S, "score": _F,
        }
    ),
    # What a model says of clips that it never saw.
    "scores": _schema(
        {"path": _S}, {"clip_id": _S, "score": _F, "predicted": _I, "error": _S}
    ),
    # What failed, by file, so that one bad file among many leaves a trace.
    "failures": _schema({"item": _S, "error": _S, "message": _S}),
}  # fmt: skip


LATER: dict[str, frozenset[str]] = {
    "recordings": frozenset(field.name for field in SCHEMAS["recordings"] if field.nullable),
    "lineage": frozenset({"subject_id", "fold"}),
}
"""Columns that earlier versions did not know; a table without them is read all the same."""


def schema(name: str) -> pa.Schema:
    """Return the Arrow schema of the table `name`."""
    return SCHEMAS[name]


def from_rows(name: str, rows: Iterable[Mapping[str, object]]) -> pa.Table:
    """Make the table `name` from rows; a column that no row holds is null.

    Raises
    ------
    TableError
        A row holds an unknown column, a wrong type, or null where a value is wanted.
    """
    wanted = SCHEMAS[name]
    listed = list(rows)
    unknown = sorted({key for row in listed for key in row} - set(wanted.names))
    if unknown:
        raise TableError(f"table '{name}' has no column {unknown}; it has {wanted.names}")
    try:
        table = pa.Table.from_pylist(listed, schema=wanted)
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TableError(f"a row does not fit table '{name}': {error}") from error
    return check(name, table)


def check(name: str, table: pa.Table, origin: str = "memory") -> pa.Table:
    """Return `table` with the columns of `name` in order, or say what does not fit.

    Columns that an earlier version did not know (`LATER`) may be missing, and are null then.

    Raises
    ------
    TableError
        A column is missing, unknown or of another type, or holds null where it can't.
    """
    wanted = SCHEMAS[name]
    for field in wanted:
        if field.name in LATER.get(name, ()) and field.name not in table.column_names:
            table = table.append_column(field.name, pa.nulls(table.num_rows, field.type))
    missing = [column for column in wanted.names if column not in table.column_names]
    unknown = [column for column in table.column_names if column not in wanted.names]
    if missing or unknown:
        raise TableError(
            f"table '{name}' from {origin}: missing columns {missing}, unknown columns {unknown}; "
            f"it wants {wanted.names}. Make it again with the stage that writes it"
        )
    table = table.select(wanted.names)
    for field in wanted:
        column = table.column(field.name)
        if column.type != field.type:
            raise TableError(
                f"table '{name}' from {origin}: column '{field.name}' is {column.type}, "
                f"wanted {field.type}; cast it, or make it again with the stage that writes it"
            )
        if not field.nullable and column.null_count:
            raise TableError(
                f"table '{name}' from {origin}: column '{field.name}' holds "
                f"{column.null_count} nulls; every row wants a value"
            )
    return table.cast(wanted.with_metadata(table.schema.metadata))


def write(name: str, table: pa.Table, path: Path) -> pa.Table:
    """Write the table `name` to `path` as Parquet, whole or not at all, and return it.

    Raises
    ------
    TableError
        It does not fit the schema, or the file can't be written, for example because the disk is
        full or the folder read-only; what stood there is left as it was.
    """
    table = check(name, table)
    try:
        with publish(path) as beside:
            pq.write_table(table, beside, compression="zstd")
    except OSError as error:
        raise TableError(unwritable(path, error)) from error
    return table


def read(name: str, path: Path) -> pa.Table:
    """Read the table `name` from the Parquet file `path`.

    Raises
    ------
    TableError
        The file is missing, is no Parquet, or does not fit the schema.
    """
    if not path.is_file():
        raise TableError(
            f"table '{name}' is not at {path}; run the stage that writes it (dvc repro)"
        )
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(
            f"{path} can't be read as Parquet: {error}; make it again (dvc repro)"
        ) from error
    return check(name, table, origin=str(path))
