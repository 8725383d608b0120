"""The feature store: features of clips by key, made once and read at memory speed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.io.progress import Progress, Silent
from rodepil.store import materialize, snapshot
from rodepil.store.registry import View
from rodepil.store.shards import MEND, Shard, Tensor, folder_name, scan

SHARD_CLIPS = 16
OPEN_SHARDS = 128  # each holds a file open before Python 3.13; 1,024 is a common limit


@dataclass(frozen=True)
class MaterializeSummary:
    """What `FeatureStore.materialize` did.

    Attributes
    ----------
    features
        The snapshot: the table "features", a row for every kept clip that has a feature.
    computed, reused
        Clips whose feature was made now, and those whose feature was there.
    failures
        The table "failures": clips that gave no feature, by path, with the reason.
    """

    features: pa.Table
    computed: int
    reused: int
    failures: pa.Table

    def __str__(self) -> str:
        have, failed = self.features.num_rows, self.failures.num_rows
        done = f"{self.computed} computed, {self.reused} reused, {failed} clips failed"
        reasons = [f"  {row['item']}: {row['message']}" for row in self.failures.to_pylist()]
        return "\n".join([f"{have} features: {done}", *reasons])


class FeatureStore:
    """A folder of shards: a cache that may be deleted, and is filled again by `ensure`.

    Any number of processes may read it and add to it at once.

    Parameters
    ----------
    folder
        Where the shards lie, a folder for each view; made when the first one is written.
    shard_clips
        Clips in a shard.
    """

    def __init__(self, folder: Path, *, shard_clips: int = SHARD_CLIPS) -> None:
        self.folder = Path(folder).resolve()
        self.shard_clips = shard_clips
        self._open: OrderedDict[str, Shard] = OrderedDict()

    def __reduce__(self) -> tuple[Callable[..., FeatureStore], tuple[Path, int]]:
        return _reopen, (self.folder, self.shard_clips)

    def materialize(
        self,
        view: View,
        clips: pa.Table,
        clips_root: Path,
        *,
        progress: Progress | None = None,
        processes: int | None = None,
    ) -> MaterializeSummary:
        """Make the features of all kept clips that the store lacks.

        Parameters
        ----------
        view
            What to make of each clip.
        clips
            The manifest.
        clips_root
            The folder that its paths are relative to.
        progress
            Told of every finished shard, in clips.
        processes
            Workers on this machine; by default one a CPU.

        Raises
        ------
        FeatureError
            A worker died or the disk is full; finished shards are kept.
        """
        wanted = materialize.plan(view, clips)
        places = scan(self.folder / folder_name(view))
        root = Path(clips_root).resolve()
        lacking = (
            materialize.missing(shard, places)
            for shard in materialize.shards_of(wanted, self.shard_clips)
        )
        jobs = [materialize.Job(view, self.folder, root, items) for items in lacking if items]
        fresh: set[str] = set()
        failures: list[materialize.Failure] = []
        total = sum(len(job.wanted) for job in jobs)
        with (progress or Silent()).task(f"features: {view.name}", total, "clips") as advance:
            for made in materialize.run(jobs, advance, processes):
                places |= {key: (str(made.shard), row) for row, key in enumerate(made.keys)}
                fresh.update(made.keys)
                failures += made.failures
        features = snapshot.make(view, wanted, places)
        computed = sum(key in fresh for key in features.column("key").to_pylist())
        return MaterializeSummary(
            features,
            computed=computed,
            reused=features.num_rows - computed,
            failures=tables.from_rows("failures", map(asdict, sorted(failures, key=_by_item))),
        )

    def ensure(
        self,
        view: View,
        features: pa.Table,
        clips: pa.Table,
        clips_root: Path,
        *,
        progress: Progress | None = None,
        processes: int | None = None,
    ) -> pa.Table:
        """Return `features` with every one of them in the store, making those that are gone.

        Parameters
        ----------
        view, clips, clips_root, progress, processes
            As for `materialize`.
        features
            The snapshot that shall be readable; it stays valid, whichever shards are made.

        Raises
        ------
        FeatureError
            The snapshot is of other clips, settings or library versions than these, or a
            feature can't be made again.
        """
        features = snapshot.of_view(view, features)
        snapshot.refuse_stale(view, features, clips)
        known = pc.is_in(clips.column("clip_id"), features.column("clip_id").combine_chunks())
        summary = self.materialize(
            view, clips.filter(known), clips_root, progress=progress, processes=processes
        )
        if summary.failures.num_rows:
            raise FeatureError(f"not every feature of the snapshot can be made again\n{summary}")
        return summary.features

    def read(self, view: View, features: pa.Table, clip_ids: Iterable[str]) -> list[Tensor]:
        """Return the features of some clips, in their order, without a copy.

        Parameters
        ----------
        view
            The view that made them.
        features
            The snapshot that says where they lie.
        clip_ids
            Clips; one may come twice.

        Returns
        -------
        list of numpy.ndarray
            The view's shape, uint8, read-only: arrays over the mapped shards.

        Raises
        ------
        FeatureError
            A clip is not in the snapshot, or its feature is not in the store, or the snapshot
            was made under other settings.
        """
        return list(self.stream(view, features, clip_ids))

    def stream(self, view: View, features: pa.Table, clip_ids: Iterable[str]) -> Iterator[Tensor]:
        """Yield what `read` returns one by one, so that no more than some shards stay mapped."""
        folder = folder_name(view)
        rows = snapshot.rows_of(view, features, list(clip_ids))
        columns = (rows.column(name).to_pylist() for name in ("shard", "row", "key"))
        moved: dict[str, tuple[str, int]] | None = None
        for shard, row, key in zip(*columns, strict=True):
            if not shard.startswith(f"{folder}/"):
                raise FeatureError(f"shard {shard} is of other settings than {view!r}; {MEND}")
            try:
                tensor = self._tensor(shard, row, key)
            except FeatureError:  # the cache may have been made anew, in other shards
                moved = scan(self.folder / folder) if moved is None else moved
                if key not in moved:
                    raise
                name, row_now = moved[key]
                tensor = self._tensor(f"{folder}/{name}", row_now, key)
            yield tensor

    def _tensor(self, shard: str, row: int, key: str) -> Tensor:
        keys = self._shard(shard).keys
        if row >= len(keys) or keys[row] != key:
            raise FeatureError(f"shard {shard} does not hold feature {key} in row {row}; {MEND}")
        return self._shard(shard).tensor(row)

    def _shard(self, name: str) -> Shard:
        """Open a shard, or take it from those that are open; the longest unused one is let go."""
        shard = self._open.get(name) or Shard(self.folder / name)
        self._open[name] = shard
        self._open.move_to_end(name)
        if len(self._open) > OPEN_SHARDS:
            self._open.popitem(last=False)
        return shard


def _reopen(folder: Path, shard_clips: int) -> FeatureStore:
    """Open a store in another process; open shards do not travel."""
    return FeatureStore(folder, shard_clips=shard_clips)


def _by_item(failure: materialize.Failure) -> str:
    return failure.item
