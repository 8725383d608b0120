"""What one run of localization left, checked: what was found must give what is told.

A record and, beside it, the table ``events`` of all found segments; `rodepil.report.localize.read`
says what both hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError, RodepilError
from rodepil.io import tables
from rodepil.io.records import read_record
from rodepil.report.localize.data import UnitData
from rodepil.report.localize.records import LocalizeRecord, LocalizeRun, key_of
from rodepil.statistics.localized import by_fold

AGREEMENT: Final = 1e-6


def read_run_record(path: Path, remedy: str) -> LocalizeRecord:
    """Read what a run wrote down.

    Parameters
    ----------
    path
        The JSON file.
    remedy
        What to do where it is missing or can't be used.

    Raises
    ------
    ReportError
        It is missing, can't be read, has a fold twice or none, or has not mAP at each threshold.
    """
    record = read_record(path, LocalizeRecord, "what localization writes", remedy)
    folds = [trial.fold for trial in record.trials]
    wanted = {key_of(tiou) for tiou in record.tious}
    is_whole = all(set(trial.map) == wanted for trial in record.trials)
    if not folds or len(set(folds)) < len(folds) or not wanted or not is_whole:
        raise ReportError(
            f"{path} has trials of folds {folds} at tIoU {list(record.tious)}; it must have each "
            f"fold once, with mAP at each of these; {remedy}"
        )
    return record


def read_run(path: Path, record: LocalizeRecord, data: UnitData | None, remedy: str) -> LocalizeRun:
    """Return a run with what it found, where that lies beside its record.

    Parameters
    ----------
    path, record
        The record's file, and what it holds.
    data
        The clips that were tested; None where they are not there.
    remedy
        What to do where what was found does not belong to the record or the clips.

    Raises
    ------
    ReportError
        What was found does not give the mAP that the record tells, or is of other clips.
    """
    beside = found_beside(path)
    if not beside.is_file():
        return LocalizeRun(record, None, data)
    run = LocalizeRun(record, tables.read("events", beside), data)
    _check_agreement(run, path, remedy)
    return run


def found_beside(path: Path) -> Path:
    """Return where the segments lie that a record's run found."""
    return path.with_name(f"{path.stem}_detections.parquet")


def read_units(workspace: Workspace, *, given: bool) -> tuple[UnitData | None, str]:
    """Return the clips; where they are not there None, and a sentence that says so.

    Parameters
    ----------
    workspace
        Where they lie.
    given
        Whether the folds are the two sides of the given split.
    """
    paths = {
        "clips": workspace.units_clips,
        "events": workspace.units_events,
        "folds": workspace.units_folds,
    }
    absent = [
        str(path.relative_to(workspace.root)) for path in paths.values() if not path.is_file()
    ]
    if absent:
        return None, (
            f"The clips are not there ({', '.join(absent)}), so that nothing is said of them and "
            "no number has an interval; run 'dvc repro units_clips' or 'dvc pull'."
        )
    clips, events, folds = (tables.read(name, path) for name, path in paths.items())
    return UnitData(clips.filter(clips.column("kept")), events, folds, given), ""


def _check_agreement(run: LocalizeRun, path: Path, remedy: str) -> None:
    """Refuse a record whose mAP is not that of what was found in the clips as they are now."""
    try:
        matched = run.matched
    except RodepilError as error:
        raise ReportError(
            f"{found_beside(path)} does not fit the clips: {error}; {remedy}"
        ) from error
    if matched is None:
        return
    found = by_fold(matched)
    for trial in run.record.trials:
        told = np.array([trial.map[key_of(tiou)] for tiou in run.record.tious])
        given = found.get(trial.fold, np.full(len(told), np.nan))
        if not np.allclose(told, given, atol=AGREEMENT):
            raise ReportError(
                f"{path} has mAP {told.round(4).tolist()} for fold {trial.fold}, what was found "
                f"gives {given.round(4).tolist()} on the clips as they are; {remedy}"
            )
