"""The files of an export: tar files for WebDataset, NumPy archives, Parquet.

References
----------
WebDataset: https://github.com/webdataset/webdataset; files of one sample stand together and share
the part of their name ahead of the first dot.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rodepil.store.views.base import Array, Column, Row, View

WHAT = ("clip_id", "subject_id", "label", "fold", "key")


@dataclass(frozen=True)
class Sample:
    """A clip of an export; `fold` is None where there are no folds yet."""

    clip_id: str
    subject_id: str
    label: int
    fold: int | None
    key: str

    def as_json(self) -> bytes:
        """Return it as JSON."""
        return json.dumps(asdict(self), sort_keys=True).encode()


Samples = Iterable[tuple[Sample, Row]]


def write_tar(path: Path, view: View, samples: Samples) -> None:
    """Write ``CLIP.COLUMN.npy`` for every column, and ``CLIP.json``; the same bytes every time."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for sample, row in samples:
            stem = sample.clip_id.replace(".", "_")
            for name in view.columns:
                stream = io.BytesIO()
                np.lib.format.write_array(stream, np.asarray(row[name], order="C"))
                _add(tar, f"{stem}.{name}.npy", stream.getvalue())
            _add(tar, f"{stem}.json", sample.as_json())


def _add(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def write_npz(path: Path, view: View, samples: Samples) -> None:
    """Write each column as (N, …) for N clips.

    Of a column whose length differs, clips stand one behind the other, and ``COLUMN_offsets``
    (N + 1,) says where each begins. ``fold`` is -1 where there are no folds.
    """
    listed = [(sample, {name: np.array(row[name]) for name in view.columns})
              for sample, row in samples]  # fmt: skip
    arrays: dict[str, Array] = {
        name: np.array([getattr(sample, name) for sample, _ in listed])
        for name in WHAT
        if name != "fold"
    }
    folds = [-1 if sample.fold is None else sample.fold for sample, _ in listed]
    arrays["fold"] = np.array(folds, dtype=np.int64)
    for name, column in view.columns.items():
        rows = [row.pop(name) for _, row in listed]
        if column.fixed is not None:
            arrays[name] = np.stack(rows)
        else:
            arrays[name] = np.concatenate(rows)
            arrays[f"{name}_offsets"] = np.cumsum([0, *map(len, rows)], dtype=np.int64)
    save_arrays(path, arrays)


def save_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write a NumPy archive."""
    savez: Any = np.savez  # its types take a name for a setting of newer versions
    with path.open("wb") as stream:
        savez(stream, **arrays)


def write_parquet(path: Path, view: View, samples: Samples) -> None:
    """Write each column as flat lists; the field's metadata holds ``dtype`` and ``shape``.

    In a shape, null is a length that differs from clip to clip.
    """
    schema = _parquet_schema(view.columns)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for sample, row in samples:
            said = {name: [getattr(sample, name)] for name in WHAT}
            arrays = [pa.array(said[name], schema.field(name).type) for name in WHAT]
            arrays += [_listed(row[name], column) for name, column in view.columns.items()]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _parquet_schema(columns: Mapping[str, Column]) -> pa.Schema:
    kinds = {"label": pa.int64(), "fold": pa.int64()}
    fields = [
        pa.field(name, kinds.get(name, pa.string()), nullable=name == "fold") for name in WHAT
    ]
    for name, column in columns.items():
        values = pa.from_numpy_dtype(np.dtype(column.dtype))
        said = {"dtype": column.dtype, "shape": json.dumps(column.shape)}
        kind = values if column.shape == () else pa.large_list(values)
        fields.append(pa.field(name, kind, nullable=False, metadata=said))
    return pa.schema(fields)


def _listed(array: Array, column: Column) -> pa.Array:
    values = pa.array(np.ascontiguousarray(array).reshape(-1))
    if column.shape == ():
        return values
    return pa.LargeListArray.from_arrays(pa.array([0, len(values)], pa.int64()), values)


WRITERS: dict[str, Callable[[Path, View, Samples], None]] = {
    "webdataset": write_tar,
    "npz": write_npz,
    "parquet": write_parquet,
}
