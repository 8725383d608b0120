"""The tables of localization: mAP, how sure it is, AP by unit, the units, the trials."""

from __future__ import annotations

import math
from statistics import fmean
from typing import Final

from rodepil.report.controls import interval_words
from rodepil.report.localize import paper
from rodepil.report.localize.data import UnitData
from rodepil.report.localize.read import LocalizeInputs
from rodepil.report.localize.records import (
    DETECTORS,
    MODELS,
    RESULT,
    SHORT,
    DetectorRecord,
    LocalizeRun,
)
from rodepil.report.localize.words import drawn_again, keeps_words, paper_words, tested_words
from rodepil.report.numbers import interval_text
from rodepil.report.sheet import Cell, Column, Sheet
from rodepil.report.words import data_note
from rodepil.statistics.intervals import Estimate

PAPER: Final = "paper"
PAPER_HEAD: Final = f"{paper.SOURCE} (as printed)"


def all_tables(inputs: LocalizeInputs) -> tuple[Sheet, ...]:
    """Return every table of localization."""
    of_data = () if inputs.data is None else (units(inputs.data, inputs.source),)
    beside = () if inputs.detector is None else (detectors(inputs.detector),)
    return (mean_ap(inputs), certainty(inputs), ap_by_unit(inputs), *of_data, trials(inputs),
            *beside)  # fmt: skip


def mean_ap(inputs: LocalizeInputs) -> Sheet:
    """Return mAP at every threshold of all that was trained, the paper's beside."""
    tious = inputs.result.record.tious
    printed = [tiou for tiou in tious if paper.printed(tiou) is not None]
    heads = [f"tIoU {tiou:g}" for tiou in tious]
    rows = []
    for run in inputs.runs:
        is_result = run.name == RESULT
        theirs = [paper.printed(tiou) if is_result else None for tiou in printed]
        mean = [paper.MEAN] if _is_whole(printed) else []
        rows.append(
            (
                MODELS[run.name],
                *(run.at(tiou) for tiou in tious),
                run.mean,
                *theirs,
                *(mean if is_result else [None] * len(mean)),
            )
        )
    theirs_heads = [f"tIoU {tiou:g}" for tiou in printed] + ["Mean"] * _is_whole(printed)
    return Sheet(
        name="localize_map",
        title="mAP of action units in time",
        note=f"{data_note(inputs.source)} {tested_words(inputs)} {keeps_words(inputs)} "
        f"{paper_words(inputs)}",
        data=inputs.source,
        columns=(
            Column("Model"),
            *(Column(head, "percent", inputs.source) for head in heads),
            Column("Mean", "percent", inputs.source),
            *(Column(head, "percent", PAPER_HEAD, PAPER) for head in theirs_heads),
        ),
        rows=tuple(rows),
    )


def certainty(inputs: LocalizeInputs) -> Sheet:
    """Return the mean mAP of each run with its interval, and what else tells how good it is."""
    return Sheet(
        name="localize_certainty",
        title="How sure the mean mAP is",
        note=f"{data_note(inputs.source)} {drawn_again(inputs)} Difference: from "
        f"{MODELS[RESULT]}, points, of the same clips in each resample. Frames: share whose label "
        "is right. Edit score: of the order of labels, 100% where it is right.",
        data=inputs.source,
        columns=(
            Column("Model"),
            Column("Mean mAP", "percent"),
            Column("95 % interval"),
            Column("Difference", "points"),
            Column("95 % interval", suffix="difference"),
            Column("Frames", "percent"),
            Column("Edit score", "percent"),
            Column("Segments found", "count"),
        ),
        rows=tuple(_certain(run, inputs.result) for run in inputs.runs),
    )


def _certain(run: LocalizeRun, result: LocalizeRun) -> tuple[Cell, ...]:
    sure = None if run.sure is None else run.sure.mean
    lost = Estimate(None, None) if run is result else run.apart_from(result)
    trials = run.record.trials
    return (
        MODELS[run.name],
        run.mean,
        interval_text(None if sure is None else sure.interval),
        lost.value,
        interval_words(lost),
        fmean(trial.frame_accuracy for trial in trials),
        fmean(trial.edit_score for trial in trials),
        None if run.found is None else run.found.num_rows,
    )


def ap_by_unit(inputs: LocalizeInputs) -> Sheet:
    """Return AP of every unit at every threshold, and the means of what was trained beside."""
    result, others = inputs.result, inputs.runs[1:]
    tious = result.record.tious
    rows = [
        (
            label,
            _truths(result, label),
            *(result.ap(label, tiou) for tiou in tious),
            result.mean_ap(label),
            *(other.mean_ap(label) for other in others),
        )
        for label in labels_of(inputs)
    ]
    return Sheet(
        name="localize_ap",
        title="AP of every action unit",
        note=f"{data_note(inputs.source)} {MODELS[RESULT]} at each tIoU; means over these of what "
        "was trained beside. A unit without a true segment in the tested clips has none.",
        data=inputs.source,
        columns=(
            Column("Unit"),
            Column("True segments", "count"),
            *(Column(f"tIoU {tiou:g}", "percent", MODELS[RESULT]) for tiou in tious),
            Column("Mean", "percent", MODELS[RESULT]),
            *(Column(f"Mean, {SHORT[run.name]}", "percent", "beside", "") for run in others),
        ),
        rows=tuple(rows),
    )


