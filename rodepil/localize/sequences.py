"""Clips as localization takes them: a sequence of features each, and the segments in it.

Shapes: N clips, T_n windows of clip n, F features of a window, S_n segments of clip n.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import Tensor

from rodepil.data.problems import raise_if, repeated
from rodepil.errors import TrainingError
from rodepil.io import tables
from rodepil.io.seeds import derive_seed
from rodepil.localize.marked import Clip, clips_of, segments_of
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.models.i3d.grid import FeatureGrid
from rodepil.scoring import video_key
from rodepil.store.dataset import FeatureDataset

Array = npt.NDArray[np.floating]

SLACK_WINDOWS = 2
SLACK_SHARE = 0.05
"""How far the number of features may be from what a clip's duration says: decoders differ in the
last frames; another stride or rate is farther off."""


@dataclass(frozen=True)
class Sequences:
    """Clips with features and segments, sorted by clip_id; one place a clip in every field.

    Attributes
    ----------
    clip_ids, recording_ids, subject_ids
        N names each.
    positions
        N cages of recordings.
    starts_s, durations_s
        Where each clip starts in its recording, and how long it lasts.
    features
        (T_n, F) float32 each, on the CPU.
    segments
        (S_n, 2) float64 each: start and end in seconds from the clip's own start.
    labels
        (S_n,) int64 each: ids of action units.
    """

    clip_ids: tuple[str, ...]
    recording_ids: tuple[str, ...]
    positions: tuple[int, ...]
    subject_ids: tuple[str, ...]
    starts_s: tuple[float, ...]
    durations_s: tuple[float, ...]
    features: tuple[Tensor, ...]
    segments: tuple[Tensor, ...]
    labels: tuple[Tensor, ...]

    def __len__(self) -> int:
        """N."""
        return len(self.clip_ids)

    @property
    def ids(self) -> list[tuple[str, int, str]]:
        """Recording, position and subject of each clip."""
        return list(zip(self.recording_ids, self.positions, self.subject_ids, strict=True))

    def ends_s(self) -> dict[str, float]:
        """Return how much of each cage of a recording the clips reach, by its name in scores."""
        ends: dict[str, float] = {}
        for place, (recording_id, position, _) in enumerate(self.ids):
            key = video_key(recording_id, position)
            end = self.starts_s[place] + self.durations_s[place]
            ends[key] = max(end, ends.get(key, 0.0))
        return ends

    def events(self, names: Sequence[str]) -> pa.Table:
        """Return the segments as a table ``events``, score 1, in seconds of the recording.

        Parameters
        ----------
        names
            Of the classes, by id.
        """
        rows = [
            {
                "recording_id": recording_id, "position": position, "subject_id": subject_id,
                "start_s": start_s + begin, "end_s": start_s + end,
                "label": names[label], "score": 1.0,
            }
            for (recording_id, position, subject_id), start_s, segments, labels in zip(
                self.ids, self.starts_s, self.segments, self.labels, strict=True
            )
            for (begin, end), label in zip(segments.tolist(), labels.tolist(), strict=True)
        ]  # fmt: skip
        return tables.from_rows("events", rows)


def sequences_of(
    rows: pa.Table,
    events: pa.Table,
    features: Mapping[str, Array] | FeatureDataset,
    settings: LocalizeTrialSettings,
) -> Sequences:
    """Put clips, their features and their segments together, and check that they fit.

    Parameters
    ----------
    rows
        Table ``clips``: those that are wanted.
    events
        Table ``events`` with true segments, in seconds of the recording; those of other
        recordings are left out. Of a recording with several clips, each is taken to the clip that
        its middle lies in. One that ends within a frame after its clip ends with it.
    features
        (T_n, F) floats by clip_id, or one side of a split in the store.
    settings
        The features' grid, and the network's width and classes.

    Raises
    ------
    TrainingError
        A clip comes twice, is shorter than a window, or has no features; or they have another
        width, hold NaN, or are more or fewer than their stride makes of the clip's duration.
    AnnotationError
        A segment is reversed, empty, not within its clip, or has an unknown label.
    """
    clips = clips_of(rows)
    twice = repeated([clip.clip_id for clip in clips])
    raise_if(
        [f"clip {name} comes twice" for name in twice], TrainingError, "Give each clip one row"
    )
    found = _features(clips, features, settings)
    marked = segments_of(clips, events, settings.labels, frame_s=1.0 / settings.sequence.fps)
    return Sequences(
        clip_ids=tuple(clip.clip_id for clip in clips),
        recording_ids=tuple(clip.recording_id for clip in clips),
        positions=tuple(clip.position for clip in clips),
        subject_ids=tuple(clip.subject_id for clip in clips),
        starts_s=tuple(clip.start_s for clip in clips),
        durations_s=tuple(clip.duration_s for clip in clips),
        features=found,
        segments=tuple(segments for segments, _ in marked),
        labels=tuple(labels for _, labels in marked),
    )


def shuffled(sequences: Sequences, *, seed: int, fold: int) -> Sequences:
    """Return the clips each with the segments and labels of another, drawn at random.

    All clips in a random order stand in a ring, and each takes what the next one has: none keeps
    its own, unless it is alone. How many clips have which segments stays as it is; times are
    stretched to the clip that they come to. The draw hangs on the seed, the fold and the number of
    clips.
    """
    drawn = derive_seed("shuffled segments", seed, fold)
    ring = torch.randperm(len(sequences), generator=torch.Generator().manual_seed(drawn)).tolist()
    source_of = dict(zip(ring, ring[1:] + ring[:1], strict=True))
    sources = [source_of[place] for place in range(len(sequences))]
    spans = sequences.durations_s
    return replace(
        sequences,
        segments=tuple(
            sequences.segments[source] * (spans[place] / spans[source])
            for place, source in enumerate(sources)
        ),
        labels=tuple(sequences.labels[source] for source in sources),
    )


def _features(
    clips: Sequence[Clip],
    features: Mapping[str, Array] | FeatureDataset,
    settings: LocalizeTrialSettings,
) -> tuple[Tensor, ...]:
    grid, width = settings.grid, settings.network.feature_width
    stored = _Stored(features) if isinstance(features, FeatureDataset) else features
    problems, taken = [], []
    for clip in clips:
        found = stored.get(clip.clip_id)
        problems.append(_problem(clip, found, grid, width))
        if found is not None:  # a copy: what the caller has may be mapped, or be written to
            taken.append(torch.from_numpy(np.array(found, dtype=np.float32)))
    raise_if(
        [problem for problem in problems if problem],
        TrainingError,
        "Make the features again with the sequence settings that they shall have, or mend the "
        "settings",
    )
    return tuple(taken)


class _Stored:
    """The features of one side of a split, read when they are asked for."""

    def __init__(self, dataset: FeatureDataset) -> None:
        self._dataset = dataset
        self._places = {clip_id: place for place, clip_id in enumerate(dataset.clip_ids)}

    def get(self, clip_id: str) -> Array | None:
        """Return a clip's features; None if it is of no clip of this side."""
        if clip_id not in self._places:
            return None
        found: Array = self._dataset[self._places[clip_id]][self._dataset.view.main].numpy()
        return found


