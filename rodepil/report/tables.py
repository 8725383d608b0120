"""The tables of a report: Tables I and II with the paper's values beside, and those behind them."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.controls import condition_of
from rodepil.report import paper
from rodepil.report.certainty import certainty
from rodepil.report.controls import always_seizure, difference, interval_words, ranked
from rodepil.report.counts import groups, has_both_classes
from rodepil.report.inputs import ReportInputs
from rodepil.report.modalities import compared, printed
from rodepil.report.records import Result
from rodepil.report.sheet import Cell, Column, Sheet
from rodepil.report.subjects import by_subject
from rodepil.report.words import (
    METRICS,
    data_note,
    flow_words,
    modality_words,
    model_words,
    neighbour_words,
    size_words,
)
from rodepil.statistics.intervals import Estimate
from rodepil.train.metrics import Metrics

PAPER: Final = "paper"
PAPER_HEAD: Final = f"{paper.SOURCE} (its own data)"
PRINTED: Final = ("accuracy", "sensitivity", "precision", "f1")
"""The metrics of the paper's Table III."""
NOT_COMPARABLE: Final = "The paper's values, beside, were measured on RodEpil, other data."


def all_tables(inputs: ReportInputs) -> tuple[Sheet, ...]:
    """Return every table of the report."""
    return (
        table1(inputs),
        table2(inputs),
        certainty(inputs),
        controls(inputs),
        *([modalities(inputs)] if inputs.modalities else []),
        by_subject(inputs),
        folds(inputs),
        trials(inputs),
    )


def table1(inputs: ReportInputs) -> Sheet:
    """Return Table I, what the curated dataset consists of, as in the paper."""
    return dataset_table(inputs.clips, inputs.data)


def dataset_table(clips: pa.Table, data: str) -> Sheet:
    """Return Table I of the kept rows of a manifest."""
    printed = paper.TABLE_1
    size_px = printed.size_px
    rows = (
        ("Total subjects", str(len(clips.column("subject_id").unique())), str(printed.subjects)),
        ("Negative clips (normal activity)", f"{_labelled(clips, 0):,}", f"{printed.negatives:,}"),
        ("Positive clips (convulsions)", f"{_labelled(clips, 1):,}", f"{printed.positives:,}"),
        ("Clip duration", f"{_span(clips, 'duration_s')} s", f"{printed.duration_s:g} s"),
        ("Frame rate", f"{_rates(clips)} FPS", f"{printed.fps} FPS"),
        ("Resolution", _sizes(clips), size_words(size_px, size_px)),
    )
    return Sheet(
        name="table1",
        title="Table I: Characteristics of the curated dataset",
        note=f"{data_note(data)} {NOT_COMPARABLE}",
        data=data,
        columns=(Column("Characteristic"), Column(data), Column(PAPER_HEAD)),
        rows=rows,
    )


def table2(inputs: ReportInputs) -> Sheet:
    """Return Table II, the metrics of every fold and their average, as in the paper."""
    ours = _metric_columns(group=inputs.data)
    printed = _metric_columns(group=PAPER_HEAD, suffix=PAPER)
    names = sorted({*inputs.result.folds, *range(len(paper.TABLE_2))})
    rows = [
        (
            f"fold {fold}",
            *_cells(inputs.result.folds.get(fold)),
            *_cells(paper.TABLE_2[fold] if fold < len(paper.TABLE_2) else None),
        )
        for fold in names
    ]
    rows.append(("Average", *_cells(inputs.result.mean), *_cells(paper.TABLE_2_AVERAGE)))
    return Sheet(
        name="table2",
        title=f"Table II: Per-fold results of {model_words(inputs.result.record.settings)}",
        note=f"{data_note(inputs.data)} {NOT_COMPARABLE} Fold n of one is not fold n of the other: "
        f"their subjects differ.{_one_class_note(inputs.result)}",
        data=inputs.data,
        columns=(Column("CV"), *ours, *printed),
        rows=tuple(rows),
        bold=frozenset({len(rows) - 1}),
    )


def controls(inputs: ReportInputs) -> Sheet:
    """Return the mean metrics as recorded, under each control, and of always saying 'seizure'."""
    runs = {"none": inputs.result, **inputs.controls}
    rows = [_control_row(name, run, inputs.result) for name, run in runs.items()]
    blind = always_seizure(inputs.result)
    lost = blind.f1 - inputs.result.mean.f1
    folds = len(inputs.result.folds)
    rows.append(("chance", "always 'seizure'", folds, *_cells(blind), "0.500", lost, None))
    missing = "" if inputs.controls else " No control was run: rodepil crossval --control static."
    return Sheet(
        name="controls",
        title="Controls: what the model has learned",
        note=f"{data_note(inputs.data)} Means over folds; the model is trained and tested anew "
        "under each control. Difference: F1-score, points, over the same folds, with its 95 % "
        f"interval over subjects. Chance knows nothing of the clips.{missing}",
        data=inputs.data,
        columns=(
            Column("Control"),
            Column("Condition"),
            Column("Folds", "count"),
            *_metric_columns(),
            Column("AUROC"),
            Column("Difference", "points"),
            Column("95 % interval"),
        ),
        rows=tuple(rows),
    )


