"""The sentences of a grid whose rows localize."""

from __future__ import annotations

from typing import Final

from rodepil.io.wording import by_number
from rodepil.report.grid.naming import axes_of, left_note
from rodepil.report.localize.grid.records import LocalizedGrid
from rodepil.report.numbers import interval_text, percent_text
from rodepil.report.words import folds_words

PICKED: Final = (
    "Intervals are not corrected for the number of rows, and the {} was picked for its mAP, so "
    "that it looks a little better than it is."
)
TRAINED_ONCE: Final = "Intervals are of these trained models; training again may change more."


def rows_words(grid: LocalizedGrid) -> str:
    """Return how many rows there are and in what they differ."""
    differ = " and ".join(axis.replace("_", " ") for axis in axes_of(grid))
    rows = by_number(len(grid.rows), "row", "rows")
    return f"{rows} that differ in {differ}" if differ else rows


def tested_words(grid: LocalizedGrid) -> str:
    """Return what the row ahead was tested on, which is what all were."""
    row = grid.row(grid.ahead or "")
    if row is None or row.run is None:
        return "nothing is tested yet"
    trials = row.run.record.trials
    clips = by_number(sum(trial.test_clips for trial in trials), "clip", "clips")
    if row.run.record.settings.ratseizure.split == "given":
        return f"tested on the {clips} of the given split's testing side"
    return f"tested on {clips} in {folds_words(len(trials))} by subject"


def best_words(grid: LocalizedGrid) -> str:
    """Return which row is best, and from how many rows it can be told apart."""
    row = grid.row(grid.best or "")
    if row is None or row.mean is None:
        return "No row is complete yet, so that none is called the best." + left_note(grid)
    bounds = interval_text(row.mean.interval)
    sure = f" (95 % interval {bounds})" if bounds else ""
    said = f"The best row by mean mAP is {row.name} with {percent_text(row.mean.value or 0)}{sure}."
    return f"{said}{_apart_words(grid)}{left_note(grid)}"


def drawn_again(grid: LocalizedGrid) -> str:
    """Return over whom intervals are, as sentences."""
    matched = [run.matched for run in grid.results.values() if run.matched is not None]
    if not matched or grid.units is None:
        return "No interval can be told without the clips and what was found in them."
    subjects = max(len(set(one.subjects)) for one in matched)
    who = "subjects" if grid.units.names_subjects else "originals, as names tell of copies"
    return f"95 % intervals by bootstrap over {subjects:,} {who}. {TRAINED_ONCE}"


def apart_note(grid: LocalizedGrid) -> str:
    """Return what a difference is of and what its interval does not say, in sentences."""
    others = [row.name for row in grid.rows if row.run and row.thresholds != grid.thresholds]
    left = f" Scored at other thresholds, and not compared: {', '.join(others)}." if others else ""
    return (
        f"Row less {grid.ahead_words}, points, over the folds that both have, of the same clips in "
        f"each resample. {PICKED.format(grid.ahead_words)}{left}"
    )


def _apart_words(grid: LocalizedGrid) -> str:
    """Return how many of the other rows' differences are told from 0, as sentences."""
    bounds = [one.interval for one in grid.apart.values() if one.interval is not None]
    if not bounds:
        return ""
    told = sum(one.high < 0 or one.low > 0 for one in bounds)
    others = by_number(len(bounds), "other row", "other rows")
    return (
        f" The 95 % interval of the difference leaves out 0 for {told} of {others}. "
        f"{PICKED.format(grid.ahead_words)}"
    )
