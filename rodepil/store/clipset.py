"""Features as one resident tensor, for training and testing, only through a `Split`.

Shapes: N clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch

from rodepil.data.split import Split
from rodepil.errors import SubjectLeak
from rodepil.store import snapshot
from rodepil.store.features import FeatureStore
from rodepil.store.views.base import View


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


def training_set(store: FeatureStore, view: View, split: Split) -> ClipSet:
    """Return the clips that a split trains on, sorted by clip_id.

    Raises
    ------
    SubjectLeak
        `split` is no Split.
    FeatureError
        A feature is missing from snapshot or store, or is of other bytes than the clip's.
    """
    return _stack(store, view, _through(split).train)


def testing_set(store: FeatureStore, view: View, split: Split) -> ClipSet:
    """Return the clips that a split tests on; otherwise as `training_set`."""
    return _stack(store, view, _through(split).test)


def _through(split: Split) -> Split:
    """Refuse anything but a Split, whatever it looks like."""
    if not isinstance(split, Split):
        raise SubjectLeak(
            f"clips are had through a Split, got {type(split).__name__}; "
            "take split_by_fold(clips, folds, fold)"
        )
    return split


def _stack(store: FeatureStore, view: View, clips: pa.Table) -> ClipSet:
    """Copy the features of `clips` from the mapped shards into one tensor."""
    clip_ids = clips.column("clip_id").to_pylist()
    snapshot.refuse_stale(view, snapshot.rows_of(view.name, store.features, clip_ids), clips)
    shape = view.columns[view.main].fixed or ()
    frames = torch.empty((len(clip_ids), *shape), dtype=torch.uint8)
    into = frames.numpy()
    for index, row in enumerate(store.rows(view.name, clip_ids)):
        np.copyto(into[index], row[view.main])
    labels = torch.from_numpy(clips.column("label").to_numpy().copy())
    return ClipSet(frames, labels, tuple(clip_ids), tuple(clips.column("subject_id").to_pylist()))
