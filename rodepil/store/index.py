"""Which shard holds which key: an index beside the shards, which mends itself.

Shards are named for what they hold and never changed, so that an entry can't be wrong; it can only
be missing or of a file that is gone or cut short. The folder's listing tells both.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from rodepil.errors import DamagedFeature, OlderFeature, TableError
from rodepil.io import tables
from rodepil.store.places import Place
from rodepil.store.shards import SUFFIX, Shard, file_name, open_shard

INDEX = "index.parquet"
READERS = 8


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
    made
        What was just put there: the keys of each shard, which need not be opened for them.

    Attributes
    ----------
    spots
        Where each key lies.
    damaged
        Files that are no whole shards; their features count as absent.
    older
        Those of them that are whole, in a format that is read no more.

    Raises
    ------
    NewerFeature
        A shard was written by a newer version.
    FeatureError
        The store can't be reached.
    """

    def __init__(
        self, place: Place, folder: str, made: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self.place, self.folder = place, folder
        self.damaged: list[str] = []
        self.older: list[str] = []
        self.spots: dict[str, Spot] = {}
        there = place.files(folder)
        noted = _read(place, folder) if INDEX in there else {}
        sizes = {name: size for name, size in there.items() if name.endswith(SUFFIX)}
        keys = {name: noted[name][1] for name in sizes if noted.get(name, (-1,))[0] == sizes[name]}
        keys |= {name: listed for name, listed in (made or {}).items() if name in sizes}
        keys |= self._look({name: size for name, size in sizes.items() if name not in keys})
        self._shards = {name: (sizes[name], keys[name]) for name in sizes if name in keys}
        for name, (_, listed) in self._shards.items():
            for row, key in enumerate(listed):
                self.spots.setdefault(key, Spot(name, row))
        self._stale = noted != self._shards

    @property
    def shards(self) -> dict[str, tuple[str, ...]]:
        """The keys that each whole shard holds, by row."""
        return {name: keys for name, (_, keys) in self._shards.items()}

    @property
    def in_step(self) -> bool:
        """Whether what is written down is what is there."""
        return not self._stale

    def _look(self, sizes: Mapping[str, int]) -> dict[str, tuple[str, ...]]:
        """Return what whole shards say that they hold; several at a time, for servers are far."""
        if not sizes:
            return {}
        with ThreadPoolExecutor(READERS) as pool:
            said = zip(sizes, pool.map(self._keys_in, sizes, sizes.values()), strict=True)
            found = {name: keys for name, keys in said if keys is not None}
        self.damaged.sort()
        return found

    def _keys_in(self, name: str, size: int) -> tuple[str, ...] | None:
        """Return the keys of a shard of that many bytes, of which no more than that is fetched."""
        full = f"{self.folder}/{name}"
        try:
            with self.place.open(full) as source:
                if source.size() == size:
                    return Shard(Path(full), source).keys
            self.place.refresh(full)  # a local copy of what has changed there
        except FileNotFoundError:  # removed by another process meanwhile
            return None
        except (DamagedFeature, OSError):  # or the connection broke off: then this says so
            pass
        try:
            return open_shard(self.place, full).keys
        except DamagedFeature as error:
            self.damaged.append(name)
            if isinstance(error, OlderFeature):
                self.older.append(name)
            return None

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
        columns = [table.column(name).to_pylist() for name in ("shard", "size_bytes", "key")]
    except (TableError, pa.ArrowException, ValueError):
        return {}
    sizes: dict[str, int] = {}
    keys: dict[str, list[str]] = {}
    for shard, size, key in zip(*columns, strict=True):
        sizes[shard] = size
        keys.setdefault(shard, []).append(key)
    # Parquet has no checksums here; a shard's name tells whether these are its keys
    return {
        shard: (sizes[shard], tuple(listed))
        for shard, listed in keys.items()
        if file_name(listed) == shard
    }
