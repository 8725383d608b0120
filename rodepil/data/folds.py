"""Deal clips to folds by subject, so that no animal is ever trained on and tested on.

Only kept clips get a fold. A fold table is checked whenever it is made and whenever it is
used: see `rodepil.data.foldcheck`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
from sklearn.model_selection import StratifiedGroupKFold

from rodepil.config.settings import FoldSettings
from rodepil.data.foldcheck import FoldReport, FoldRow, check_folds, kept_clips, label_counts
from rodepil.data.problems import SHOWN
from rodepil.errors import FoldError
from rodepil.io import tables
from rodepil.io.wording import by_number

__all__ = ["FoldReport", "FoldRow", "check_folds", "how_dealt", "make_folds"]

ATTEMPTS = 20
DEALT = b"rodepil.folds.dealt"


def make_folds(clips: pa.Table, settings: FoldSettings) -> pa.Table:
    """Deal the kept clips to folds by subject.

    Parameters
    ----------
    clips
        The manifest; the order of its rows does not matter.
    settings
        ``stratified`` deals subjects to `k` folds of like label balance,
        ``leave_one_subject_out`` makes one fold a subject, ``table`` takes the user's.

    Returns
    -------
    pyarrow.Table
        The table "folds", sorted by clip_id; `how_dealt` tells with which seed.

    Raises
    ------
    FoldError
        Too few subjects, a fold that would hold one class only, or a user's table that does
        not fit the clips.
    SubjectLeak
        A derived clip would stand in another fold than its parent.

    References
    ----------
    scikit-learn, ``StratifiedGroupKFold``.
    """
    kept = kept_clips(clips)
    counts = label_counts(kept)
    if settings.method == "table":
        fold_of = _from_table(Path(str(settings.table)), clips, counts)
        dealt = f"by the table {settings.table}"
    elif settings.method == "leave_one_subject_out":
        fold_of = {subject: fold for fold, subject in enumerate(counts)}
        dealt = "one subject a fold"
    else:
        still = clips.filter(pc.field("drop_reason") == "still").num_rows
        _refuse_too_few(counts, settings.k, still)
        fold_of, dealt = _stratified(kept, counts, settings)
    subjects = kept.column("subject_id").to_pylist()
    rows = zip(kept.column("clip_id").to_pylist(), subjects, strict=True)
    folds = tables.from_rows(
        "folds",
        ({"clip_id": clip, "subject_id": name, "fold": fold_of[name]} for clip, name in rows),
    )
    check_folds(clips, folds)
    return folds.replace_schema_metadata({DEALT: dealt.encode()})


def how_dealt(folds: pa.Table) -> str | None:
    """Return how `folds` were dealt, seed included, where the table still knows."""
    note: bytes | None = (folds.schema.metadata or {}).get(DEALT)
    return note.decode() if note is not None else None


def _stratified(
    kept: pa.Table, counts: Mapping[str, tuple[int, int]], settings: FoldSettings
) -> tuple[dict[str, int], str]:
    """Deal by scikit-learn under successive seeds, then by turns, until no fold is one-sided."""
    labels = kept.column("label").to_numpy()
    groups = np.asarray(kept.column("subject_id").to_pylist())
    for seed in range(settings.seed, settings.seed + ATTEMPTS):
        dealer = StratifiedGroupKFold(settings.k, shuffle=True, random_state=seed % 2**32)
        fold_of = {
            str(subject): fold
            for fold, (_, test) in enumerate(dealer.split(labels, labels, groups))
            for subject in np.unique(groups[test])
        }
        if _both_classes_everywhere(fold_of, counts, settings.k):
            return fold_of, f"by StratifiedGroupKFold with seed {seed}"
    fold_of = _by_turns(counts, settings.k)
    return fold_of, f"by turns, as seeds {settings.seed} to {seed} left a fold with one class"


def _refuse_too_few(counts: Mapping[str, tuple[int, int]], k: int, still: int) -> None:
    """Refuse what no dealing can mend: every fold wants a subject of either class.

    As many folds as subjects have positive clips, and as subjects have negative ones, can always
    be dealt.
    """
    lacking = {
        what: [subject for subject in counts if not counts[subject][label]]
        for label, what in ((1, "positive"), (0, "negative"))
    }
    have = {"": len(counts)}
    have |= {f" with {what} clips": len(counts) - len(names) for what, names in lacking.items()}
    most = min(have.values())
    if most >= k:
        return
    short = [f"{count} subjects{what}" for what, count in have.items() if count < k]
    without = [
        f"without {what} clips: {', '.join(names[:SHOWN])}"
        + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
        for what, names in lacking.items()
        if names
    ]
    if still and lacking["negative"]:
        without.append(f"{by_number(still, 'still window was', 'still windows were')} dropped")
    told = f" ({'; '.join(without)})" if without else ""
    remedy = (
        f"set folds.k to {most} or less, or " if most > 1 else "folds want at least 2 of each; "
    )
    raise FoldError(
        f"{k} folds want at least {k} subjects with positive and {k} with negative clips, and the "
        f"kept clips have {' and '.join(short)}{told}; {remedy}add recordings or annotations. "
        "'rodepil data summary' shows clips by subject"
    )


def _both_classes_everywhere(
    fold_of: Mapping[str, int], counts: Mapping[str, tuple[int, int]], k: int
) -> bool:
    """Tell whether all `k` folds hold negatives and positives."""
    totals = np.zeros((k, 2), dtype=np.int64)
    for subject, fold in fold_of.items():
        totals[fold] += counts[subject]
    return bool((totals > 0).all())


def _by_turns(counts: Mapping[str, tuple[int, int]], k: int) -> dict[str, int]:
    """Deal subjects, those with most positives first, to the fold that lacks most.

    With few subjects scikit-learn's rule may leave a fold without positives under any seed.
    This one gives each of the `k` subjects with most positives a fold of its own.
    """
    fold_of: dict[str, int] = {}
    totals = np.zeros((k, 2), dtype=np.int64)
    order = sorted(counts, key=lambda subject: (-counts[subject][1], counts[subject][0], subject))
    for subject in order:
        scarce = 1 if counts[subject][1] else 0
        fold = min(range(k), key=lambda i: (totals[i, scarce], totals[i].sum(), i))
        fold_of[subject] = fold
        totals[fold] += counts[subject]
    return fold_of


def _from_table(
    path: Path, clips: pa.Table, counts: Mapping[str, tuple[int, int]]
) -> dict[str, int]:
    """Read the user's folds and refuse a table that misses a subject or names a stranger."""
    fold_of = _read_table(path)
    missing = sorted(set(counts) - set(fold_of))
    if missing:
        raise FoldError(f"{path} gives no fold to {missing}; add a row for each of these subjects")
    strangers = sorted(set(fold_of) - set(clips.column("subject_id").to_pylist()))
    if strangers:
        raise FoldError(
            f"{path} names subjects that the manifest does not know: {strangers}; "
            "remove their rows or correct their names"
        )
    return fold_of


