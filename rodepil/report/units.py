"""The tables of a dataset of action units for the terminal: balance of classes, and the split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rodepil.data.ratseizure.clips import RatSeizure
from rodepil.data.ratseizure.counts import class_counts
from rodepil.report.sheet import Cell, Column, Sheet
from rodepil.report.words import data_note

SIDES = (("training", "Train"), ("testing", "Test"))


def class_sheet(annotations: RatSeizure, data: str) -> Sheet:
    """Return how often each action unit stands on either side of the given split."""
    counted = class_counts(annotations).to_pylist()
    rows = [_class_row(row) for row in counted]
    total: list[Cell] = [None, "all"]
    for side, _ in SIDES:
        total += [
            sum(row[side] for row in counted),
            sum(clip.subset == side for clip in annotations.clips),
            float(sum(row[f"{side}_s"] for row in counted)),
        ]
    columns = [Column("Id", "count"), Column("Action unit")]
    for _, title in SIDES:
        columns += [
            Column(title, "count"),
            Column("clips", "count", suffix=title),
            Column("s", "seconds", suffix=title),
        ]
    return Sheet(
        name="unit_classes",
        title="Segments of action units by side of the given split, and the clips that hold them",
        note=data_note(data),
        data=data,
        columns=tuple(columns),
        rows=(*rows, tuple(total)),
        bold=frozenset({len(rows)}),
    )


def fold_sheet(split: Mapping[str, Any], data: str) -> Sheet:
    """Return the folds that split.json tells of."""
    titles = ("Fold", "Subjects", "Normal clips", "Seizure clips")
    keys = ("fold", "subjects", "normal_clips", "seizure_clips")
    folds: Sequence[Mapping[str, Any]] = split["folds"]
    return Sheet(
        name="unit_folds",
        title=f"Folds of the split '{split['split']}'",
        note=data_note(data),
        data=data,
        columns=tuple(Column(title, "count") for title in titles),
        rows=tuple(tuple(fold[key] for key in keys) for fold in folds),
    )


def _class_row(row: Mapping[str, Any]) -> tuple[Cell, ...]:
    cells: list[Cell] = [row["label_id"], row["label"]]
    for side, _ in SIDES:
        cells += [row[side], row[f"{side}_clips"], row[f"{side}_s"]]
    return tuple(cells)