def labels_of(inputs: LocalizeInputs) -> tuple[str, ...]:
    """Return the units that were scored, in order of their ids."""
    named = {label for trial in inputs.result.record.trials for label in trial.ap}
    known = () if inputs.data is None else inputs.data.classes
    order = {label: at for at, label in enumerate((*known, *paper.TRAINING))}
    return tuple(sorted(named, key=lambda label: (order.get(label, math.inf), label)))


def _truths(run: LocalizeRun, label: str) -> int | None:
    matched = run.matched
    if matched is None or label not in matched.classes:
        return None
    return int(matched.truths[:, matched.classes.index(label)].sum())


def units(data: UnitData, source: str) -> Sheet:
    """Return how often each unit stands on each side of the split, RatSeizure's counts beside."""
    total = {side.name: side.total for side in data.sides}
    rows: list[tuple[Cell, ...]] = [
        (
            label,
            *(side.segments.get(label, 0) for side in data.sides),
            *(side.share(label) for side in data.sides),
            *(f"{side.seconds.get(label, 0.0):.0f}" for side in data.sides),
            *_printed(label, given=data.given),
        )
        for label in data.classes
    ]
    sums = [sum(paper.TRAINING.values()), sum(paper.TESTING.values())] if data.given else []
    rows.append(
        (
            "all",
            *total.values(),
            *(1.0 if count else None for count in total.values()),
            *(f"{sum(side.seconds.values()):.0f}" for side in data.sides),
            *sums,
        )
    )
    theirs = ("Training", "Testing") if data.given else ()
    return Sheet(
        name="localize_units",
        title="Action units on each side of the split",
        note=f"{data_note(source)} Overlapping seconds count twice. "
        f"{_clips_words(data)}{' Beside: the public annotations.' if theirs else ''}",
        data=source,
        columns=(
            Column("Unit"),
            *(Column(side.name, "count", "Segments", "segments") for side in data.sides),
            *(Column(side.name, "percent", "Share", "share") for side in data.sides),
            *(Column(side.name, "seconds", "Seconds", "seconds") for side in data.sides),
            *(Column(name, "count", PAPER_HEAD, PAPER) for name in theirs),
        ),
        rows=tuple(rows),
        bold=frozenset({len(rows) - 1}),
    )


def _clips_words(data: UnitData) -> str:
    return "Clips: " + ", ".join(f"{side.name} {side.clips:,}" for side in data.sides) + "."


def _printed(label: str, *, given: bool) -> tuple[int | None, ...]:
    return (paper.TRAINING.get(label), paper.TESTING.get(label)) if given else ()


def trials(inputs: LocalizeInputs) -> Sheet:
    """Return the trials: which fold, which run, how long."""
    rows = tuple(
        (
            SHORT[run.name], f"fold {trial.fold}", trial.trial_id, trial.run_id,
            trial.train_clips, trial.test_clips, trial.mean_map, trial.seconds,
        )
        for run in inputs.runs
        for trial in sorted(run.record.trials, key=lambda trial: trial.fold)
    )  # fmt: skip
    return Sheet(
        name="localize_trials",
        title="Trials of localization",
        note=f"{data_note(inputs.source)} A trial's id names its folder, its run that of the "
        f"tracker. {inputs.result.record.parameters:,} parameters.",
        data=inputs.source,
        columns=(
            Column("Model"),
            Column("Fold"),
            Column("Trial"),
            Column("Run"),
            Column("Trained on, clips", "count"),
            Column("Tested on, clips", "count"),
            Column("Mean mAP", "percent"),
            Column("Time", "seconds"),
        ),
        rows=rows,
    )


def detectors(record: DetectorRecord) -> Sheet:
    """Return how well each detector finds the animal of a cage."""
    rows = tuple(
        (title, one.frames, one.hit_share, one.mean_iou)
        for name, title in DETECTORS.items()
        if (one := record.detectors.get(name)) is not None
    )
    return Sheet(
        name="localize_detector",
        title="How well the animal of a cage is found",
        note=f"{data_note(record.data)} Recordings and animals that the network never saw; one "
        "animal a frame. Hits: the best box and the true one overlap by more than "
        f"{record.least_iou:g} (IoU); a frame without a box has an IoU of 0.",
        data=record.data,
        columns=(
            Column("Detector"),
            Column("Frames", "count"),
            Column("Hits", "percent"),
            Column("Mean IoU", "percent"),
        ),
        rows=rows,
    )


def _is_whole(printed: list[float]) -> bool:
    """Whether the published mean is that of these thresholds."""
    return len(printed) == len(paper.MEAN_AP)
