"""The guard between training and test clips: a `Split`, and the one way to get one."""

from __future__ import annotations

from dataclasses import InitVar, dataclass

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.data.foldcheck import check_folds, kept_clips
from rodepil.errors import FoldError, SubjectLeak

_PASS = object()


@dataclass(frozen=True)
class Split:
    """The clips that a fold is trained on and those that it is tested on.

    Only `split_by_fold` makes one.

    Attributes
    ----------
    fold
        The fold whose clips are tested.
    train, test
        Rows of the table "clips", kept ones, sorted by clip_id.

    Raises
    ------
    SubjectLeak
        It was made by hand, or a subject, a clip or a parent stands on both sides.
    """

    fold: int
    train: pa.Table
    test: pa.Table
    guard: InitVar[object]

    def __post_init__(self, guard: object) -> None:
        if guard is not _PASS:
            raise SubjectLeak("no Split is made by hand; take split_by_fold(clips, folds, fold)")
        for what, train, test in (
            ("subjects", _subjects(self.train), _subjects(self.test)),
            ("clips or their parents", _lineage(self.train), _lineage(self.test)),
        ):
            if train & test:
                raise SubjectLeak(
                    f"{what} {sorted(train & test)} are in training and test of fold {self.fold}; "
                    "run 'rodepil folds make'"
                )


def split_by_fold(clips: pa.Table, folds: pa.Table, fold: int, *, by_label: bool = True) -> Split:
    """Split the kept clips into those of `fold`, to test, and the others, to train.

    Parameters
    ----------
    clips
        The manifest.
    folds
        The table "folds" of these clips; it is checked again here.
    fold
        The fold to test.
    by_label
        As for `check_folds`.

    Raises
    ------
    FoldError
        The fold table does not fit the clips, or has no such fold.
    SubjectLeak
        A subject, or a derived clip and its parent, stand in different folds.
    """
    report = check_folds(clips, folds, by_label=by_label)
    numbers = [row.fold for row in report.rows]
    if fold not in numbers:
        raise FoldError(f"there is no fold {fold}; the table has {numbers}; choose one of these")
    kept = kept_clips(clips)
    in_order = folds.sort_by("clip_id")  # the same clips as the kept ones, as check_folds saw to
    tested = pc.equal(in_order.column("fold"), fold)
    return Split(fold, kept.filter(pc.invert(tested)), kept.filter(tested), guard=_PASS)


def _subjects(rows: pa.Table) -> set[str]:
    return set(rows.column("subject_id").to_pylist())


def _lineage(rows: pa.Table) -> set[str]:
    """Return the ids of clips and of the clips that they derive from."""
    parents = rows.column("parent_clip_id").drop_null()
    return {*rows.column("clip_id").to_pylist(), *parents.to_pylist()}
