"""The snapshot, the table "features": which clip has which feature, and where it was put."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.store.materialize import Wanted, plan
from rodepil.store.registry import View
from rodepil.store.shards import MEND, folder_name


def make(view: View, wanted: Sequence[Wanted], places: Mapping[str, tuple[str, int]]) -> pa.Table:
    """Return the snapshot of those clips whose key has a place, sorted by clip_id."""
    there = sorted((one for one in wanted if one.key in places), key=lambda one: one.clip_id)
    folder = folder_name(view)
    columns = {
        "clip_id": [one.clip_id for one in there],
        "view": [view.name] * len(there),
        "key": [one.key for one in there],
        "shard": [f"{folder}/{places[one.key][0]}" for one in there],
        "row": [places[one.key][1] for one in there],
    }
    return pa.table(columns, schema=tables.schema("features"))


def of_view(view: View, features: pa.Table) -> pa.Table:
    """Return the rows of a snapshot that are of that view's name."""
    return tables.check("features", features).filter(pc.field("view") == view.name)


def rows_of(view: View, features: pa.Table, clip_ids: list[str]) -> pa.Table:
    """Return the rows of some clips, in their order.

    Raises
    ------
    FeatureError
        A clip has no row.
    """
    features = of_view(view, features)
    ids = pa.array(clip_ids, pa.string())
    rows = pc.index_in(ids, value_set=features.column("clip_id").combine_chunks())
    if rows.null_count:
        lost = ids.filter(pc.is_null(rows)).to_pylist()
        raise FeatureError(
            f"{len(lost)} clips have no stored feature in view '{view.name}', the first is "
            f"{lost[0]}; {MEND} and look at the clips that failed"
        )
    return features.take(rows)


def refuse_stale(view: View, features: pa.Table, clips: pa.Table) -> None:
    """Refuse a snapshot whose keys are not those of these clips in this view.

    Raises
    ------
    FeatureError
        A feature is of a clip that is not kept, or was made of other bytes, under other
        settings or with other versions of code and libraries.
    """
    key_of = {one.clip_id: one.key for one in plan(view, clips)}
    rows = zip(
        features.column("clip_id").to_pylist(), features.column("key").to_pylist(), strict=True
    )
    stale = [clip_id for clip_id, key in rows if key_of.get(clip_id) != key]
    if stale:
        raise FeatureError(
            f"the snapshot has {len(stale)} features of other clips, settings or library versions "
            f"than {view!r} now makes, the first is of clip {stale[0]}; {MEND}"
        )
