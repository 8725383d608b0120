"""The clips of a cross-validation and of both sides of its trials, as trackers are told of them."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.workspace import Workspace
from rodepil.data.split import Split
from rodepil.io.files import short_hash
from rodepil.track.dataset import Dataset

DIGITS = 8
"""Of a digest: so many as MLflow's own have, which its lists have room for."""


def whole(split: Split, digests: Mapping[str, str], workspace: Workspace) -> Dataset:
    """Return all clips of a cross-validation.

    Parameters
    ----------
    split
        Of any of its folds.
    digests
        Of the clips and folds, by name.
    workspace
        Where their table lies.
    """
    rows = pa.concat_tables([split.train, split.test])
    digest = short_hash("dataset", digests["clips"], digests["folds"])
    return Dataset("clips", digest[:DIGITS], _source(workspace), "cross-validation", _profile(rows))


def sides(
    split: Split, digests: Mapping[str, str], workspace: Workspace
) -> tuple[Dataset, Dataset]:
    """Return the clips that a trial is trained on, and those that it is tested on.

    They are named and hashed by the fold and side alone, not by the features that are read of
    them, so that trials of one fold in all rows of a grid share them.

    Parameters
    ----------
    split
        Of the trial's fold.
    digests
        Of the clips and folds, by name.
    workspace
        Where their table lies.
    """

    def side(name: str, context: str, rows: pa.Table) -> Dataset:
        of = f"fold {split.fold} ({name})"
        digest = short_hash("dataset", digests["clips"], digests["folds"], split.fold, name)
        return Dataset(of, digest[:DIGITS], _source(workspace), context, _profile(rows))

    return side("train", "training", split.train), side("test", "testing", split.test)


def in_words(both: tuple[Dataset, ...]) -> str:
    """Return in words what a trial is trained and tested on; `both` is what `sides` gives."""
    train, test = (_counted(side.profile) for side in both)
    return f"trained on {train}, tested on {test}"


def _counted(profile: Mapping[str, int]) -> str:
    seizures, segments = profile.get("seizure_clips"), profile.get("segments")
    what = f"{seizures} of seizures" if segments is None else f"{segments} segments"
    return f"{profile['clips']} clips of {profile['subjects']} subjects ({what})"


def _source(workspace: Workspace) -> str:
    return workspace.clips.relative_to(workspace.root).as_posix()


def _profile(rows: pa.Table) -> dict[str, int]:
    return {
        "clips": rows.num_rows,
        "subjects": pc.count_distinct(rows.column("subject_id")).as_py(),
        "seizure_clips": pc.sum(rows.column("label")).as_py(),
    }