def _problem(clip: Clip, found: Array | None, grid: FeatureGrid, width: int) -> str:
    """Say what is wrong with a clip's features; nothing, if they are well."""
    frames = round(clip.duration_s * grid.fps)
    if frames < grid.window_frames:
        return (
            f"clip {clip.clip_id} lasts {frames} frames, and a window {grid.window_frames}: leave "
            "it out"
        )
    if found is None:
        return f"clip {clip.clip_id} has no features"
    if found.ndim != 2 or found.shape[1] != width:  # noqa: PLR2004 - (T, F)
        turned = found.ndim == 2 and found.shape[0] == width  # noqa: PLR2004
        hint = " (it looks transposed)" if turned else ""
        return (
            f"features of clip {clip.clip_id} have shape {found.shape}, wanted (T, {width}){hint}"
        )
    if not np.isfinite(found).all():
        return f"features of clip {clip.clip_id} hold NaN or infinite numbers"
    wanted = grid.count(frames)
    if abs(len(found) - wanted) > max(SLACK_WINDOWS, SLACK_SHARE * wanted):
        return (
            f"clip {clip.clip_id} has {len(found)} features, but windows of {grid.window_frames} "
            f"frames every {grid.stride_frames} at {grid.fps:g} frames a second make {wanted} of "
            f"its {clip.duration_s:g} s"
        )
    return ""
