"""Shards that stay open while their features are read, each row compared once with its checksum."""

from __future__ import annotations

from collections import OrderedDict

from rodepil.errors import DamagedFeature, FeatureError
from rodepil.store.index import Index, Spot
from rodepil.store.places import Place
from rodepil.store.shards import MEND, Shard, open_shard

OPEN_SHARDS = 128
"""More of them stay mapped only as long as something lies over them."""


class OpenShards:
    """Finds features in the shards of a place. Who calls it holds a lock.

    Parameters
    ----------
    place
        Where the shards lie.

    Attributes
    ----------
    opened
        Shards by name, the longest unused one first.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.opened: OrderedDict[str, Shard] = OrderedDict()
        self._checked: set[tuple[str, int]] = set()
        self._moved: dict[str, dict[str, Spot]] = {}

    def at(self, name: str, row: int, key: str) -> tuple[Shard, int]:
        """Return the shard and row of a feature, wherever it lies now.

        Parameters
        ----------
        name, row
            Where the snapshot says that it lies.
        key
            Which it is.

        Raises
        ------
        DamagedFeature
            The shard is torn, or the row's bytes have changed.
        FeatureError
            The store does not hold the feature.
        """
        try:
            shard = self._shard(name)
            held = row < len(shard.keys) and shard.keys[row] == key
        except DamagedFeature:
            raise
        except FeatureError:
            held = False
        if not held:  # the cache may have been made anew, in other shards
            folder = name.rpartition("/")[0]
            if folder not in self._moved:
                self._moved[folder] = Index(self.place, folder).spots
            spot = self._moved[folder].get(key)
            if spot is None:
                raise FeatureError(f"feature {key} is not in the store ({name}); {MEND}")
            name, row = f"{folder}/{spot.shard}", spot.row
            shard = self._shard(name)
        if (name, row) not in self._checked:
            shard = self._check(shard, name, row)
        return shard, row

    def forget(self) -> None:
        """Forget what is open and known of files: they may have been made anew."""
        self.opened.clear()
        self._checked.clear()
        self._moved.clear()

    def _check(self, shard: Shard, name: str, row: int) -> Shard:
        """Compare a row's bytes with their checksum; a bad local copy is fetched once more."""
        try:
            shard.check(row)
        except DamagedFeature:
            if not self.place.refresh(name):
                raise
            self.opened.pop(name)
            self._checked -= {one for one in self._checked if one[0] == name}
            shard = self._shard(name)
            shard.check(row)
        self._checked.add((name, row))
        return shard

    def _shard(self, name: str) -> Shard:
        """Open a shard, or take it from those that are open; the longest unused one is let go."""
        shard = self.opened.get(name) or open_shard(self.place, name)
        self.opened[name] = shard
        self.opened.move_to_end(name)
        if len(self.opened) > OPEN_SHARDS:
            self.opened.popitem(last=False)
        return shard
