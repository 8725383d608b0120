"""The folds of a dataset of action units: its given split, or folds by subject."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.localize import RatSeizureSettings
from rodepil.data.foldcheck import check_folds
from rodepil.data.ratseizure.clips import RatSeizure, Subset
from rodepil.data.ratseizure.dealing import deal_subjects
from rodepil.errors import FoldError
from rodepil.io import tables

FOLD_OF: Final[dict[Subset, int]] = {"testing": 0, "training": 1}
"""In the given split fold 0 alone is tested, and fold 1 is what is learned from."""


def folds_of(
    clips: pa.Table, events: pa.Table, annotations: RatSeizure, settings: RatSeizureSettings
) -> pa.Table:
    """Return the table "folds" of the kept clips, checked.

    Parameters
    ----------
    clips
        Table "clips"; its video_id is that of the annotations.
    events
        Table "events": the units in them.
    annotations
        They say the given split.
    settings
        Which split is wanted.

    Raises
    ------
    FoldError
        A side of the given split has no clip; or there are too few subjects.
    """
    kept = clips.filter(pc.field("kept")).sort_by("clip_id")
    rows = kept.select(["clip_id", "subject_id", "video_id"]).to_pylist()
    if settings.split == "subject":
        dealt = deal_subjects(kept, events, settings)
        folds = [dealt[row["subject_id"]] for row in rows]
    else:
        folds = _given(rows, annotations.subset_of)
    made = tables.from_rows(
        "folds",
        [
            {"clip_id": row["clip_id"], "subject_id": row["subject_id"], "fold": fold}
            for row, fold in zip(rows, folds, strict=True)
        ],
    )
    check_folds(clips, made, by_label=False)
    return made


def _given(rows: list[dict[str, str]], subsets: Mapping[str, Subset]) -> list[int]:
    folds = [FOLD_OF[subsets[row["video_id"]]] for row in rows]
    for subset, fold in FOLD_OF.items():
        if fold not in folds:
            raise FoldError(
                f"no kept clip is on the {subset} side of the given split; bring its files, or set "
                "ratseizure.split to 'subject'"
            )
    return folds


def sides_of(
    clips: pa.Table, folds: pa.Table, annotations: RatSeizure, settings: RatSeizureSettings
) -> Mapping[str, str]:
    """Return where each kept clip stands, by its video_id: a side by name, or a fold."""
    fold_of = dict(
        zip(*(folds.column(name).to_pylist() for name in ("clip_id", "fold")), strict=True)
    )
    rows = clips.filter(pc.field("kept")).select(["clip_id", "video_id"]).to_pylist()
    if settings.split == "given":
        return {row["video_id"]: annotations.subset_of[row["video_id"]] for row in rows}
    return {row["video_id"]: f"fold {fold_of[row['clip_id']]}" for row in rows}