def _control_row(name: str, run: Result, result: Result) -> tuple[Cell, ...]:
    rank = ranked(run)
    auroc = None if rank is None else f"{rank.auroc:.3f}"
    apart = Estimate(None, None) if name == "none" else difference(run, result)
    shown = _cells(run.mean)
    return (
        *(name, condition_of(name), len(run.folds), *shown, auroc),
        *(apart.value, interval_words(apart)),
    )


def modalities(inputs: ReportInputs) -> Sheet:
    """Return the mean metrics of each modality, with what the paper prints of its own."""
    rows: list[tuple[Cell, ...]] = []
    for name, run in compared(inputs).items():
        row = printed(name)
        theirs = [None if row is None else getattr(row, metric) for metric in PRINTED]
        apart = None if run is inputs.result else difference(run, inputs.result).value
        rows.append((modality_words(name), len(run.folds), *_cells(run.mean), apart, *theirs))
    features = inputs.result.record.settings.features
    flow = compared(inputs).get("flow")
    found = "" if flow is None else flow_words(flow.record.settings.train.flow, features.size_px)
    return Sheet(
        name="modalities",
        title="Modalities: what the model sees",
        note=f"{data_note(inputs.data)} Means over folds. Flow and differences are taken between "
        f"{neighbour_words(features)}. {found}{' ' * bool(found)}Difference: F1-score less that of "
        f"the result ({modality_words(inputs.result.record.settings.train.modality)}), points. "
        f"{NOT_COMPARABLE} They are of 8 frames of 224 px, SGD, Kinetics (Table III); the paper "
        "prints no specificity there.",
        data=inputs.data,
        columns=(
            Column("Modality"),
            Column("Folds", "count"),
            *_metric_columns(group=inputs.data),
            Column("Difference", "points", inputs.data),
            *(Column(METRICS[name], "percent", PAPER_HEAD, PAPER) for name in PRINTED),
        ),
        rows=tuple(rows),
    )


def folds(inputs: ReportInputs) -> Sheet:
    """Return who is in which fold, and with how many clips of either class."""
    kept = inputs.clips.select(["clip_id", "label"])
    joined = inputs.folds.join(kept, "clip_id", join_type="inner")
    rows = []
    for fold, part in groups(joined, "fold"):
        subjects = sorted(part.column("subject_id").unique().to_pylist())
        rows.append((f"fold {fold}", ", ".join(subjects), _labelled(part, 0), _labelled(part, 1)))
    return Sheet(
        name="folds",
        title="Folds by subject",
        note=f"{data_note(inputs.data)} Clips of the subjects that each fold is tested on.",
        data=inputs.data,
        columns=(
            Column("CV"),
            Column("Test subjects"),
            Column("Normal clips", "count"),
            Column("Seizure clips", "count"),
        ),
        rows=tuple(rows),
    )


def trials(inputs: ReportInputs) -> Sheet:
    """Return every trial that the numbers come from: its id, its run, and how long it took."""
    rows: list[tuple[Cell, ...]] = [
        (
            run.record.control,
            run.record.settings.train.modality,
            f"fold {trial.fold}",
            trial.trial_id,
            trial.run_id,
            trial.seconds,
        )
        for run in (inputs.result, *inputs.controls.values(), *inputs.modalities.values())
        for trial in sorted(run.record.trials, key=lambda trial: trial.fold)
    ]
    return Sheet(
        name="trials",
        title="Trials behind the numbers",
        note=f"{data_note(inputs.data)} A trial's files lie in results/trials under its id, its "
        "curves in MLflow under its run.",
        data=inputs.data,
        columns=(
            Column("Control"),
            Column("Modality"),
            Column("CV"),
            Column("Trial"),
            Column("Run"),
            Column("Training", "seconds"),
        ),
        rows=tuple(rows),
    )


def _metric_columns(*, group: str = "", suffix: str = "") -> tuple[Column, ...]:
    """Return the five columns of Table II, titled as in the paper."""
    return tuple(Column(title, "percent", group, suffix) for title in METRICS.values())


def _cells(metrics: Metrics | None) -> tuple[float | None, ...]:
    return tuple(None if metrics is None else getattr(metrics, name) for name in METRICS)


def _one_class_note(result: Result) -> str:
    """Return the folds whose rows and average rest on a class that they do not have."""
    folds = [
        str(fold) for fold, rows in groups(result.predictions, "fold") if not has_both_classes(rows)
    ]
    if not folds:
        return ""
    return f" One class only in fold {', '.join(folds)}: what is not defined there counts as 0."


def _labelled(table: pa.Table, value: int) -> int:
    """Count the rows of one label."""
    return int(pc.sum(pc.equal(table.column("label"), value)).as_py() or 0)


def _span(table: pa.Table, column: str) -> str:
    """Return a column's one value, or its least and greatest."""
    values = pc.min_max(table.column(column)).as_py()
    low, high = f"{values['min']:g}", f"{values['max']:g}"
    return low if low == high else f"{low} to {high}"


def _rates(clips: pa.Table) -> str:
    rates = sorted({float(Fraction(fps)) for fps in clips.column("fps").drop_null().to_pylist()})
    return ", ".join(f"{rate:g}" for rate in rates)


def _sizes(clips: pa.Table) -> str:
    pairs = zip(
        clips.column("width_px").to_pylist(), clips.column("height_px").to_pylist(), strict=True
    )
    return ", ".join(size_words(width, height) for width, height in sorted(set(pairs)))