def _read_table(path: Path) -> dict[str, int]:
    """Read subject_id and fold from a CSV or Parquet file; rows of a subject must agree.

    One row a clip, as in the pipeline's own folds of another day, does as well.
    """
    if not path.is_file():
        raise FoldError(f"the fold table {path} is not there; correct folds.table")
    columns = {"subject_id": pa.string(), "fold": pa.int64()}
    try:
        if path.suffix == ".parquet":
            table = pq.read_table(path)
        else:
            options = pc_csv.ConvertOptions(column_types=columns)
            table = pc_csv.read_csv(path, convert_options=options)
        table = table.select(list(columns)).cast(pa.schema(columns))
    except (pa.ArrowException, KeyError, OSError) as error:
        raise FoldError(
            f"{path} can't be read as a fold table: {error}; it wants the columns subject_id "
            "(text) and fold (whole numbers from 0), as CSV or Parquet"
        ) from error
    if any(pc.any(pc.is_null(table.column(name))).as_py() for name in columns):
        raise FoldError(f"{path} leaves a subject_id or a fold empty; fill every row")
    fold_of: dict[str, int] = {}
    for subject, fold in zip(*(table.column(name).to_pylist() for name in columns), strict=True):
        first = fold_of.setdefault(subject, fold)
        if first != fold:
            raise FoldError(
                f"{path} puts subject {subject} into folds {first} and {fold}; give it one fold"
            )
    return fold_of
