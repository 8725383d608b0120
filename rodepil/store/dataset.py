"""One side of a split, read from the store: the only way to clips for training and testing.

Shapes: N clips, B clips of a batch; what one clip is, its view says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from torch.utils.data import Dataset

from rodepil.data.split import Split
from rodepil.errors import FeatureError, SubjectLeak
from rodepil.store import snapshot
from rodepil.store.clipset import ClipSet, to_device
from rodepil.store.features import FeatureStore
from rodepil.store.making import shard_clips
from rodepil.store.materialize import Manifest
from rodepil.store.views.base import Row, View

Side = Literal["train", "test"]

DEFAULT_WORKERS = 1
"""Threads that read ahead. Processes were slower: what they read has to be sent."""


class FeatureDataset(Dataset[dict[str, Any]]):
    """The clips that a split trains on, or tests on, sorted by clip_id.

    Parameters
    ----------
    store
        Where their features lie.
    view
        What is stored of them.
    split
        The guard's split.
    side
        ``train`` or ``test``.
    manifest
        The clips' files: with them, a feature that is found damaged or lost is made again.
    workers
        Threads that read ahead, 0 to 2.

    Attributes
    ----------
    labels
        (N,) int64, 0 normal, 1 seizure.
    clip_ids, subject_ids
        N names each.

    Raises
    ------
    SubjectLeak
        `split` is no Split, or the view was made with what learned from the test subjects.
    FeatureError
        `side` is neither of the two, a feature is missing from the snapshot, or it is of other
        bytes than the clip's.
    """

    def __init__(
        self,
        store: FeatureStore,
        view: View,
        split: Split,
        side: Side,
        *,
        manifest: Manifest | None = None,
        workers: int = DEFAULT_WORKERS,
    ) -> None:
        rows = side_of(split, side)
        self.store, self.view, self.manifest, self.workers = store, view, manifest, workers
        self.side, self.fold = side, split.fold
        self.clip_ids: tuple[str, ...] = tuple(rows.column("clip_id").to_pylist())
        self.subject_ids: tuple[str, ...] = tuple(rows.column("subject_id").to_pylist())
        self.labels = torch.from_numpy(rows.column("label").to_numpy().copy())
        stored = snapshot.rows_of(view.name, store.features, self.clip_ids)
        snapshot.refuse_stale(view, stored, rows, store.place)
        _refuse_learned(view, split)
        self._known = set(self.clip_ids)

    def __len__(self) -> int:
        return len(self.clip_ids)

    def __getitem__(self, index: int) -> dict[str, Any]:
        """Return a clip: a tensor for each column of the view, label, clip_id and subject_id."""
        (row,) = self._rows([index])
        tensors = {name: torch.from_numpy(np.array(array)) for name, array in row.items()}
        return tensors | {
            "label": int(self.labels[index]),
            "clip_id": self.clip_ids[index],
            "subject_id": self.subject_ids[index],
        }

    def read(self, clip_ids: Sequence[str]) -> pa.Table:
        """Return features of clips of this side as Arrow data; see `FeatureStore.read`.

        Raises
        ------
        SubjectLeak
            A clip is not of this side.
        """
        strange = [clip_id for clip_id in clip_ids if clip_id not in self._known]
        if strange:
            raise SubjectLeak(
                f"{len(strange)} clips are not of the {self.side} side of fold {self.fold}, the "
                f"first is {strange[0]}; read them through the other side, or for a look with "
                "'rodepil features get'"
            )
        return self.store.read(self.view.name, clip_ids)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one clip in the view's main column.

        Raises
        ------
        FeatureError
            Clips of that view differ in length.
        """
        fixed = self.view.columns[self.view.main].fixed
        if fixed is None:
            raise FeatureError(
                f"clips of view '{self.view.name}' differ in length and make no batch; read them "
                "one by one"
            )
        return fixed

    @property
    def dtype(self) -> torch.dtype:
        """The type of the main column's numbers."""
        return torch.from_numpy(np.empty(0, self.view.columns[self.view.main].dtype)).dtype

    @property
    def size_bytes(self) -> int:
        """Bytes of the main column of all clips."""
        return len(self) * self.view.columns[self.view.main].size_bytes()

    def resident(self, device: torch.device | None = None) -> ClipSet:
        """Return all clips in one tensor on `device`, by default the CPU."""
        place = device or torch.device("cpu")
        frames = torch.empty((len(self), *self.shape), dtype=self.dtype, device=place)
        if place.type == "cpu":
            self._copy(range(len(self)), frames)
        else:
            size = shard_clips(self.view, self.store.shard_clips)
            parts = torch.split(torch.arange(len(self)), size)
            for part, taken in zip(parts, self.batches(parts, place), strict=True):
                frames[part[0] : part[-1] + 1] = taken
        return ClipSet(frames, self.labels, self.clip_ids, self.subject_ids)

    def batches(self, indices: Iterable[Tensor], device: torch.device) -> Iterator[Tensor]:
        """Yield the clips of each of `indices`, read ahead by `workers` threads."""
        if self.workers == 0:
            for each in indices:
                yield to_device(self._batch(each), device)
            return
        left = iter(indices)
        with ThreadPoolExecutor(self.workers, "read-features") as pool:
            ahead: deque[Future[Tensor]] = deque(
                pool.submit(self._batch, each) for each in islice(left, self.workers + 1)
            )
            try:
                while ahead:
                    ready = ahead.popleft().result()
                    ahead.extend(pool.submit(self._batch, each) for each in islice(left, 1))
                    yield to_device(ready, device)
            finally:
                for future in ahead:
                    future.cancel()

    def _batch(self, indices: Tensor) -> Tensor:
        """Return (B, *shape) on the CPU."""
        shape = (len(indices), *self.shape)
        # NumPy takes large arrays from huge pages, where the system has them; PyTorch does not.
        batch = torch.from_numpy(np.empty(shape, self.view.columns[self.view.main].dtype))
        self._copy(indices.tolist(), batch)
        return batch

    def _copy(self, indices: Sequence[int], into: Tensor) -> None:
        """Copy the main column of some clips from the mapped shards."""
        places = into.numpy()
        for place, row in zip(places, self._rows(indices), strict=True):
            np.copyto(place, row[self.view.main])

    def _rows(self, indices: Sequence[int]) -> Iterator[Row]:
        """Yield features, each made again once if it is damaged or lost."""
        for index in indices:
            yield self._row(self.clip_ids[index])

    def _row(self, clip_id: str) -> Row:
        if self.manifest is None:
            return next(self.store.rows(self.view.name, [clip_id]))
        return self.store.sound_row(self.view, clip_id, self.manifest)


def _refuse_learned(view: View, split: Split) -> None:
    """Refuse features that were made by what learned from the subjects to be tested."""
    shared = sorted(view.learned_from() & set(split.test.column("subject_id").to_pylist()))
    if shared:
        raise SubjectLeak(
            f"view '{view.name}' is made by a model that learned from subjects {shared}, which "
            f"fold {split.fold} tests; take the model of a trial that tested them, or one that "
            "never saw them"
        )


def side_of(split: Split, side: Side) -> pa.Table:
    """Return the clips of one side of a split.

    Raises
    ------
    SubjectLeak
        `split` is no Split, whatever it looks like.
    FeatureError
        There is no such side.
    """
    if not isinstance(split, Split):
        raise SubjectLeak(
            f"clips are had through a Split, got {type(split).__name__}; "
            "take split_by_fold(clips, folds, fold)"
        )
    if side not in get_args(Side):
        raise FeatureError(f"a split has no side {side!r}; take 'train' or 'test'")
    return split.train if side == "train" else split.test
