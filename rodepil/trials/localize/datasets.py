"""The clips of localization and of both sides of its trials, as trackers are told of them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.workspace import Workspace
from rodepil.data.split import Split
from rodepil.io.files import short_hash
from rodepil.track.dataset import Dataset
from rodepil.trials.datasets import DIGITS

WHOLE = "action units"


def units_of(
    split: Split, events: pa.Table, digests: Mapping[str, str], workspace: Workspace
) -> tuple[Dataset, Dataset, Dataset]:
    """Return all clips of a localization, those that a trial learns from, and those tested.

    Parameters
    ----------
    split
        Of the trial's fold.
    events
        Table ``events`` of the true segments.
    digests
        Of clips, events and folds, by name.
    workspace
        Where their table lies.
    """
    of = tuple(digests[name] for name in ("clips", "events", "folds"))
    source = workspace.units_clips.relative_to(workspace.root).as_posix()

    def told(name: str, context: str, rows: pa.Table, *own: object) -> Dataset:
        digest = short_hash("units", *of, *own)[:DIGITS]
        return Dataset(name, digest, source, context, _profile(rows, events))

    fold = split.fold
    return (
        told(WHOLE, "localization", pa.concat_tables([split.train, split.test])),
        told(f"{WHOLE}, fold {fold} (train)", "training", split.train, fold, "train"),
        told(f"{WHOLE}, fold {fold} (test)", "testing", split.test, fold, "test"),
    )


def _profile(rows: pa.Table, events: pa.Table) -> dict[str, int]:
    there = pc.is_in(events.column("recording_id"), pc.unique(rows.column("recording_id")))
    return {
        "clips": rows.num_rows,
        "subjects": pc.count_distinct(rows.column("subject_id")).as_py(),
        "segments": pc.sum(there).as_py() or 0,
    }
