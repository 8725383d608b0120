"""Results by subject as tables: whom a model serves well, and on how many clips that rests."""

from __future__ import annotations

from typing import Final

from rodepil.report.counts import count, groups
from rodepil.report.inputs import ReportInputs
from rodepil.report.sheet import Cell, Column, Sheet
from rodepil.report.words import METRICS, data_note

OF_SUBJECTS: Final = (
    "Every subject was tested by a model that never saw it. A dash: not defined, as the subject "
    "has no clip that it could be counted on."
)


def by_subject(inputs: ReportInputs) -> Sheet:
    """Return the clips and metrics of every subject, tested by a model that never saw it."""
    rows: list[tuple[Cell, ...]] = []
    for subject, predicted in groups(inputs.result.predictions, "subject_id"):
        counts = count(predicted)
        fold = predicted.column("fold")[0].as_py()
        metrics = [getattr(counts, name) for name in METRICS]
        rows.append((str(subject), fold, counts.negatives, counts.positives, *metrics))
    return Sheet(
        name="by_subject",
        title="Results by subject",
        note=f"{data_note(inputs.data)} {OF_SUBJECTS}",
        data=inputs.data,
        columns=subject_columns(),
        rows=tuple(rows),
    )


def subject_columns() -> tuple[Column, ...]:
    """Return the columns of a table by subject: who, the fold, clips by class, the metrics."""
    return (
        Column("Subject"),
        Column("Fold", "count"),
        Column("Normal clips", "count"),
        Column("Seizure clips", "count"),
        *(Column(title, "percent") for title in METRICS.values()),
    )
