"""The sentences of localization."""

from __future__ import annotations

from typing import Final

from rodepil.io.wording import by_number
from rodepil.report.controls import interval_words
from rodepil.report.localize.read import LocalizeInputs
from rodepil.report.localize.records import MODELS, RESULT
from rodepil.report.numbers import interval_text, percent_text
from rodepil.report.words import folds_words, is_simulated

TIMES: Final = 3
"""So many times the mAP of shuffled segments is what a model that learned must reach."""


def tested_words(inputs: LocalizeInputs) -> str:
    """Return what was tested, as a sentence."""
    trials = inputs.result.record.trials
    clips = by_number(sum(trial.test_clips for trial in trials), "clip", "clips")
    if inputs.result.record.settings.ratseizure.split == "given":
        return f"Tested on the {clips} of the given split's testing side."
    return f"Tested on {clips} in {folds_words(len(trials))} by subject."


def paper_words(inputs: LocalizeInputs) -> str:
    """Return what the paper's values beside were measured on, as a sentence."""
    if is_simulated(inputs.source):
        return "The paper's values, beside, were measured on RatSeizure, other data."
    return (
        "The paper's values, beside, are as printed for RatSeizure; that clips, features and "
        "split are the same as there is not proven."
    )


def keeps_words(inputs: LocalizeInputs) -> str:
    """Return what top-K means here, as a sentence."""
    network = inputs.result.record.settings.localize.network
    windows = sorted({window for window in network.windows if window > 1})
    kept = ", ".join(f"{network.keep(window)} of {window}" for window in windows)
    return f"Top-K keeps {kept} steps of a window; dense keeps all." if kept else ""


def drawn_again(inputs: LocalizeInputs) -> str:
    """Return over whom intervals are, as a sentence."""
    matched = inputs.result.matched
    if matched is None or inputs.data is None:
        return "No interval can be told without the clips and what was found in them."
    subjects = len(set(matched.subjects))
    who = "subjects" if inputs.data.names_subjects else "originals, as names tell of copies"
    return f"95 % intervals by bootstrap over {subjects:,} {who}; of these trained models."


def result_words(inputs: LocalizeInputs) -> str:
    """Return what was reached, in sentences."""
    result = inputs.result
    bounds = interval_text(None if result.sure is None else result.sure.mean.interval)
    sure = f" (95 % interval {bounds})" if bounds else ""
    return (
        f"{MODELS[RESULT]} finds action units, their kind, start and end, with a mean mAP of "
        f"{percent_text(result.mean)}{sure}. {tested_words(inputs)}"
    )


def beside_words(inputs: LocalizeInputs) -> tuple[str, ...]:
    """Return what the models beside reach, a sentence each."""
    said = []
    dense, shuffled = inputs.run("dense"), inputs.run("shuffled")
    if dense is not None:
        lost = dense.apart_from(inputs.result)
        bounds = interval_words(lost)
        apart = f", {bounds} points from top-K's" if bounds else ""
        said.append(
            f"With dense local attention, all else alike, it is {percent_text(dense.mean)}{apart}."
        )
    if shuffled is not None:
        said.append(
            "Trained on the same clips, each with the segments of another, it is "
            f"{percent_text(shuffled.mean)}: what can be found without knowing what a unit looks "
            f"like. {_times_words(inputs.result.mean, shuffled.mean)}"
        )
    return tuple(said)


def detector_words(inputs: LocalizeInputs) -> tuple[str, ...]:
    """Return how well the detector finds the animal, a sentence; none where there is none."""
    record = inputs.detector
    if record is None:
        return ()
    yolo = record.detectors["yolo"]
    said = (
        f"The tiny YOLO finds the animal in {percent_text(yolo.hit_share)} of "
        f"{by_number(yolo.frames, 'frame', 'frames')} of held-out cages (IoU above "
        f"{record.least_iou:g}; {record.data})."
    )
    return (said,)


def warnings_of(inputs: LocalizeInputs) -> tuple[str, ...]:
    """Return what speaks against the result, and what is not there."""
    shuffled = inputs.run("shuffled")
    said = list(inputs.missing)
    if shuffled is not None and inputs.result.mean < TIMES * shuffled.mean:
        said.append(
            f"The mean mAP is less than {TIMES} times that of shuffled segments: the model "
            "has hardly learned which unit is which."
        )
    return tuple(said)


def _times_words(result: float, shuffled: float) -> str:
    if not shuffled:
        return ""
    return f"The result is {result / shuffled:.1f} times that."


def source_words(inputs: LocalizeInputs) -> str:
    """Return what the data are, as a sentence."""
    said = f"Data of this section: {inputs.source}."
    if not is_simulated(inputs.source):
        return said
    return (
        f"{said} The published numbers beside are of RatSeizure, recordings of real rats; nothing "
        "simulated says how well seizures of real rats are found."
    )
