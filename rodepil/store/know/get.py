"""One clip's feature, for a look: a picture or its arrays."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from rodepil.errors import FeatureError, RodepilError
from rodepil.io.files import publish, unwritable
from rodepil.io.pictures import PICTURES
from rodepil.store.know.formats import save_arrays
from rodepil.store.know.outside import refuse_address
from rodepil.store.know.picture import Notes, arrays_of, draw, encoded
from rodepil.store.know.project import MATERIALIZE, StoreProject
from rodepil.store.shards import folder_name, open_shard
from rodepil.store.views.base import Row, View
from rodepil.store.views.frames import FrameView
from rodepil.store.views.registry import make_view

ARRAYS = (".npy", ".npz")
LABELS: dict[object, str] = {0: "normal", 1: "seizure"}


def get(project: StoreProject, clip: str, view: str, out: Path) -> str:
    """Write a clip's feature to a file, in the format of its suffix, and say what it is.

    Parameters
    ----------
    project
        Whose store it is.
    clip
        The clip's id, the beginning of one, or its path.
    view
        A view of the snapshot.
    out
        ``.png`` or ``.jpg`` for a picture, ``.npy`` for the main column, ``.npz`` for all.

    Raises
    ------
    FeatureError
        There is no such clip, view or feature, the suffix is of another format, or the file can't
        be written.
    """
    suffix = out.suffix.lower()
    if suffix not in {*PICTURES, *ARRAYS}:
        raise FeatureError(
            f"'{out.name}' names no format; end it in {', '.join((*PICTURES, *ARRAYS))}"
        )
    refuse_address(out)
    held = project.held(view)
    row = project.clip(clip)
    clip_id = str(row["clip_id"])
    found = held.filter(pc.field("clip_id") == clip_id)
    if not found.num_rows:
        raise FeatureError(
            f"clip {clip_id} has no feature of view '{view}' in the snapshot; run "
            f"'{MATERIALIZE} {view}' and look at the clips that failed"
        )
    place = found.to_pylist()[0]
    feature = arrays_of(next(project.store.rows(view, [clip_id])))
    main = next(iter(feature))
    written = {main: feature[main]} if suffix == ".npy" else feature
    try:
        with publish(out) as beside:
            if suffix == ".npy":
                np.save(beside, feature[main])
            elif suffix == ".npz":
                save_arrays(beside, feature)
            else:
                notes = _notes(project, view, row, place["shard"])
                words = _words(view, row, place["key"], feature)
                if notes.tiles:
                    words.append(f"below each: frames of the clip's {row['n_frames']}, and when")
                beside.write_bytes(encoded(draw(feature, main, words, notes), suffix))
    except OSError as error:
        raise FeatureError(unwritable(out, error)) from error
    lines = [f"{out}: clip {clip_id}, view '{view}'", *_shapes(written)]
    if len(written) < len(feature):
        lines.append(f"(without {', '.join(_beside(feature, main))}: .npz takes all)")
    return "\n".join(lines)


def _beside(feature: Row, main: str) -> list[str]:
    """Return the columns beside the main one."""
    return [name for name in feature if name != main]


def _words(view: str, row: Mapping[str, object], key: str, feature: Row) -> list[str]:
    """Return what stands above a picture."""
    main = next(iter(feature))
    return [
        f"clip {row['clip_id']} of subject {row['subject_id']}, {LABELS.get(row['label'])}",
        f"{Path(str(row['path'])).name}",
        f"view {view}, key {key}",
        *(line.strip() for line in _shapes({main: feature[main]})),
    ]


def _notes(project: StoreProject, name: str, row: Mapping[str, object], shard: str) -> Notes:
    """Return what frames and numbers of a clip are, as far as the clip and its view tell."""
    fps = float(Fraction(str(row["fps"]))) if row["fps"] else None
    view = _view_of(project, name, shard)
    if view is None:
        return Notes(fps=fps)
    units = {column: what.unit for column, what in view.columns.items()}
    tiles: list[str] = []
    if isinstance(view, FrameView) and row["n_frames"]:
        numbers = view.numbers(int(str(row["n_frames"])))
        width = 2 if view.pairs == "native" else 1
        tiles = [_tile(each, fps) for each in numbers.reshape(-1, width).tolist()]
    return Notes(tiles, units, fps)


def _tile(frames: list[int], fps: float | None) -> str:
    """Return what is below a tile: its frames of the clip, and their seconds."""
    seconds = f": {', '.join(f'{frame / fps:.3f}' for frame in frames)} s" if fps else ""
    return f"{', '.join(map(str, frames))}{seconds}"


def _view_of(project: StoreProject, name: str, shard: str) -> View | None:
    """Return the view that made a shard, as the shard tells it; None where nobody knows."""
    view = project.views.get(name)
    folder = shard.rpartition("/")[0]
    if view is not None and name not in project.broken and folder_name(view) == folder:
        return view
    header = open_shard(project.store.place, shard).header
    with suppress(RodepilError):
        made = make_view(name, header["kind"], header["settings"], project.workspace.root)
        return made if made.code_version == header["code_version"] else None
    return None


def _shapes(feature: Row) -> list[str]:
    """Return a line a column: its numbers' type and shape, of one number the number."""
    return [
        f"  {name}: {array.dtype} {array.shape}" if array.shape else f"  {name}: {float(array):.6g}"
        for name, array in feature.items()
    ]
