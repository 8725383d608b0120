"""What the stage of features makes, leaves for later, and has to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.errors import ModelError
from rodepil.io.wording import by_number
from rodepil.store.features import FeatureStore
from rodepil.store.index import Index
from rodepil.store.know.project import MATERIALIZE
from rodepil.store.materialize import Manifest, plan
from rodepil.store.shards import folder_name
from rodepil.store.views.base import View


def put_off(
    views: Sequence[View], manifest: Manifest, store: FeatureStore
) -> tuple[list[View], list[str]]:
    """Part views into those to make now, and the names of those that wait for training.

    The stage of features comes before training, so that it can't make what a trained network does.
    What was made by hand and is all there for these clips does not wait: it costs nothing.
    """
    waits = (view for view in views if view.follows_training())
    later = [view.name for view in waits if not is_stored(view, manifest, store)]
    return [view for view in views if view.name not in later], later


def is_stored(view: View, manifest: Manifest, store: FeatureStore) -> bool:
    """Say whether a store holds every feature of a view, whose network may not be there yet."""
    try:
        wanted = plan([view], manifest.clips)
    except ModelError:
        return False
    spots = Index(store.place, folder_name(view)).spots
    return all(key in spots for one in wanted for key in one.keys.values())


def left_out(rows: Mapping[str, int]) -> Iterator[str]:
    """Yield what to say of views that left the snapshot, by the features of each."""
    if rows:
        said = (f"{name} ({by_number(rows[name], 'feature', 'features')})" for name in rows)
        yield (
            f"left the snapshot, for the settings have no such view: {', '.join(said)}; "
            "'rodepil features gc' frees what nothing else refers to"
        )


def by_hand(name: str) -> str:
    """Return what to say of a view that was put off."""
    return (
        f"{name}: left out, for this project trains its network; once that is trained, make it by "
        f"'{MATERIALIZE} {name}'"
    )


def doubts(views: Sequence[View], clips: pa.Table) -> Iterator[str]:
    """Yield what settings can hardly mean for clips that are so long.

    A view that slides windows along a clip has the setting ``window_frames``.
    """
    lengths = clips.filter(pc.field("kept")).column("n_frames").drop_null()
    for view in views:
        window = view.settings.get("window_frames")
        if isinstance(window, int):
            short = pc.sum(pc.less(lengths, window)).as_py() or 0
            if short:
                yield (
                    f"{view.name}: windows of {window} frames are longer than "
                    f"{by_number(short, 'clip', 'clips')} of {len(lengths):,}; of each such clip "
                    "the whole is one window"
                )
