"""Shards: Arrow IPC files of features, uncompressed, one clip a record batch.

A shard is named for the keys that it holds, says in its schema which these are and what each
row's bytes hash to, appears whole by a rename, and is never changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import xxhash

from rodepil.errors import DamagedFeature, FeatureError, NewerFeature, OlderFeature
from rodepil.io.files import short_hash
from rodepil.store.places import Place
from rodepil.store.views.base import Array, Column, Row, View

HEADER = b"rodepil.shard"
CHECKSUM = b"rodepil.shard.xxh3"
FORMAT = 2
FETCHES = 3
SUFFIX = ".arrow"
MEND = "run 'rodepil features materialize'"


def folder_name(view: View) -> str:
    """Return the folder of a view's shards, relative to the store."""
    return f"{view.kind}-{view.identity()}"


def file_name(keys: Sequence[str]) -> str:
    """Return the name of the shard that holds `keys` in this order."""
    return f"{short_hash(*keys, digits=32)}{SUFFIX}"


def write_shard(path: Path, view: View, keys: Sequence[str], rows: Sequence[Row]) -> None:
    """Write the features of some clips as one shard; the caller publishes the file.

    Parameters
    ----------
    path
        Where to write.
    view
        The view that made the features.
    keys
        Their keys, in order.
    rows
        One a key: an array for every column of the view.
    """
    columns = dict(view.columns)
    header = {
        "format": FORMAT,
        "kind": view.kind,
        "settings": view.settings,
        "code_version": view.code_version,
        "made_with": view.made_with(),
        "made_of": dict(view.made_of()),
        "columns": {name: [column.dtype, column.shape] for name, column in columns.items()},
        "keys": list(keys),
        "checksums": [checksum(columns, row) for row in rows],
    }
    said = json.dumps(header, sort_keys=True).encode()
    schema = _schema(columns).with_metadata(
        {HEADER: said, CHECKSUM: xxhash.xxh3_64_hexdigest(said)}
    )
    with pa.ipc.new_file(path, schema) as writer:
        for row in rows:
            arrays = [_to_arrow(column, row[name]) for name, column in columns.items()]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _schema(columns: Mapping[str, Column]) -> pa.Schema:
    """Return the Arrow schema of a shard, without what it says of itself."""
    fields = [pa.field(name, column.arrow, nullable=False) for name, column in columns.items()]
    return pa.schema(fields)


