"""Every row beside the best one: paired differences, their intervals, a corrected test.

The best row is the one with the highest mean F1 among those that have done the most folds. It
was picked for that, so its own mean is a little too good, and so are differences from it: of 400
simulated grids of nine equally good rows on 19 subjects, 12 % had a row with a corrected p below
0.05 beside the best, and 5 % beside a row that was named beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from rodepil.errors import TrainingError
from rodepil.statistics.holm import holm
from rodepil.statistics.intervals import Estimate, difference
from rodepil.statistics.permute import Permuted, permute
from rodepil.statistics.rates import NAMES, mean_rates
from rodepil.statistics.resample import CHANCE, Chance, draw, once
from rodepil.statistics.row import fold_rates
from rodepil.statistics.scored import Scored, only, take
from rodepil.statistics.subjects import by_subject

F1: Final = NAMES.index("f1")


@dataclass(frozen=True)
class Difference:
    """One metric of a row less that of the best row, over the folds both have.

    Parameters
    ----------
    estimate
        The difference of the means over folds, in [-1, 1], and its interval over subjects.
    p_value
        Of the permutation test, two-sided, by itself.
    p_holm
        The same, corrected over all rows that are compared.
    """

    estimate: Estimate
    p_value: float
    p_holm: float


@dataclass(frozen=True)
class Comparison:
    """A row beside the best one.

    Parameters
    ----------
    row, best
        Their names.
    folds
        The folds that both have: all that is compared. Without one, nothing is.
    differences
        By metric.
    f1_by_subject
        Difference of F1 by subject; None, where it is not defined for either row.
    swaps, exact
        Of the permutation test: how many were tried, and whether these are all.
    """

    row: str
    best: str
    folds: tuple[int, ...]
    differences: Mapping[str, Difference]
    f1_by_subject: Mapping[str, float | None]
    swaps: int = 0
    exact: bool = True


def best_row(rows: Mapping[str, pa.Table]) -> str:
    """Return the row of the highest mean F1 among those with the most folds; the first of equals.

    Raises
    ------
    TrainingError
        There is no row.
    """
    if not rows:
        raise TrainingError("the best of no rows was asked for; run at least one")
    taken = {name: take(table) for name, table in rows.items()}
    most = max(len(scored.folds) for scored in taken.values())
    means = {
        name: float(fold_rates(scored)[:, F1].mean())
        for name, scored in taken.items()
        if len(scored.folds) == most
    }
    return max(means, key=means.__getitem__)


def compare(
    rows: Mapping[str, pa.Table],
    chance: Chance = CHANCE,
    best: str | None = None,
) -> tuple[Comparison, ...]:
    """Compare every other row with the best, in the order given.

    Parameters
    ----------
    rows
        Tables ``predictions`` by name.
    chance
        Of intervals and tests. Both rows have the same subjects in each resample.
    best
        The row to compare with, where it is chosen already; by default that of `best_row`.

    Raises
    ------
    TrainingError
        There is no row, none has the name `best`, or two rows were tested on other clips in a
        fold that both have.
    TableError, SubjectLeak
        As `rodepil.statistics.scored.take`.
    """
    best = best_row(rows) if best is None else best
    if best not in rows:
        raise TrainingError(f"row '{best}' is none of {list(rows)}; compare with one of these")
    made = [_pair(name, best, rows, chance) for name in rows if name != best]
    tested = [one for one in made if one.folds]
    corrected = {name: holm([one.differences[name].p_value for one in tested]) for name in NAMES}
    at = {one.row: index for index, one in enumerate(tested)}
    return tuple(
        replace(
            one,
            differences={
                name: replace(found, p_holm=corrected[name][at[one.row]])
                for name, found in one.differences.items()
            },
        )
        for one in made
    )


def _pair(name: str, best: str, rows: Mapping[str, pa.Table], chance: Chance) -> Comparison:
    """Compare two rows over the folds that both have; nothing is corrected yet."""
    done, wanted = set(take(rows[name]).folds), set(take(rows[best]).folds)
    folds = tuple(sorted(done & wanted))
    if not folds:
        return Comparison(name, best, (), {}, {})
    ours, theirs = (take(only(rows[one], folds)) for one in (name, best))
    _refuse_other_clips(name, ours, best, theirs)
    permuted = permute(
        ours.confusion(), theirs.confusion(), ours.fold, draws=chance.swaps, seed=chance.seed
    )
    return Comparison(
        row=name,
        best=best,
        folds=folds,
        differences=_differences(ours, theirs, permuted, chance),
        f1_by_subject=_f1_by_subject(ours, theirs),
        swaps=permuted.swaps,
        exact=permuted.exact,
    )


def _differences(
    ours: Scored, theirs: Scored, permuted: Permuted, chance: Chance
) -> dict[str, Difference]:
    fold = ours.fold
    values, replicates = (
        mean_rates(ours.confusion(), fold, weights) - mean_rates(theirs.confusion(), fold, weights)
        for weights in (once(fold), draw(fold, chance))
    )
    made = {}
    for at, name in enumerate(NAMES):
        p_value = float(permuted.p_values[at])
        estimate = difference(float(values[0, at]), replicates[:, at], fold, chance.level)
        made[name] = Difference(estimate, p_value, p_value)
    return made


def _f1_by_subject(ours: Scored, theirs: Scored) -> dict[str, float | None]:
    return {
        one.subject: None if one.f1 is None or other.f1 is None else one.f1 - other.f1
        for one, other in zip(by_subject(ours), by_subject(theirs), strict=True)
    }


def _refuse_other_clips(name: str, ours: Scored, best: str, theirs: Scored) -> None:
    """Refuse rows that do not have the same clips, of the same subjects, labels and folds."""
    same = (
        ours.clip_ids == theirs.clip_ids
        and ours.subjects == theirs.subjects
        and np.array_equal(ours.fold, theirs.fold)
        and np.array_equal(ours.subject, theirs.subject)
        and np.array_equal(ours.label, theirs.label)
    )
    if not same:
        strange = len(set(ours.clip_ids) ^ set(theirs.clip_ids))
        raise TrainingError(
            f"'{name}' and '{best}' were tested on other clips, labels or subjects in folds "
            f"{list(ours.folds)} ({strange} clips are in one alone), so they can't be compared; "
            "run both on the same clips and folds"
        )
