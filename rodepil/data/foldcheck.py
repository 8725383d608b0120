"""What every fold table must hold to: complete, one fold a subject, both classes, no leak."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.errors import DuplicateClip, FoldError, SubjectLeak
from rodepil.io import tables
from rodepil.io.wording import by_number

MAKE = "run 'rodepil folds make'"
SHOWN = 3


@dataclass(frozen=True)
class FoldRow:
    """One fold: its subjects and how many clips of either label it tests."""

    fold: int
    subjects: tuple[str, ...]
    negatives: int
    positives: int


@dataclass(frozen=True)
class SharedRecording:
    """A recording (date and video id) whose animals stand in several folds."""

    date: str
    video_id: str
    folds: tuple[int, ...]


@dataclass(frozen=True)
class FoldReport:
    """What a checked fold table holds.

    Attributes
    ----------
    rows
        One row a fold, in order.
    shared
        Recordings that several folds share: no subject leaks by them, but camera and light do.
    """

    rows: tuple[FoldRow, ...]
    shared: tuple[SharedRecording, ...]

    def __str__(self) -> str:
        lines = [
            f"fold {row.fold}: {by_number(len(row.subjects), 'subject', 'subjects')} "
            f"({', '.join(row.subjects)}), "
            f"{row.negatives} negative and {row.positives} positive clips"
            for row in self.rows
        ]
        if self.shared:
            listed = _some(f"{one.date} {one.video_id}" for one in self.shared)
            shown = by_number(len(self.shared), "recording shows", "recordings show")
            lines.append(
                f"note: {shown} animals of several folds ({listed}): no subject is shared, camera "
                "and light are"
            )
        return "\n".join(lines)


def kept_clips(clips: pa.Table) -> pa.Table:
    """Return the kept rows of the manifest, sorted by clip_id.

    Raises
    ------
    DuplicateClip
        Two rows of the manifest carry one id.
    FoldError
        No clip is kept, or a label is neither 0 nor 1.
    """
    clips = tables.check("clips", clips)
    ids = clips.column("clip_id")
    if pc.count_distinct(ids).as_py() != len(ids):
        raise DuplicateClip(
            f"the manifest holds clip ids twice ({_some(_twice(ids.to_pylist()))}); "
            "remove the copies and run 'rodepil curate'"
        )
    kept = clips.filter(pc.field("kept")).sort_by("clip_id")
    if not kept.num_rows:
        raise FoldError(
            f"none of the manifest's {clips.num_rows} clips is kept; look at drop_reason, loosen "
            "the settings of curate and run 'rodepil curate'"
        )
    odd = set(kept.column("label").to_pylist()) - {0, 1}
    if odd:
        raise FoldError(f"kept clips carry the labels {sorted(odd)}, wanted 0 or 1; curate again")
    return kept


def label_counts(kept: pa.Table) -> dict[str, tuple[int, int]]:
    """Return each subject's negative and positive clips, in sorted order of subjects."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    subjects, labels = kept.column("subject_id").to_pylist(), kept.column("label").to_pylist()
    for subject, label in zip(subjects, labels, strict=True):
        counts[subject][label] += 1
    return {subject: (counts[subject][0], counts[subject][1]) for subject in sorted(counts)}


def check_folds(clips: pa.Table, folds: pa.Table, *, by_label: bool = True) -> FoldReport:
    """Check a fold table against the manifest and describe every fold.

    Parameters
    ----------
    clips
        The manifest.
    folds
        The table "folds".
    by_label
        Whether clips of both labels must stand on either side of every fold; where events are
        found in clips, their labels decide nothing.

    Raises
    ------
    FoldError
        The table is stale (its clips are not the kept ones), its folds are not numbered
        0, 1, …, or the test or train side of a fold holds one class only.
    SubjectLeak
        A subject, or a derived clip and its parent, stand in different folds.
    """
    kept = kept_clips(clips)
    fold_of = _fold_of_clips(kept, tables.check("folds", folds))
    _refuse_split_subjects(kept, fold_of)
    _refuse_split_families(clips, fold_of)
    rows = _rows(kept, fold_of)
    _refuse_odd_numbers(rows)
    if by_label:
        _refuse_one_class(rows)
    return FoldReport(rows, _shared_recordings(kept, fold_of))


