"""Which shard holds which key: an index beside the shards, which mends itself.

Shards are named for what they hold and never changed, so that an entry can't be wrong; it can only
be missing or of a file that is gone or cut short. The folder's listing tells both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from rodepil.errors import DamagedFeature, TableError
from rodepil.io import tables
from rodepil.store.places import Place
from rodepil.store.shards import SUFFIX, Shard

INDEX = "index.parquet"


class Spot(NamedTuple):
    """Where a feature lies: the file's name in the view's folder, and the row."""

    shard: str
    row: int


class Index:
    """The shards of one view's folder.

    Parameters
    ----------
    place
        The store.
    folder
        The view's folder.

    Attributes
    ----------
    spots
        Where each key lies.
    damaged
        Files that are no whole shards; their features count as absent.

    Raises
    ------
    FeatureError
        A shard was written by a newer version.
    """

    def __init__(self, place: Place, folder: str) -> None:
        self.place, self.folder = place, folder
        self.damaged: list[str] = []
        self.spots: dict[str, Spot] = {}
        there = place.files(folder)
        noted = _read(place, folder) if INDEX in there else {}
        self._shards: dict[str, tuple[int, tuple[str, ...]]] = {}
        for name, size in there.items():
            if name.endswith(SUFFIX):
                entry = noted.get(name)
                self._add(name, size, entry if entry and entry[0] == size else None)
        self._stale = noted != self._shards

    def _add(self, name: str, size: int, noted: tuple[int, tuple[str, ...]] | None) -> None:
        try:
            path = self.place.fetch(f"{self.folder}/{name}") if noted is None else None
            keys = Shard(path).keys if path else noted[1] if noted else ()
        except DamagedFeature:
            self.damaged.append(name)
            return
        self._shards[name] = (size, keys)
        for row, key in enumerate(keys):
            self.spots.setdefault(key, Spot(name, row))

    def write(self) -> None:
        """Write the index down, unless what is there says the same already."""
        if not self._stale:
            return
        rows = [
            {"shard": name, "size_bytes": size, "row": row, "key": key}
            for name, (size, keys) in sorted(self._shards.items())
            for row, key in enumerate(keys)
        ]
        table = pa.Table.from_pylist(rows, schema=tables.schema("shards"))
        with self.place.publish(f"{self.folder}/{INDEX}") as beside:
            pq.write_table(table, beside, compression="zstd")
        self._stale = False


def _read(place: Place, folder: str) -> Mapping[str, tuple[int, tuple[str, ...]]]:
    """Return bytes and keys of each shard that the index names; none where it is damaged."""
    try:
        table = tables.read("shards", place.fetch(f"{folder}/{INDEX}"))
    except TableError:
        return {}
    columns = (table.column(name).to_pylist() for name in ("shard", "size_bytes", "key"))
    sizes: dict[str, int] = {}
    keys: dict[str, list[str]] = {}
    for shard, size, key in zip(*columns, strict=True):
        sizes[shard] = size
        keys.setdefault(shard, []).append(key)
    return {shard: (sizes[shard], tuple(listed)) for shard, listed in keys.items()}
