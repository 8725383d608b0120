"""Controls beside the result: what they leave of it, and when that is a warning.

Two rules, one for each way in which a control can speak against a result:

*Close.* A control comes close when its mean F1-score, over the folds that both have, may be less
than 10 points below the result's: when the 95 % interval of the difference, over subjects, reaches
there, or where subjects are too few for an interval, the difference itself does. What may be as
good without motion, order or animal has not been shown to need them.

*Above chance.* Where nothing should be left to tell (background alone, permuted labels), the mean
AUROC over folds must not be above 0.6 with p < 0.01, as the audit has it of files. The test is
Student's t of the folds' AUROC against 0.5, one-sided: folds are the draws here, as each has its
own permuted labels and its own training. One fold can't tell. Of labels permuted, a network
learns what goes with them by chance, which goes with the truth in one fold and against it in the
next: on the demo's simulated clips five folds had AUROCs of 0.10, 0.93, 0.08, 0.31 and 0.46. So
neither a fold nor an F1-score close to the result's says anything there; all folds together do.

F1 has no one level of chance. Beside the controls stands that of always saying 'seizure', which
no score that knows nothing surpasses on average; AUROC is 0.5 by chance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Final

import numpy as np

from rodepil.config.controls import CONTROLS, ControlFacts, condition_of
from rodepil.report.counts import groups, has_both_classes, labels_and_scores
from rodepil.report.inputs import ReportInputs
from rodepil.report.modalities import OF_MOTION
from rodepil.report.numbers import percent_text
from rodepil.report.records import Result
from rodepil.report.words import modality_words
from rodepil.statistics.compare import compare
from rodepil.statistics.intervals import Estimate
from rodepil.statistics.student import two_sided
from rodepil.train.metrics import Metrics, average, measure, roc

CLOSE: Final = 0.10
AUROC_MAX: Final = 0.6
"""As the audit's ``container_auroc_max``."""
P_MAX: Final = 0.01
CHANCE_AUROC: Final = 0.5
_ANEW: Final = (
    "Under each control the same model is trained and tested anew by the same recipe; differences "
    "are over the same folds, with their 95 % intervals over subjects."
)
STILL: Final = ("static", "background")
"""Controls under which all frames of a clip are the same."""
_FACTS: Final[Mapping[str, ControlFacts]] = {str(name): facts for name, facts in CONTROLS.items()}


@dataclass(frozen=True)
class Ranked:
    """How well clips are ranked within folds.

    Parameters
    ----------
    auroc
        The mean over folds that have both classes, in [0, 1].
    folds
        How many these are.
    low
        The end of the one-sided interval over folds that chance leaves in 1 % of cases; None of
        a single fold.
    """

    auroc: float
    folds: int
    low: float | None

    @property
    def is_above_chance(self) -> bool:
        """Whether the AUROC is above 0.6, and above 0.5 by no chance."""
        return self.auroc > AUROC_MAX and self.low is not None and self.low > CHANCE_AUROC


def ranked(run: Result) -> Ranked | None:
    """Return how well a run ranks the clips of its folds; None where no fold has both classes."""
    areas = [
        roc(*labels_and_scores(rows)).area
        for _, rows in groups(run.predictions, "fold")
        if has_both_classes(rows)
    ]
    if not areas:
        return None
    mean, n = fmean(areas), len(areas)
    if n == 1:
        return Ranked(mean, n, None)
    reach = two_sided(1 - 2 * P_MAX, n - 1)
    return Ranked(mean, n, mean - reach * stdev(areas) / math.sqrt(n))


def always_seizure(result: Result) -> Metrics:
    """Return the mean metrics over folds of always saying 'seizure'."""
    return average(
        [
            measure(labels, np.ones(len(labels)))
            for labels, _ in (
                labels_and_scores(rows) for _, rows in groups(result.predictions, "fold")
            )
        ]
    )


def difference(run: Result, result: Result) -> Estimate:
    """Return the F1-score of a control less that of the result, with its interval over subjects.

    Over the folds that both have, in [-1, 1]; not defined where they share none.
    """
    tested = {"control": run.predictions, "result": result.predictions}
    (found,) = compare(tested, best="result")
    return found.differences["f1"].estimate if found.folds else Estimate(None, None)


def is_close(apart: Estimate) -> bool:
    """Whether a control may come within 10 points of the result."""
    highest = apart.interval.high if apart.interval else apart.value
    return highest is not None and highest > -CLOSE


def told(inputs: ReportInputs) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what each control leaves of the result, and what of that is a warning, in sentences.

    The first say what each does, what it reaches, and what that tells; the others what speaks
    against the result, and what may be behind it.
    """
    if not inputs.controls:
        return ("No control was run; rodepil crossval --control static makes one.",), ()
    sentences, warnings = [_ANEW], []
    for name, run in inputs.controls.items():
        facts = _FACTS.get(name)
        apart = difference(run, inputs.result)
        f1 = ", ".join(filter(None, [percent_text(run.mean.f1), _points(apart)]))
        reached = f"{condition_of(name).capitalize()}: F1-score {f1}."
        still = _stillness(name, run.record.settings.train.modality)
        told_of = (facts.does, still, facts.tells) if facts else ()
        sentences.append(" ".join(filter(None, [reached, *told_of])))
        if facts and (found := _against(facts, apart, run)):
            said = f"{facts.condition.capitalize()} {' and '.join(found)}."
            warnings.append(f"{said} {facts.warning}")
    return tuple(sentences), tuple(warnings)


def _stillness(control: str, modality: str) -> str:
    """Return what a control of one still picture leaves of motion, as a sentence, or nothing."""
    if control not in STILL or modality not in OF_MOTION:
        return ""
    return f"{modality_words(modality)} of frames that are all the same shows no motion at all."


def _against(facts: ControlFacts, apart: Estimate, run: Result) -> list[str]:
    """Return what a control says against the result, as ends of a sentence."""
    found = []
    if facts.wants_less and is_close(apart):
        verb = "comes" if apart.value is not None and apart.value > -CLOSE else "may come"
        found.append(f"{verb} within 10 points of the result's F1-score, {_points(apart)}")
    rank = ranked(run) if facts.wants_chance else None
    if rank is not None and rank.is_above_chance:
        found.append(
            f"tells seizures better than chance (AUROC {rank.auroc:.2f}, mean of {rank.folds} "
            f"folds, p < {P_MAX})"
        )
    return found


def interval_words(apart: Estimate) -> str | None:
    """Return the interval of a difference in points, or None where there is none."""
    if apart.interval is None:
        return None
    return f"{100 * apart.interval.low:+.1f} to {100 * apart.interval.high:+.1f}"


def _points(apart: Estimate) -> str:
    """Return by how much a control is lower, with its interval, in words; nothing, not known."""
    if apart.value is None:
        return ""
    change = 100 * apart.value
    words = f"{abs(change):.1f} points {'lower' if change < 0 else 'higher'}"
    interval = interval_words(apart)
    return words if interval is None else f"{words} ({interval})"
