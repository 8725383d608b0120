"""The tables of a summary of data, narrow enough for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rodepil.data.overview import NOT_STATED, Dataset, Fault, Listed, Recorded, Summary
from rodepil.data.problems import SHOWN
from rodepil.io.labels import SEIZURE
from rodepil.report.sheet import Cell, Column, Sheet
from rodepil.report.tables import dataset_table
from rodepil.report.words import data_note

MOST_DATES: Final = 31
"""With more dates than this, months are listed."""

EXACT_H: Final = 10
"""Fewer hours are printed with two decimals."""

Rows = Sequence[tuple[Cell, ...]]


def summary_sheets(summary: Summary, dataset: Dataset) -> tuple[Sheet, ...]:
    """Return the tables of whatever is there; one without a row is left out."""
    kept = dataset.kept
    sheets = [
        _whole(summary),
        *([] if kept is None else [dataset_table(kept, summary.data)]),
        _clips(summary),
        _seizures(summary),
        _dropped(summary),
        _folds(summary),
        _cameras(summary),
        _dates(summary),
        _labels(summary),
        _faults(summary),
    ]
    return tuple(sheet for sheet in sheets if sheet.rows)


def recordings_sheet(listed: Sequence[Listed], data: str) -> Sheet:
    """Return the table of recordings by their ids."""
    heads = ("Id", "File", "Begins", "Hours", "Session", "Cages", "Seizures")
    words = ("Id", "File", "Begins", "Session")
    rows = tuple(
        (
            one.recording_id,
            one.file,
            one.begins,
            _hours(one.hours),
            one.session,
            f"{one.cages:,}",
            f"{one.seizures:,}",
        )
        for one in listed
    )
    columns = tuple(Column(name, "text" if name in words else "count") for name in heads)
    return Sheet("recordings", "Recordings", data_note(data), data=data, columns=columns, rows=rows)


def _sheet(
    summary: Summary,
    title: str,
    columns: Sequence[str],
    rows: Rows,
    *,
    note: str = "",
    words: int = 1,
) -> Sheet:
    """Return a table whose first `words` columns are words, the others numbers."""
    heads = [Column(name, "text" if at < words else "count") for at, name in enumerate(columns)]
    made = f"{data_note(summary.data)} {note}".rstrip()
    return Sheet(
        name=title.lower().replace(" ", "_"),
        title=title,
        note=made,
        data=summary.data,
        columns=tuple(heads),
        rows=tuple(rows),
    )


def _whole(summary: Summary) -> Sheet:
    rows: list[tuple[Cell, ...]] = []
    if (all_of_it := summary.whole) is not None:
        rows += [
            ("Recordings", f"{all_of_it.recordings:,}"),
            ("Sessions", f"{all_of_it.sessions:,}"),
            ("Hours of video", _hours(all_of_it.hours)),
            ("Cages", f"{all_of_it.cages:,}"),
            ("Subjects", f"{all_of_it.subjects:,}"),
            ("Hours watched (of one animal)", _hours(all_of_it.hours_watched)),
        ]
    if summary.unmarked is not None:
        rows.append(("Cages without annotations", f"{len(summary.unmarked):,}"))
    if summary.windows is not None:
        rows.append(("Windows", f"{summary.windows:,}"))
    if summary.clips is not None:
        rows.append(("Hours of kept clips", _hours(summary.clips.hours)))
    return _sheet(summary, "What is there", ("", "Number"), rows)


def _clips(summary: Summary) -> Sheet:
    rows = [
        (one.subject_id, f"{one.negatives:,}", f"{one.positives:,}", f"{one.dropped:,}")
        for one in summary.subjects
        if summary.windows is not None
    ]
    return _sheet(summary, "Clips by subject", ("Subject", "Normal", "Seizure", "Dropped"), rows)


def _seizures(summary: Summary) -> Sheet:
    rows = [
        (
            one.subject_id,
            _hours(one.hours_watched),
            f"{one.seizures:,}",
            f"{one.agreed:,}",
            f"{one.seizure_s:,.1f}",
            None if one.median_s is None else f"{one.median_s:,.1f}",
        )
        for one in summary.subjects
        if summary.labels
    ]
    return _sheet(
        summary,
        "Annotated seizures by subject",
        ("Subject", "Hours", "Seizures", "Agreed", "Total s", "Median s"),
        rows,
        note="Marks that overlap are one seizure. Agreed: it can label clips. Hours watched.",
    )


def _dropped(summary: Summary) -> Sheet:
    rows = [(one.reason, f"{one.windows:,}", _hours(one.hours)) for one in summary.dropped]
    return _sheet(summary, "Dropped windows", ("Reason", "Windows", "Hours"), rows)


def _folds(summary: Summary) -> Sheet:
    rows = [
        (f"fold {one.fold}", f"{len(one.subjects):,}", f"{one.negatives:,}", f"{one.positives:,}")
        for one in summary.folds
    ]
    return _sheet(summary, "Folds", ("Fold", "Subjects", "Normal", "Seizure"), rows)


def _cameras(summary: Summary) -> Sheet:
    """Return the recordings by camera, where any is known."""
    known = [one.name for one in summary.cameras] != [NOT_STATED]
    return _recorded(summary, "Camera", summary.cameras if known else [])


def _dates(summary: Summary) -> Sheet:
    if len(summary.dates) <= MOST_DATES:
        return _recorded(summary, "Date", summary.dates)
    return _recorded(summary, "Month", summary.months)


def _recorded(summary: Summary, what: str, groups: Sequence[Recorded]) -> Sheet:
    rows = [
        (
            one.name,
            f"{one.recordings:,}",
            _hours(one.hours),
            f"{one.subjects:,}",
            _hours(one.hours_watched),
        )
        for one in groups
    ]
    heads = (what, "Recordings", "Hours", "Subjects", "Watched h")
    return _sheet(summary, f"Recordings by {what.lower()}", heads, rows)


def _labels(summary: Summary) -> Sheet:
    """Return the intervals by label, where there are others than seizures."""
    rows = [(name, f"{count:,}") for name, count in summary.labels.items()]
    units = [name for name in summary.labels if name != SEIZURE]
    return _sheet(summary, "Annotated intervals", ("Label", "Intervals"), rows if units else [])


def _faults(summary: Summary) -> Sheet:
    """Return the faults, of many with one remedy the first."""
    alike: dict[str, list[Fault]] = {}
    for one in summary.faults:
        alike.setdefault(one.remedy, []).append(one)
    rows = []
    for remedy, ones in alike.items():
        rows += [(one.item, one.found, remedy) for one in ones[:SHOWN]]
        if len(ones) > SHOWN:
            more = f"{len(ones) - SHOWN:,} more"
            rows.append((more, "the same; --json FILE holds all", remedy))
    return _sheet(summary, "Faults", ("Item", "Found", "What to do"), rows, words=3)


def _hours(hours: float) -> str:
    return f"{hours:,.2f}" if hours < EXACT_H else f"{hours:,.1f}"
