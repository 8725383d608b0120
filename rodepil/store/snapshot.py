"""The snapshot, the table "features": which clip has which feature, and where it was put."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock

from rodepil.errors import FeatureError, TableError
from rodepil.io import tables
from rodepil.io.files import short_hash, unwritable
from rodepil.store.index import Spot
from rodepil.store.making import Wanted
from rodepil.store.materialize import plan
from rodepil.store.places import Place
from rodepil.store.shards import MEND, folder_name
from rodepil.store.stale import difference, header_of
from rodepil.store.views.base import View


def make(
    views: Sequence[View], wanted: Sequence[Wanted], spots: Sequence[Mapping[str, Spot]]
) -> pa.Table:
    """Return the snapshot of those features whose key has a place, by view and clip_id.

    Parameters
    ----------
    views
        The views.
    wanted
        The clips, with a key for each view's number.
    spots
        Where keys lie, for each view.
    """
    in_order = sorted(wanted, key=lambda one: one.clip_id)
    rows: dict[str, list[object]] = {name: [] for name in tables.schema("features").names}
    for number, view in enumerate(views):
        folder = folder_name(view)
        for one in in_order:
            spot = spots[number].get(one.keys[number])
            if spot is not None:
                values = (one.clip_id, view.name, one.keys[number], f"{folder}/{spot.shard}")
                for column, value in zip(rows.values(), (*values, spot.row), strict=True):
                    column.append(value)
    return pa.table(rows, schema=tables.schema("features"))


def merge(old: pa.Table, new: pa.Table, views: Sequence[str]) -> pa.Table:
    """Return a snapshot with the rows of `views` from `new`, and those of others from `old`."""
    others = old.filter(pc.invert(pc.is_in(old.column("view"), pa.array(views, pa.string()))))
    both = pa.concat_tables([tables.check("features", others), tables.check("features", new)])
    return both.sort_by([("view", "ascending"), ("clip_id", "ascending")])


def record(
    path: Path, made: pa.Table, views: Sequence[str], among: Collection[str] | None = None
) -> dict[str, int]:
    """Put the rows of some views in the place of those that a snapshot's file has of them.

    One process at a time does so, on what others wrote meanwhile.

    Parameters
    ----------
    path
        The file; one that is missing or can't be read is begun anew.
    made
        A snapshot with the rows of `views`.
    views
        The views that were made.
    among
        The views of which rows may stay; by default all.

    Returns
    -------
    dict
        The views of which no row stayed for they are not `among` those, with their rows.

    Raises
    ------
    TableError
        The file can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        lock.acquire()
    except OSError as error:
        raise TableError(unwritable(path, error)) from error
    try:
        old = _read(path)
        tables.write("features", merge(_only(old, among), _only(made, views), views), path)
    finally:
        lock.release()
    counted = Counter(old.column("view").to_pylist())
    left = set() if among is None else {*counted} - {*among}
    return {name: counted[name] for name in sorted(left)}


def _read(path: Path) -> pa.Table:
    try:
        return tables.read("features", path)
    except TableError:
        return tables.from_rows("features", [])


def _only(features: pa.Table, views: Collection[str] | None) -> pa.Table:
    """Return the rows of some views; by default all."""
    if views is None:
        return features
    return features.filter(pc.is_in(features.column("view"), pa.array(sorted(views), pa.string())))


def of_view(name: str, features: pa.Table) -> pa.Table:
    """Return the rows of a snapshot that are of that view."""
    return tables.check("features", features).filter(pc.field("view") == name)


def digest(name: str, features: pa.Table) -> str:
    """Return a digest of which clip has which feature in a view; where they lie is none of it."""
    rows = of_view(name, features).sort_by("clip_id")
    return short_hash(rows.column("clip_id").to_pylist(), rows.column("key").to_pylist())


