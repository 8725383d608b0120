"""How well each two annotators agree, and where they do not."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from itertools import combinations
from pathlib import Path
from typing import Literal

import numpy as np

from rodepil.data.marks.entry import Mark
from rodepil.data.marks.kappa import bins_of, kappa
from rodepil.data.marks.matching import Judges, match, tiou
from rodepil.io.files import publish

Kind = Literal["only one", "low tIoU", "label differs"]


@dataclass(frozen=True)
class Conflict:
    """Something that two annotators see differently; the fields are the columns of the CSV."""

    kind: Kind
    recording_id: str
    position: int
    subject_id: str
    annotator: str
    label: str
    start_s: float
    end_s: float
    where: str
    other: str
    other_label: str | None = None
    other_start_s: float | None = None
    other_end_s: float | None = None
    other_where: str | None = None
    tiou: float | None = None


@dataclass(frozen=True)
class Pair:
    """Two annotators compared in one label.

    Parameters
    ----------
    one, other
        Their names.
    watched_s
        What both watched, summed over cages, in seconds.
    matched
        Events that both marked.
    tiou
        The mean temporal IoU of those, or None.
    only_one, only_other
        Events that only one of them marked.
    kappa
        Cohen's, over time bins, or None where it is not defined.
    conflicts
        Where they differ, in order of time.
    """

    one: str
    other: str
    watched_s: float
    matched: int
    tiou: float | None
    only_one: int
    only_other: int
    kappa: float | None
    conflicts: tuple[Conflict, ...]


def compare(
    marks: Sequence[Mark],
    judges: Judges,
    cages: Mapping[tuple[str, int], tuple[str, float]],
    label: str,
    *,
    bin_s: float,
    min_tiou: float,
) -> list[Pair]:
    """Compare each two annotators who both watched some cage.

    Parameters
    ----------
    marks
        All annotators' marks.
    judges
        Who watched what.
    cages
        Subject and recording's duration in seconds by recording and position.
    label
        What is compared.
    bin_s
        A time bin's length.
    min_tiou
        A lower tIoU is a conflict.
    """
    by_cage: dict[tuple[str, int], list[Mark]] = {key: [] for key in cages}
    for mark in marks:
        by_cage.setdefault((mark.recording_id, mark.position), []).append(mark)
    judging = {key: judges.of(*key, label) for key in cages}
    names = sorted(set().union(*judging.values()))
    found = []
    for one, other in combinations(names, 2):
        shared = [key for key in cages if {one, other} <= judging[key]]
        if shared:
            here = {key: [m for m in by_cage[key] if m.annotator in {one, other}] for key in shared}
            found.append(_pair(one, other, here, cages, label, bin_s=bin_s, min_tiou=min_tiou))
    return found


def write_conflicts(pairs: Sequence[Pair], path: Path) -> None:
    """Write the conflicts of all pairs as CSV, whole or not at all."""
    with publish(path) as beside, beside.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream, lineterminator="\n")
        rows.writerow([field.name for field in fields(Conflict)])
        rows.writerows(astuple(conflict) for pair in pairs for conflict in pair.conflicts)


def _pair(
    one: str,
    other: str,
    marks: Mapping[tuple[str, int], Sequence[Mark]],
    cages: Mapping[tuple[str, int], tuple[str, float]],
    label: str,
    *,
    bin_s: float,
    min_tiou: float,
) -> Pair:
    groups = {
        key: match([mark for mark in found if mark.label == label]) for key, found in marks.items()
    }
    listed = [group for found in groups.values() for group in found]
    both = [tiou(*group) for group in listed if len(group) > 1]
    alone = [group[0].annotator for group in listed if len(group) == 1]
    bins = {
        name: [
            bins_of(_spans(found, name, label), cages[key][1], bin_s)
            for key, found in marks.items()
        ]
        for name in (one, other)
    }
    return Pair(
        one,
        other,
        sum(cages[key][1] for key in marks),
        len(both),
        sum(both) / len(both) if both else None,
        alone.count(one),
        alone.count(other),
        kappa(np.concatenate(bins[one]), np.concatenate(bins[other])),
        tuple(
            conflict
            for key, found in groups.items()
            for group in found
            for conflict in _conflicts(group, (one, other), marks[key], cages[key][0], min_tiou)
        ),
    )


def _spans(marks: Sequence[Mark], annotator: str, label: str) -> list[tuple[float, float]]:
    return [
        (mark.start_s, mark.end_s)
        for mark in marks
        if mark.annotator == annotator and mark.label == label
    ]


def _conflicts(
    group: tuple[Mark, ...],
    names: tuple[str, str],
    marks: Sequence[Mark],
    subject_id: str,
    min_tiou: float,
) -> list[Conflict]:
    first = group[0]
    if len(group) > 1:
        overlap = tiou(*group)
        low = overlap < min_tiou
        return [_conflict("low tIoU", first, group[1], names, subject_id)] if low else []
    rivals = [
        mark for mark in marks if mark.annotator != first.annotator and mark.label != first.label
    ]
    rival = max(rivals, key=lambda mark: tiou(first, mark), default=None)
    if rival is not None and tiou(first, rival) > 0:
        return [_conflict("label differs", first, rival, names, subject_id)]
    return [_conflict("only one", first, None, names, subject_id)]


def _conflict(
    kind: Kind, mark: Mark, rival: Mark | None, names: tuple[str, str], subject_id: str
) -> Conflict:
    other = names[1] if mark.annotator == names[0] else names[0]
    seen = (mark.recording_id, mark.position, subject_id, mark.annotator, mark.label)
    here = (mark.start_s, mark.end_s, mark.where, other)
    if rival is None:
        return Conflict(kind, *seen, *here)
    there = (rival.label, rival.start_s, rival.end_s, rival.where)
    return Conflict(kind, *seen, *here, *there, tiou(mark, rival))
