"""Localization as it lies in results/localize, checked: what was found must give what is told.

``NAME.json`` is one object for each of `MODELS`::

    {
      "data": "simulated …", "name": "raseformer", "parent_run_id": "5f0c…",
      "settings": {"ratseizure": {…}, "sequence": {…}, "localize": {…}},
      "tious": [0.3, …], "parameters": 27000000,
      "trials": [
        {
          "fold": 0, "trial_id": "1c9e…", "run_id": "77aa…", "seconds": 41.5,
          "train_clips": 112, "test_clips": 56,
          "map": {"0.3": 0.61, …}, "mean_map": 0.52, "ap": {"rearing": {"0.3": 0.7, …}, …},
          "frame_accuracy": 0.7, "edit_score": 0.6,
          "history": [{"epoch": 0, "train_loss": 1.2, "test_mean_map": 0.01, …}, …]
        }, …
      ]
    }

and ``NAME_detections.parquet`` beside it the table ``events`` of all found segments.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, get_args

import numpy as np

from rodepil.config.localize import Comparison
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError, RodepilError
from rodepil.io import tables
from rodepil.report.grid.localized import localized_sheet
from rodepil.report.localize.data import UnitData
from rodepil.report.localize.records import (
    MODELS,
    RESULT,
    DetectorRecord,
    LocalizeRecord,
    LocalizeRun,
    SplitRecord,
    key_of,
)
from rodepil.report.sheet import Sheet
from rodepil.statistics.localized import by_fold

AGREEMENT: Final = 1e-6
REMEDY: Final = "run 'dvc repro localize'"


@dataclass(frozen=True)
class LocalizeInputs:
    """Everything that the report shows of localization.

    Parameters
    ----------
    runs
        What was trained, the result first.
    data
        The clips; None where they are not there.
    leaks
        What was found of leaks of the split, in lines; None, nobody looked.
    missing
        What is not there, in sentences.
    detector
        How well animals are found; None where no detector was made.
    grids
        The tables of grids whose rows localize.
    """

    runs: tuple[LocalizeRun, ...]
    data: UnitData | None
    leaks: tuple[str, ...] | None
    missing: tuple[str, ...]
    grids: tuple[Sheet, ...] = ()
    detector: DetectorRecord | None = None

    @property
    def result(self) -> LocalizeRun:
        """RaSeformer."""
        return self.runs[0]

    @property
    def source(self) -> str:
        """The data that the numbers come from, in words."""
        return self.result.record.data

    def run(self, name: str) -> LocalizeRun | None:
        """Return a run by its name, None where it is not there."""
        return next((one for one in self.runs if one.name == name), None)


def is_there(workspace: Workspace) -> bool:
    """Whether anything of localization lies in the results."""
    return any((workspace.localize_results / f"{name}.json").is_file() for name in MODELS)


def read_localize(
    workspace: Workspace, compare: Sequence[str] = get_args(Comparison)
) -> LocalizeInputs:
    """Read localization's results with the clips that they are of.

    Parameters
    ----------
    workspace
        Where they lie.
    compare
        What is to stand beside the result, as ``localize.compare``; of those that are not there
        the report says so.

    Raises
    ------
    ReportError
        The result itself is missing, a file can't be read, or what was found does not give what
        the record tells.
    """
    folder = workspace.localize_results
    missing: list[str] = []
    record = _record(folder, RESULT)
    data = _data(workspace, given=record.settings.ratseizure.split == "given", missing=missing)
    runs = [_run(folder, record, data, missing)]
    for name in dict.fromkeys(compare):
        if _was_run(folder / f"{name}.json"):
            run = _run(folder, _record(folder, name), data, missing)
            _check_beside(run, runs[0], folder)
            runs.append(run)
        else:
            missing.append(f"{MODELS[name]} was not run ({folder.name}/{name}.json); {REMEDY}.")
    order = list(MODELS)
    runs.sort(key=lambda run: order.index(run.name))
    leaks, grids = _leaks(folder, missing), _grids(workspace, missing)
    return LocalizeInputs(
        tuple(runs), data, leaks, tuple(missing), grids=grids, detector=_detector(folder)
    )


def _grids(workspace: Workspace, missing: list[str]) -> tuple[Sheet, ...]:
    """Return the tables of grids whose rows localize, and name what can't be read."""
    tabled = []
    for path in sorted((workspace.results / "grids").glob("*/localize.json")):
        name = path.parent.name
        try:
            sheet = localized_sheet(workspace, name)
        except ReportError as error:
            missing.append(f"Grid '{name}' can't be shown: {error}.")
            continue
        tabled.append(replace(sheet, name=f"localize_grid_{name}"))
    return tuple(tabled)


def _was_run(path: Path) -> bool:
    """Whether a file tells of trials; of what is not compared there is one without any."""
    if not path.is_file():
        return False
    try:
        held = json.loads(path.read_bytes())
    except ValueError:
        return True  # reading it says what is wrong
    return not (isinstance(held, dict) and held.get("trials") == [])