def _fold_of_clips(kept: pa.Table, folds: pa.Table) -> dict[str, int]:
    """Return each kept clip's fold; refuse a table that was made for other clips."""
    ids: list[str] = folds.column("clip_id").to_pylist()
    if len(set(ids)) != len(ids):
        raise FoldError(f"the fold table holds clips twice ({_some(_twice(ids))}); {MAKE}")
    subject_of = dict(
        zip(kept.column("clip_id").to_pylist(), kept.column("subject_id").to_pylist(), strict=True)
    )
    without, strange = sorted(set(subject_of) - set(ids)), sorted(set(ids) - set(subject_of))
    if without or strange:
        raise FoldError(
            f"the fold table is stale: {len(without)} kept clips have no fold ({_some(without)}) "
            f"and {len(strange)} clips with a fold are not kept ({_some(strange)}); {MAKE}"
        )
    for clip, subject in zip(ids, folds.column("subject_id").to_pylist(), strict=True):
        if subject != subject_of[clip]:
            raise FoldError(
                f"the fold table is stale: clip {clip} is of subject {subject} there and of "
                f"{subject_of[clip]} in the manifest; {MAKE}"
            )
    return dict(zip(ids, folds.column("fold").to_pylist(), strict=True))


def _refuse_split_subjects(kept: pa.Table, fold_of: Mapping[str, int]) -> None:
    homes: defaultdict[str, set[int]] = defaultdict(set)
    clips, subjects = kept.column("clip_id").to_pylist(), kept.column("subject_id").to_pylist()
    for clip, subject in zip(clips, subjects, strict=True):
        homes[subject].add(fold_of[clip])
    for subject, here in homes.items():
        if len(here) > 1:
            raise SubjectLeak(f"subject {subject} is in folds {sorted(here)}; {MAKE}")


def _refuse_split_families(clips: pa.Table, fold_of: Mapping[str, int]) -> None:
    """Refuse a clip in another fold than a clip that it, or both, were derived from."""
    ids, parents = clips.column("clip_id").to_pylist(), clips.column("parent_clip_id").to_pylist()
    parent_of = {clip: parent for clip, parent in zip(ids, parents, strict=True) if parent}
    first: dict[str, str] = {}
    for clip, fold in sorted(fold_of.items()):
        relative = first.setdefault(_oldest(clip, parent_of), clip)
        if fold_of[relative] != fold:
            raise SubjectLeak(
                f"clips {relative} and {clip} derive from one clip (parent_clip_id) and are in "
                f"folds {fold_of[relative]} and {fold}; give both one subject_id, then {MAKE}"
            )


def _oldest(clip: str, parent_of: Mapping[str, str]) -> str:
    """Follow parents up from `clip`; a circle counts as one family under its lowest id."""
    seen = [clip]
    while (parent := parent_of.get(seen[-1])) is not None:
        if parent in seen:
            return min(seen[seen.index(parent) :])
        seen.append(parent)
    return seen[-1]


def _rows(kept: pa.Table, fold_of: Mapping[str, int]) -> tuple[FoldRow, ...]:
    ids = kept.column("clip_id").to_pylist()
    folds = pa.array([fold_of[clip] for clip in ids], pa.int64())
    rows = []
    for fold in sorted(set(fold_of.values())):
        counts = label_counts(kept.filter(pc.equal(folds, fold)))
        negatives = sum(negative for negative, _ in counts.values())
        positives = sum(positive for _, positive in counts.values())
        rows.append(FoldRow(fold, tuple(counts), negatives, positives))
    return tuple(rows)


def _refuse_odd_numbers(rows: tuple[FoldRow, ...]) -> None:
    numbers = [row.fold for row in rows]
    if len(numbers) == 1 or numbers != list(range(len(numbers))):
        raise FoldError(f"got folds {numbers}, wanted at least two, numbered from 0; renumber them")


def _refuse_one_class(rows: tuple[FoldRow, ...]) -> None:
    totals = sum(row.negatives for row in rows), sum(row.positives for row in rows)
    for row in rows:
        test = row.negatives, row.positives
        train = totals[0] - test[0], totals[1] - test[1]
        for side, (negatives, positives) in (("test", test), ("train", train)):
            if not negatives or not positives:
                raise FoldError(
                    f"the {side} side of fold {row.fold} (subjects {', '.join(row.subjects)}) has "
                    f"{negatives} negative and {positives} positive clips and wants both; use "
                    "folds.method 'stratified' with a lower folds.k, or another fold table"
                )


def _shared_recordings(kept: pa.Table, fold_of: Mapping[str, int]) -> tuple[SharedRecording, ...]:
    homes: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
    for row in kept.select(["clip_id", "date", "video_id"]).to_pylist():
        homes[row["date"], row["video_id"]].add(fold_of[row["clip_id"]])
    return tuple(
        SharedRecording(date, video_id, tuple(sorted(folds)))
        for (date, video_id), folds in sorted(homes.items())
        if len(folds) > 1
    )


def _twice(ids: Iterable[str]) -> list[str]:
    return sorted(clip for clip, count in Counter(ids).items() if count > 1)


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:SHOWN]) + (", …" if len(listed) > SHOWN else "") or "none"
