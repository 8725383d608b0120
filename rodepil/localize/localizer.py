"""A trained network at work: from sequences of features to a table of events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import torch

from rodepil.config.raseformer import SegmentSettings
from rodepil.errors import ModelError
from rodepil.io import tables
from rodepil.localize.find import Steps, find
from rodepil.models.i3d.grid import FeatureGrid
from rodepil.models.raseformer.network import Raseformer

Identity = tuple[str, int, str]
"""A clip's recording, position and subject."""


@dataclass(frozen=True)
class Finder:
    """What turns sequences into events.

    Attributes
    ----------
    network
        On its device.
    segments
        How points become segments.
    grid
        Where the features stand in time.
    labels
        Names of the classes, by id.
    """

    network: Raseformer
    segments: SegmentSettings
    grid: FeatureGrid
    labels: tuple[str, ...]

    def find(
        self,
        sequences: Iterable[Steps],
        durations_s: Iterable[float],
        ids: Iterable[Identity],
        starts_s: Iterable[float] | None = None,
    ) -> pa.Table:
        """Return the table ``events`` of clips, in their order, each clip's best first.

        Parameters
        ----------
        sequences
            (T, F) float32 each, of any length, taken one at a time.
        durations_s
            Seconds of each clip, in which its events lie. What would lie outside is cut off; what
            has no length then is no event.
        ids
            Recording, position and subject of each clip.
        starts_s
            Where each clip starts in its recording; 0 without.

        Raises
        ------
        ModelError
            A sequence does not fit the network, or the numbers of arguments differ.
        """
        self.network.eval()
        names, durations = list(ids), list(durations_s)
        starts = [0.0] * len(names) if starts_s is None else list(starts_s)
        if not len(names) == len(durations) == len(starts):
            raise ModelError(
                f"{len(names)} ids, {len(durations)} durations and {len(starts)} starts of clips; "
                "give one of each for every sequence"
            )
        found = [tables.from_rows("events", [])]
        left = zip(names, durations, starts, strict=True)
        for steps in sequences:
            place = next(left, None)
            if place is None:
                raise ModelError(f"there are more sequences than ids ({len(names)}); give all ids")
            found.append(self._events(steps, *place))
        if len(found) <= len(names):
            raise ModelError(
                f"there are {len(found) - 1} sequences for {len(names)} ids; give as many of each"
            )
        return pa.concat_tables(found).combine_chunks()

    def _events(
        self, steps: Steps, identity: Identity, duration_s: float, start_s: float
    ) -> pa.Table:
        try:
            found = find(self.network, self.segments, steps)
        except ModelError as error:
            raise ModelError(f"cage {identity[1]} of '{identity[0]}': {error}") from error
        times_s = self.grid.to_time_s(found.segments.double(), duration_s)
        long = times_s[:, 1] > times_s[:, 0]
        times_s, scores, labels = times_s[long], found.scores[long], found.labels[long]
        return _table(identity, times_s + start_s, scores, self._names(labels))

    def _names(self, labels: torch.Tensor) -> list[str]:
        return [self.labels[label] for label in labels.tolist()]


def _table(
    identity: Identity, times_s: torch.Tensor, scores: torch.Tensor, labels: Sequence[str]
) -> pa.Table:
    count = len(labels)
    recording_id, position, subject_id = identity
    columns = {
        "recording_id": pa.array([recording_id] * count, pa.string()),
        "position": pa.array([position] * count, pa.int64()),
        "subject_id": pa.array([subject_id] * count, pa.string()),
        "start_s": pa.array(times_s[:, 0].numpy(), pa.float64()),
        "end_s": pa.array(times_s[:, 1].numpy(), pa.float64()),
        "label": pa.array(labels, pa.string()),
        "score": pa.array(scores.double().numpy(), pa.float64()),
    }
    return tables.check("events", pa.table(columns))