class Places:
    """Where the features of one view lie, found as fast as memory is read.

    Parameters
    ----------
    name
        The view.
    features
        The snapshot.
    """

    def __init__(self, name: str, features: pa.Table) -> None:
        rows = of_view(name, features)
        columns = (rows.column(each).to_pylist() for each in ("clip_id", "shard", "row", "key"))
        self._name, self._features = name, features
        self._places = {
            clip_id: (sys.intern(shard), row, key)
            for clip_id, shard, row, key in zip(*columns, strict=True)
        }

    def of(self, clip_ids: Sequence[str]) -> list[tuple[str, int, str]]:
        """Return shard, row and key of the feature of each clip.

        Raises
        ------
        FeatureError
            A clip has none.
        """
        try:
            return [self._places[clip_id] for clip_id in clip_ids]
        except KeyError:
            lost = [clip_id for clip_id in clip_ids if clip_id not in self._places]
            raise _lost(self._name, self._features, lost) from None


def rows_of(name: str, features: pa.Table, clip_ids: Sequence[str]) -> pa.Table:
    """Return the rows of some clips in a view, in their order.

    Raises
    ------
    FeatureError
        A clip has no row.
    """
    held = of_view(name, features)
    ids = pa.array(clip_ids, pa.string())
    rows = pc.index_in(ids, value_set=held.column("clip_id").combine_chunks())
    if rows.null_count:
        raise _lost(name, features, ids.filter(pc.is_null(rows)).to_pylist())
    return held.take(rows)


def _lost(name: str, features: pa.Table, clip_ids: Sequence[str]) -> FeatureError:
    """Return an error that says what the snapshot lacks: all, the view, or some clips of it."""
    if not features.num_rows:
        return FeatureError(
            f"view '{name}' can't be read, for this store has no snapshot, or an empty one: open "
            "it with open_store(settings.store, workspace, tables.read('features', "
            "workspace.features)), or call materialize first"
        )
    known = pc.unique(features.column("view")).to_pylist()
    if name not in known:
        return FeatureError(
            f"the snapshot has no view '{name}', it has {', '.join(sorted(known))}; "
            f"run 'rodepil features materialize {name}', or call materialize with that view"
        )
    return FeatureError(
        f"{len(clip_ids)} clips have no stored feature in view '{name}', the first is "
        f"{clip_ids[0]}; {MEND} and look at the clips that failed"
    )


def refuse_stale(
    view: View, features: pa.Table, clips: pa.Table, place: Place | None = None
) -> None:
    """Refuse a snapshot whose keys are not those of these clips in this view.

    Parameters
    ----------
    view
        The view as it makes features now.
    features
        Rows of it in the snapshot.
    clips
        The manifest.
    place
        Where the shards lie, so that the error can say what differs.

    Raises
    ------
    FeatureError
        A feature is of a clip that is not kept, or was made of other bytes, under other
        settings or with other versions of code and libraries.
    """
    key_of = {one.clip_id: one.keys[0] for one in plan([view], clips)}
    columns = (features.column(name).to_pylist() for name in ("clip_id", "key"))
    stale = [clip_id for clip_id, key in zip(*columns, strict=True) if key_of.get(clip_id) != key]
    if stale:
        at = features.filter(pc.field("clip_id") == stale[0]).column("shard")[0].as_py()
        said = _differs(view, at.rpartition("/")[0], place)
        raise FeatureError(
            f"the snapshot has {len(stale)} features of other clips, settings or library versions "
            f"than view '{view.name}' now makes{said}; the first is of clip {stale[0]}; {MEND} "
            "with the --set and --profile options of this command"
        )


def _differs(view: View, folder: str, place: Place | None) -> str:
    """Return in what a view differs from the one that filled a folder, as far as it is known."""
    if folder == folder_name(view):
        return " (the clips are others)"
    if place is None:
        return ""
    with suppress(FeatureError, OSError):
        return f" ({difference(view, header_of(place, folder, place.files(folder)))})"
    return ""