def checksum(columns: Mapping[str, Column], row: Row) -> str:
    """Return the XXH3 of a row's bytes, column by column."""
    digest = xxhash.xxh3_64()
    for name in columns:
        digest.update(np.ascontiguousarray(row[name]).reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _to_arrow(column: Column, array: Array) -> pa.Array:
    """Return one array as an Arrow array of length 1, without a copy where it can be."""
    values = _numbers(np.ascontiguousarray(array).reshape(-1))
    if column.shape == ():
        return values
    if column.fixed is None:
        offsets = _numbers(np.array([0, len(values)], np.int64))
        return pa.LargeListArray.from_arrays(offsets, values).cast(column.arrow)
    row = pa.FixedSizeListArray.from_arrays(values, len(values))
    return pa.ExtensionArray.from_storage(column.arrow, row)


def _numbers(flat: Array) -> pa.Array:
    """Return (N,) numbers as an Arrow array over the same memory.

    `pa.array` would import pandas, a quarter of a second of every worker.
    """
    return pa.Array.from_buffers(
        pa.from_numpy_dtype(flat.dtype), len(flat), [None, pa.py_buffer(flat)]
    )


class Shard:
    """A shard on the disk, mapped into memory and read without a copy.

    Parameters
    ----------
    path
        The shard's file.
    source
        The file where it is open already; else it is mapped, which is what reading wants.

    Attributes
    ----------
    keys
        The keys that it holds, by row.
    header
        What it says of itself: kind, settings, versions, columns.
    columns
        Its columns by name.

    Raises
    ------
    FeatureError
        The file is missing or can't be opened.
    NewerFeature
        A newer version wrote it.
    DamagedFeature
        It is torn, changed, or no shard.
    """

    def __init__(self, path: Path, source: pa.NativeFile | None = None) -> None:
        self.path = path
        try:
            self._reader = pa.ipc.open_file(source or pa.BufferReader(_map(path)))
            names = self._reader.schema.names
            metadata = self._reader.schema.metadata or {}
            self.header = _said(metadata)
            form = int(self.header["format"])
        except FileNotFoundError as error:
            raise FeatureError(f"shard {path} is not in the store; {MEND}") from error
        except (pa.ArrowException, KeyError, TypeError, ValueError, OSError) as error:
            if source is None and isinstance(error, OSError) and error.errno is not None:
                raise FeatureError(
                    f"shard {path} can't be opened: {error.strerror}; mend that and run it again"
                ) from error
            raise _damaged(path, f"is torn or no shard: {error!r}") from error
        if form > FORMAT:
            raise NewerFeature(
                f"shard {path} has format {form}, this version of rodepil reads {FORMAT}; install "
                "the version that wrote it, or set store.url to another place"
            )
        self._check_header(form, names, signed=CHECKSUM in metadata)

    def _check_header(self, form: int, names: Sequence[str], *, signed: bool) -> None:
        """Refuse a file whose header, keys, columns and rows do not belong together."""
        if form < FORMAT:
            raise _named(
                OlderFeature(f"shard {self.path} has format {form}, read no more; {MEND}"),
                self.path,
            )
        self.keys = tuple(self.header.get("keys", ()))
        have, listed = self._reader.num_record_batches, len(self.keys)
        whole = form == FORMAT and signed and have == listed
        if not whole or file_name(self.keys) != self.path.name:
            raise _damaged(
                self.path,
                f"has format {form} and {have} of {listed} features under other keys than it is "
                "named for, or a changed header",
            )
        columns = {
            name: Column(dtype, tuple(shape))
            for name, (dtype, shape) in self.header["columns"].items()
        }
        # JSON has sorted the names; the order is that of the file, whose first is the main one.
        self.columns = {name: columns[name] for name in names if name in columns}
        same = self._reader.schema.equals(_schema(self.columns))
        if len(self.columns) != len(columns) or not same:
            raise _damaged(self.path, "has other columns than its header says")

    def batch(self, row: int) -> pa.RecordBatch:
        """Return the feature in `row` as Arrow data over the mapped file.

        Raises
        ------
        DamagedFeature
            The row can't be read.
        """
        try:
            return self._reader.get_batch(row)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(self.path, f"can't be read in row {row}: {error}") from error

    def arrays(self, row: int) -> Row:
        """Return the feature in `row` by column: read-only arrays over the mapped file.

        Raises
        ------
        DamagedFeature
            The row can't be read.
        """
        batch = self.batch(row)
        return {
            name: self._array(column, batch.column(name), row)
            for name, column in self.columns.items()
        }

    def _array(self, column: Column, array: pa.Array, row: int) -> Array:
        storage = array.storage if isinstance(array, pa.ExtensionArray) else array
        values = storage if column.shape == () else storage.values
        wanted = column.size_bytes()
        buffer = values.buffers()[1]
        if column.fixed is None:
            wanted = len(values) * np.dtype(column.dtype).itemsize
        if buffer is None or buffer.size < wanted:
            raise _damaged(self.path, f"is cut short in row {row}")
        # Through the buffer protocol, so that nobody can set the array's writeable flag.
        flat = np.frombuffer(buffer[:wanted], dtype=column.dtype)
        return flat.reshape(column.fixed if column.fixed is not None else (-1, *column.inner))

    def check(self, row: int) -> None:
        """Compare a row with its checksum: its bytes, and that they are all that it holds.

        Raises
        ------
        DamagedFeature
            They differ, or can't be read.
        """
        batch = self.batch(row)
        try:
            batch.validate(full=True)
        except pa.ArrowException as error:
            raise _damaged(self.path, f"can't be read in row {row}: {error}") from error
        plain = batch.num_rows == 1 and all(map(_is_plain, batch.columns))
        if not plain or checksum(self.columns, self.arrays(row)) != self.header["checksums"][row]:
            raise _damaged(
                self.path,
                f"has changed bytes in row {row}: they do not hash to what was written",
            )


def open_shard(place: Place, name: str) -> Shard:
    """Open a shard wherever it lies.

    A damaged local copy of it is fetched again, and so is one that a full cache lets go between
    fetching and opening.
    """
    for _ in range(FETCHES - 1):
        path = place.fetch(name)
        try:
            return Shard(path)
        except DamagedFeature:
            if not place.refresh(name):
                raise
        except FeatureError:
            if path.exists():  # it can't be opened, or is of a newer version
                raise
    return Shard(place.fetch(name))


def _said(metadata: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Return what a shard says of itself, unless that was changed."""
    said, signed = metadata[HEADER], metadata.get(CHECKSUM)
    if signed is not None and signed != xxhash.xxh3_64_hexdigest(said).encode():
        raise ValueError("its header does not hash to what was written")
    header: dict[str, Any] = json.loads(said)
    return header


def _is_plain(array: pa.Array) -> bool:
    """Say whether a valid array of length 1 holds all of its values, and no null."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if array.null_count or array.buffers()[0] is not None:
        return False
    if isinstance(array, pa.LargeListArray) and array.offsets.to_pylist() != [0, len(array.values)]:
        return False
    return pa.types.is_primitive(array.type) or _is_plain(array.values)


def _damaged(path: Path, how: str) -> DamagedFeature:
    """Return an error that names the shard, so that it can be removed."""
    return _named(DamagedFeature(f"shard {path} {how}; {MEND}"), path)


def _named(error: DamagedFeature, path: Path) -> DamagedFeature:
    error.shard = f"{path.parent.name}/{path.name}"
    return error


def _map(path: Path) -> pa.Buffer:
    """Map a file for reading; the map lives as long as an array over it, the file is closed.

    The map is Arrow's, for Python's own holds the file open before Python 3.13. It is read as
    memory: as a file Arrow advises the kernel at every read, which takes 6 times as long.
    """
    path.open("rb").close()  # its errors are plainer than Arrow's
    with pa.memory_map(str(path)) as source:
        size, start = source.size(), source.read_buffer(1)
        return pa.foreign_buffer(start.address, size, base=start) if size else start