def _record(folder: Path, name: str) -> LocalizeRecord:
    path = folder / f"{name}.json"
    if not path.is_file():
        raise ReportError(f"{path} is not there and the report wants it; {REMEDY}")
    try:
        record = LocalizeRecord.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise ReportError(
            f"{path} does not hold what localization writes: {error}; {REMEDY}"
        ) from error
    folds = [trial.fold for trial in record.trials]
    wanted = {key_of(tiou) for tiou in record.tious}
    short = [trial.fold for trial in record.trials if set(trial.map) != wanted]
    own = record.variant or record.name
    if own != name or not folds or len(set(folds)) < len(folds) or not wanted or short:
        raise ReportError(
            f"{path} is of '{own}' with trials of folds {folds} at tIoU "
            f"{list(record.tious)}; it must be of '{name}', each fold once, with mAP at each of "
            f"these; {REMEDY}"
        )
    return record


def _run(
    folder: Path, record: LocalizeRecord, data: UnitData | None, missing: list[str]
) -> LocalizeRun:
    name = record.variant or record.name
    path = folder / f"{name}_detections.parquet"
    if not path.is_file():
        missing.append(
            f"What {MODELS[name]} found is not there ({folder.name}/{path.name}), so that "
            f"its numbers have no intervals; {REMEDY}."
        )
        return LocalizeRun(record, None, data)
    run = LocalizeRun(record, tables.read("events", path), data)
    _check_agreement(run, path)
    return run


def _check_agreement(run: LocalizeRun, path: Path) -> None:
    """Refuse a record whose mAP is not that of what was found in the clips as they are now."""
    try:
        matched = run.matched
    except RodepilError as error:
        raise ReportError(f"{path} does not fit the clips: {error}; {REMEDY}") from error
    if matched is None:
        return
    found = by_fold(matched)
    for trial in run.record.trials:
        told = np.array([trial.map[key_of(tiou)] for tiou in run.record.tious])
        given = found.get(trial.fold, np.full(len(told), np.nan))
        if not np.allclose(told, given, atol=AGREEMENT):
            raise ReportError(
                f"{path.parent / run.name}.json has mAP {told.round(4).tolist()} for fold "
                f"{trial.fold}, what was found gives {given.round(4).tolist()} on the clips as "
                f"they are; {REMEDY}"
            )


def _check_beside(run: LocalizeRun, result: LocalizeRun, folder: Path) -> None:
    """Refuse to compare what was tested on other data, other folds or at other thresholds."""
    own, other = (
        (one.record.data, sorted(trial.fold for trial in one.record.trials), one.record.tious)
        for one in (run, result)
    )
    if own != other:
        raise ReportError(
            f"{folder / run.name}.json is of data, folds and thresholds {own}, the result of "
            f"{other}; they must be the same; {REMEDY}"
        )


def _data(workspace: Workspace, *, given: bool, missing: list[str]) -> UnitData | None:
    paths = {
        "clips": workspace.units_clips,
        "events": workspace.units_events,
        "folds": workspace.units_folds,
    }
    absent = [
        str(path.relative_to(workspace.root)) for path in paths.values() if not path.is_file()
    ]
    if absent:
        missing.append(
            f"The clips are not there ({', '.join(absent)}), so that nothing is said of them and "
            "no number has an interval; run 'dvc repro units_clips' or 'dvc pull'."
        )
        return None
    clips, events, folds = (tables.read(name, path) for name, path in paths.items())
    return UnitData(clips.filter(clips.column("kept")), events, folds, given)


def _leaks(folder: Path, missing: list[str]) -> tuple[str, ...] | None:
    path = folder / "split.json"
    if not path.is_file():
        missing.append(
            f"Nobody has looked for leaks of the split ({folder.name}/{path.name} is not there); "
            "run 'dvc repro units_clips'."
        )
        return None
    try:
        return joined(SplitRecord.model_validate_json(path.read_bytes()).lines)
    except ValueError as error:
        raise ReportError(
            f"{path} does not hold what is told of a split: {error}; run 'dvc repro units_clips'"
        ) from error


def _detector(folder: Path) -> DetectorRecord | None:
    path = folder / "detector.json"
    if not path.is_file():
        return None
    try:
        record = DetectorRecord.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise ReportError(
            f"{path} does not hold what is told of a detector: {error}; run 'dvc repro detector'"
        ) from error
    return record if record.made and "yolo" in record.detectors else None


def joined(lines: Iterable[str]) -> tuple[str, ...]:
    """Return lines as sentences: those that are set in stand behind what they belong to."""
    said: list[list[str]] = []
    for line in lines:
        if line[:1].isspace() and said:
            said[-1].append(line.strip())
        else:
            said.append([line])
    return tuple(
        f"{head[:1].upper()}{head[1:]}{': ' if more else ''}{', '.join(more)}."
        for head, *more in said
    )
