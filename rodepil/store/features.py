"""The feature store: features of clips by key, made once and read at memory speed."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.errors import DamagedFeature, FeatureError
from rodepil.io import tables
from rodepil.io.progress import Progress, Silent
from rodepil.store import materialize, snapshot
from rodepil.store.index import Index, Spot
from rodepil.store.lease import holders, lease
from rodepil.store.making import Failure
from rodepil.store.materialize import Manifest
from rodepil.store.open_shards import OpenShards
from rodepil.store.places import LocalPlace, Place
from rodepil.store.shards import Shard, folder_name
from rodepil.store.sharing import in_turn
from rodepil.store.summary import MaterializeSummary
from rodepil.store.views.base import Row, View

if TYPE_CHECKING:
    from rodepil.data.split import Split
    from rodepil.store.dataset import FeatureDataset

Got = TypeVar("Got")

log = logging.getLogger(__name__)

SHARD_CLIPS = 16


class FeatureStore:
    """Shards of features: a cache that may be deleted, and is filled again by `materialize`.

    Any number of threads and processes may read it and add to it at once.

    Parameters
    ----------
    place
        Where the shards lie, a folder for each view: a folder's path, or a `Place`.
    features
        The snapshot that says which feature a clip has: the table "features". Without one nothing
        can be read before `materialize`, which sets it.
    shard_clips
        Clips in a shard, at most.
    """

    def __init__(
        self,
        place: Path | Place,
        features: pa.Table | None = None,
        *,
        shard_clips: int = SHARD_CLIPS,
    ) -> None:
        self.place: Place = LocalPlace(place) if isinstance(place, Path) else place
        self.features = tables.from_rows("features", []) if features is None else features
        self.shard_clips = shard_clips
        self._lock = threading.RLock()
        self._shards = OpenShards(self.place)
        self._placed: tuple[pa.Table, dict[str, snapshot.Places]] = (self.features, {})

    def __reduce__(self) -> tuple[Callable[..., FeatureStore], tuple[Place, pa.Table, int]]:
        return _reopen, (self.place, self.features, self.shard_clips)

    def materialize(
        self,
        views: Sequence[View],
        manifest: Manifest,
        *,
        progress: Progress | None = None,
        processes: int | None = None,
    ) -> MaterializeSummary:
        """Make the features of all kept clips that the store lacks, with one decode of a clip.

        Parameters
        ----------
        views
            What to make of each clip; their names differ.
        manifest
            The clips.
        progress
            Told of every finished shard, in clips.
        processes
            Workers on this machine; by default one a CPU.

        Raises
        ------
        FeatureError
            A worker died, the disk is full, shards were removed meanwhile, or a newer version
            wrote the store; finished shards are kept.
        RodepilError
            A view can't be made at all, for example because its network is missing.
        """
        with self._lock:
            return self._materialize(tuple(views), manifest, progress or Silent(), processes)

    def _materialize(
        self,
        views: tuple[View, ...],
        manifest: Manifest,
        progress: Progress,
        processes: int | None,
    ) -> MaterializeSummary:
        names = _names(views)
        wanted = materialize.plan(views, manifest.clips)
        indexes = [Index(self.place, folder_name(view)) for view in views]
        spots = [index.spots for index in indexes]
        short = materialize.short_of(wanted, self.shard_clips, spots)
        materialize.prepare([views[at] for at in materialize.numbers_of(short)], processes)
        root = Path(manifest.root).resolve()
        groups = materialize.groups_for(views, self.place, root, short)
        lacked = Counter(views[number].name for group in groups for number in group.numbers)
        computed: Counter[str] = Counter()
        failures: list[Failure] = []
        shards: list[dict[str, tuple[str, ...]]] = [{} for _ in views]
        total = sum(group.n_clips for group in groups)
        folders = [folder_name(view) for view in views] if groups else []
        others = max((holders(self.place, each, time.time()) for each in folders), default=0)
        if others:
            log.info("%d at work on the same views: what they make meanwhile is taken", others)
        with (
            progress.task(f"features: {', '.join(names)}", total, "clips") as advance,
            lease(self.place, folders) as renew,
        ):
            for made in materialize.run(in_turn(groups, others), advance, processes):
                renew()
                for number, written in made.shards.items():
                    computed[views[number].name] += sum(map(len, written.values()))
                    shards[number].update(written)
                for number, found in made.found.items():
                    lacked[views[number].name] -= sum(map(len, found.values()))
                    shards[number].update(found)
                failures += made.failures
            after = self._index(views, indexes, shards)
        self.forget()
        materialize.refuse_vanished(wanted, spots, shards, after)
        made_now = snapshot.make(views, wanted, after)
        self.features = snapshot.merge(self.features, made_now, names)
        return MaterializeSummary(
            self.features,
            computed={name: computed[name] for name in names},
            reused={name: len(wanted) - lacked[name] for name in names},
            failures=tables.from_rows("failures", map(asdict, sorted(failures, key=_by_item))),
        )

    def _index(
        self,
        views: Sequence[View],
        indexes: Sequence[Index],
        made: Sequence[Mapping[str, tuple[str, ...]]],
    ) -> list[dict[str, Spot]]:
        """Write down what is there after `made` came, and return where each key lies."""
        if any(made):  # anew, so that of a key that lies twice every run takes the same place
            zipped = zip(views, made, strict=True)
            indexes = [Index(self.place, folder_name(view), new) for view, new in zipped]
        for index in indexes:
            # a store that may not be written to can be read all the same
            with nullcontext() if any(made) else suppress(FeatureError):
                index.write()
        return [index.spots for index in indexes]

    def ensure(
        self,
        view: View,
        manifest: Manifest,
        *,
        progress: Progress | None = None,
        processes: int | None = None,
    ) -> None:
        """Make those features of the snapshot again that the store has lost.

        Parameters
        ----------
        view, manifest, progress, processes
            As for `materialize`.

        Raises
        ------
        FeatureError
            The snapshot is of other clips, settings or library versions than these, or a
            feature can't be made again.
        """
        with self._lock:
            rows = snapshot.of_view(view.name, self.features)
            snapshot.refuse_stale(view, rows, manifest.clips, self.place)
            ids = rows.column("clip_id").combine_chunks()
            known = manifest.clips.filter(pc.is_in(manifest.clips.column("clip_id"), ids))
            summary = self.materialize(
                [view], Manifest(known, manifest.root), progress=progress, processes=processes
            )
        if summary.failures.num_rows:
            raise FeatureError(f"not every feature of the snapshot can be made again\n{summary}")

    def read(self, view: str, clip_ids: Iterable[str]) -> pa.Table:
        """Return the features of some clips, in their order, as Arrow data without a copy.

        Parameters
        ----------
        view
            The name of a view.
        clip_ids
            Clips; one may come twice.

        Returns
        -------
        pyarrow.Table
            ``clip_id`` and the view's columns, a chunk a clip, over the mapped shards.

        Raises
        ------
        DamagedFeature
            A shard is torn or its bytes have changed.
        FeatureError
            A clip has no such feature, or the store does not hold it.
        """
        wanted = list(clip_ids)
        batches = []
        for clip_id, batch in zip(wanted, self._each(view, wanted, Shard.batch), strict=True):
            named = pa.array([clip_id], pa.string())
            field = pa.field("clip_id", pa.string(), nullable=False)
            schema = pa.schema([field, *batch.schema])
            batches.append(pa.RecordBatch.from_arrays([named, *batch.columns], schema=schema))
        return pa.Table.from_batches(batches) if batches else pa.table({"clip_id": []})

    def rows(self, view: str, clip_ids: Iterable[str]) -> Iterator[Row]:
        """Yield the features of some clips, in their order, as NumPy arrays by column.

        They are read-only and lie over the mapped shards; no more than some of these stay mapped.

        Raises
        ------
        DamagedFeature
            A shard is torn or its bytes have changed.
        FeatureError
            A clip has no such feature, or the store does not hold it.
        """
        yield from self._each(view, list(clip_ids), Shard.arrays)

    def sound_row(self, view: View, clip_id: str, manifest: Manifest) -> Row:
        """Return the feature of a clip; where it is damaged or lost it is made again, once.

        Raises
        ------
        FeatureError
            The snapshot has no such feature, or it can't be made again.
        """
        try:
            return next(self.rows(view.name, [clip_id]))
        except FeatureError:  # what is damaged is removed by now
            self.ensure(view, manifest, processes=1)
            return next(self.rows(view.name, [clip_id]))

    def _each(
        self, view: str, clip_ids: Sequence[str], get: Callable[[Shard, int], Got]
    ) -> Iterator[Got]:
        """Yield each clip's feature, its bytes compared on their first read.

        A damaged shard is removed, so that the remedy makes it again.
        """
        with self._lock:
            places = self._places(view).of(clip_ids)
        for name, row, key in places:
            with self._lock:  # others go on while what is yielded is used
                try:
                    found = get(*self._shards.at(name, row, key))
                except DamagedFeature as error:
                    with suppress(FeatureError, OSError):  # where the store may not be written to
                        self.discard(error.shard)
                    raise
            yield found

    def _places(self, view: str) -> snapshot.Places:
        """Return where the snapshot says that the features of a view lie."""
        if self._placed[0] is not self.features:  # another snapshot
            self._placed = (self.features, {})
        known = self._placed[1]
        if view not in known:
            known[view] = snapshot.Places(view, self.features)
        return known[view]

    def dataset(
        self,
        view: View,
        split: Split,
        side: Literal["train", "test"] = "train",
        *,
        manifest: Manifest | None = None,
        workers: int = 1,
    ) -> FeatureDataset:
        """Return one side of a split as a dataset; see `FeatureDataset`."""
        from rodepil.store.dataset import FeatureDataset  # noqa: PLC0415 - workers need no torch

        return FeatureDataset(self, view, split, side, manifest=manifest, workers=workers)

    def discard(self, shard: str) -> None:
        """Remove a shard that is damaged; its features are made again when they are wanted."""
        with self._lock:
            self.place.discard(shard)
            self.forget()

    def forget(self) -> None:
        """Forget what is open and known of files: they may have been made anew."""
        self._shards.forget()


def _reopen(place: Place, features: pa.Table, shard_clips: int) -> FeatureStore:
    """Open a store in another process; open shards do not travel."""
    return FeatureStore(place, features, shard_clips=shard_clips)


def _names(views: Sequence[View]) -> list[str]:
    """Return the views' names, by which their features are told apart."""
    names = [view.name for view in views]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise FeatureError(f"two views are called '{twice[0]}'; give one of them another name")
    return names


def _by_item(failure: Failure) -> str:
    return failure.item
