"""One clip's feature, for a look: a picture or its arrays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.compute as pc

from rodepil.errors import FeatureError
from rodepil.io.files import publish
from rodepil.store.know.formats import save_arrays
from rodepil.store.know.picture import arrays_of, draw, encoded
from rodepil.store.know.project import MATERIALIZE, StoreProject
from rodepil.store.views.base import Row

PICTURES = (".png", ".jpg", ".jpeg")
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
        There is no such clip, view or feature, or the suffix is of another format.
    """
    suffix = out.suffix.lower()
    if suffix not in {*PICTURES, *ARRAYS}:
        raise FeatureError(
            f"'{out.name}' names no format; end it in {', '.join((*PICTURES, *ARRAYS))}"
        )
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
    with publish(out) as beside:
        if suffix == ".npy":
            np.save(beside, feature[main])
        elif suffix == ".npz":
            save_arrays(beside, feature)
        else:
            words = [
                f"clip {clip_id} of subject {row['subject_id']}, {LABELS.get(row['label'])}",
                f"{Path(str(row['path'])).name}",
                f"view {view}, {_shapes(feature)}, key {place['key']}",
            ]
            beside.write_bytes(encoded(draw(feature, main, words), suffix))
    return f"{out}: clip {clip_id}, view '{view}', {_shapes(feature)}"


def _shapes(feature: Row) -> str:
    return ", ".join(f"{name} {array.dtype} {array.shape}" for name, array in feature.items())
