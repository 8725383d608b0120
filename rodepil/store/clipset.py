"""Features as one resident tensor, for training and testing, only through a `Split`.

Shapes: N clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from rodepil.data.split import Split
from rodepil.errors import FeatureError, SubjectLeak
from rodepil.store.features import FeatureStore
from rodepil.store.registry import View, feature_key
from rodepil.store.shards import MEND


@dataclass(frozen=True)
class ClipSet:
    """Clips with their labels, in memory of their own that may be written to.

    Attributes
    ----------
    frames
        (N, T, 3, H, W) uint8, range [0, 255].
    labels
        (N,) int64, 0 normal, 1 seizure.
    clip_ids, subject_ids
        N names each.
    """

    frames: torch.Tensor
    labels: torch.Tensor
    clip_ids: tuple[str, ...]
    subject_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.clip_ids)


def training_set(store: FeatureStore, view: View, features: pa.Table, split: Split) -> ClipSet:
    """Return the clips that a split trains on, sorted by clip_id.

    Raises
    ------
    SubjectLeak
        `split` is no Split.
    FeatureError
        A feature is missing from snapshot or store, or is of other bytes than the clip's.
    """
    return _stack(store, view, features, _through(split).train)


def testing_set(store: FeatureStore, view: View, features: pa.Table, split: Split) -> ClipSet:
    """Return the clips that a split tests on; otherwise as `training_set`."""
    return _stack(store, view, features, _through(split).test)


def _through(split: Split) -> Split:
    """Refuse anything but a Split, whatever it looks like."""
    if not isinstance(split, Split):
        raise SubjectLeak(
            f"clips are had through a Split, got {type(split).__name__}; "
            "take split_by_fold(clips, folds, fold)"
        )
    return split


def _stack(store: FeatureStore, view: View, features: pa.Table, rows: pa.Table) -> ClipSet:
    """Copy the features of `rows` from the mapped shards into one tensor."""
    _refuse_stale(view, features, rows)
    clip_ids = rows.column("clip_id").to_pylist()
    frames = torch.empty((len(clip_ids), *view.shape), dtype=torch.uint8)
    into = frames.numpy()
    for index, tensor in enumerate(store.stream(view, features, clip_ids)):
        np.copyto(into[index], tensor)
    labels = torch.from_numpy(rows.column("label").to_numpy().copy())
    return ClipSet(frames, labels, tuple(clip_ids), tuple(rows.column("subject_id").to_pylist()))


def _refuse_stale(view: View, features: pa.Table, rows: pa.Table) -> None:
    """Refuse a snapshot made of other clips or under other settings than these."""
    identity = view.identity()
    wanted = [feature_key(sha256, identity) for sha256 in rows.column("sha256").to_pylist()]
    place = pc.index_in(
        rows.column("clip_id"), value_set=features.column("clip_id").combine_chunks()
    )
    have = features.column("key").take(place).to_pylist()
    for clip_id, key, stored in zip(rows.column("clip_id").to_pylist(), wanted, have, strict=True):
        if stored is not None and key != stored:
            raise FeatureError(
                f"the stored feature of clip {clip_id} was made of other bytes or under other "
                f"settings than {view!r}; {MEND}"
            )
