"""The snapshot, the table "features": which clip has which feature, and where it was put."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.io.files import short_hash
from rodepil.store.index import Spot
from rodepil.store.materialize import Wanted, plan
from rodepil.store.shards import MEND, folder_name
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


def of_view(name: str, features: pa.Table) -> pa.Table:
    """Return the rows of a snapshot that are of that view."""
    return tables.check("features", features).filter(pc.field("view") == name)


def digest(name: str, features: pa.Table) -> str:
    """Return a digest of which clip has which feature in a view; where they lie is none of it."""
    rows = of_view(name, features).sort_by("clip_id")
    return short_hash(rows.column("clip_id").to_pylist(), rows.column("key").to_pylist())


def rows_of(name: str, features: pa.Table, clip_ids: Sequence[str]) -> pa.Table:
    """Return the rows of some clips in a view, in their order.

    Raises
    ------
    FeatureError
        A clip has no row.
    """
    features = of_view(name, features)
    ids = pa.array(clip_ids, pa.string())
    rows = pc.index_in(ids, value_set=features.column("clip_id").combine_chunks())
    if rows.null_count:
        lost = ids.filter(pc.is_null(rows)).to_pylist()
        raise FeatureError(
            f"{len(lost)} clips have no stored feature in view '{name}', the first is {lost[0]}; "
            f"{MEND} and look at the clips that failed"
        )
    return features.take(rows)


def refuse_stale(view: View, features: pa.Table, clips: pa.Table) -> None:
    """Refuse a snapshot whose keys are not those of these clips in this view.

    Parameters
    ----------
    view
        The view as it makes features now.
    features
        Rows of it in the snapshot.
    clips
        The manifest.

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
        raise FeatureError(
            f"the snapshot has {len(stale)} features of other clips, settings or library versions "
            f"than {view!r} now makes, the first is of clip {stale[0]}; {MEND}"
        )
