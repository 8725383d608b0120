"""Shards: Arrow IPC files of features, uncompressed, one clip a record batch.

A shard is named for the keys that it holds, says in its schema which these are, appears whole
by a rename, and is never changed. So the folder is its own index, and a reader needs no lock.
"""

from __future__ import annotations

import json
import math
import mmap
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rodepil.errors import FeatureError
from rodepil.io.files import publish, short_hash
from rodepil.store.registry import View

HEADER = b"rodepil.shard"
FORMAT = 1
COLUMN = "feature"
MEND = "run 'rodepil features materialize'"

Tensor = npt.NDArray[np.uint8]


def folder_name(view: View) -> str:
    """Return the folder of a view's shards, relative to the store."""
    return f"{view.name}-{view.identity()}"


def file_name(keys: Sequence[str]) -> str:
    """Return the name of the shard that holds `keys` in this order."""
    return f"{short_hash(*keys, digits=32)}.arrow"


def write_shard(path: Path, view: View, keys: Sequence[str], tensors: Sequence[Tensor]) -> None:
    """Write the features of some clips as one shard, whole or not at all.

    Parameters
    ----------
    path
        Where the shard shall stand.
    view
        The view that made the features.
    keys
        Their keys, in order.
    tensors
        One a key, of the view's shape, uint8.
    """
    header = {
        "format": FORMAT,
        "view": view.name,
        "settings": view.model_dump(mode="json"),
        "code_version": view.code_version,
        "made_with": view.made_with(),
        "keys": list(keys),
    }
    kind = pa.fixed_shape_tensor(pa.uint8(), view.shape)
    field = pa.field(COLUMN, kind, nullable=False)
    schema = pa.schema([field], metadata={HEADER: json.dumps(header, sort_keys=True)})
    with publish(path) as beside, pa.ipc.new_file(beside, schema) as writer:
        for tensor in tensors:
            values = pa.array(np.ascontiguousarray(tensor).reshape(-1))
            row = pa.FixedSizeListArray.from_arrays(values, math.prod(view.shape))
            column = pa.ExtensionArray.from_storage(kind, row)
            writer.write_batch(pa.record_batch([column], schema=schema))


class Shard:
    """A shard on the disk, mapped into memory and read without a copy.

    Parameters
    ----------
    path
        The shard's file.

    Attributes
    ----------
    keys
        The keys that it holds, by row.

    Raises
    ------
    FeatureError
        The file is missing, torn, or of another format.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._reader = pa.ipc.open_file(pa.BufferReader(_map(path)))
            header = json.loads((self._reader.schema.metadata or {})[HEADER])
            form, self.keys = header["format"], tuple(header["keys"])
        except FileNotFoundError as error:
            raise FeatureError(f"shard {path} is not in the store; {MEND}") from error
        except (pa.ArrowException, KeyError, ValueError) as error:
            raise FeatureError(f"shard {path} is torn or no shard: {error!r}; {MEND}") from error
        have, listed = self._reader.num_record_batches, len(self.keys)
        if form != FORMAT or have != listed:
            raise FeatureError(
                f"shard {path} has format {form} and {have} of {listed} features, wanted format "
                f"{FORMAT} and all features; {MEND}"
            )

    def tensor(self, row: int) -> Tensor:
        """Return the feature in `row`: a read-only array over the mapped file."""
        column = self._reader.get_batch(row).column(0)
        # Through the buffer protocol, so that nobody can set the array's writeable flag.
        values = np.frombuffer(column.storage.values.buffers()[1], dtype=np.uint8)
        return values.reshape(column.type.shape)


def _map(path: Path) -> pa.Buffer:
    """Map a file for reading; the map lives as long as an array over it.

    Python's map and not Arrow's, which advises the kernel at every read and is 6 times slower.
    """
    with path.open("rb") as stream:
        if sys.version_info >= (3, 13):
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ, trackfd=False)
        else:
            mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    return pa.py_buffer(mapped)


def scan(folder: Path) -> dict[str, tuple[str, int]]:
    """Return where each key lies: the shard's file name and the row.

    Shards that can't be read count as absent, so that their features are made again.
    """
    places: dict[str, tuple[str, int]] = {}
    for path in sorted(folder.glob("*.arrow")):
        if path.name.startswith("."):
            continue
        try:
            keys = Shard(path).keys
        except FeatureError:
            continue
        for row, key in enumerate(keys):
            places.setdefault(key, (path.name, row))
    return places
