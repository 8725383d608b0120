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
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from rodepil.config.localize import Comparison
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.io.records import read_record
from rodepil.report.localize.data import UnitData
from rodepil.report.localize.records import (
    MODELS,
    RESULT,
    DetectorRecord,
    LocalizeRecord,
    LocalizeRun,
    SplitRecord,
)
from rodepil.report.localize.runs import found_beside, read_run, read_run_record, read_units

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
    """

    runs: tuple[LocalizeRun, ...]
    data: UnitData | None
    leaks: tuple[str, ...] | None
    missing: tuple[str, ...]
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
    data, absent = read_units(workspace, given=record.settings.ratseizure.split == "given")
    missing += filter(None, [absent])
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
    leaks = _leaks(folder, missing)
    return LocalizeInputs(tuple(runs), data, leaks, tuple(missing), detector=_detector(folder))


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
    record = read_run_record(path, REMEDY)
    own = record.variant or record.name
    if own != name:
        raise ReportError(f"{path} is of '{own}'; it must be of '{name}'; {REMEDY}")
    return record


def _run(
    folder: Path, record: LocalizeRecord, data: UnitData | None, missing: list[str]
) -> LocalizeRun:
    name = record.variant or record.name
    path = folder / f"{name}.json"
    run = read_run(path, record, data, REMEDY)
    if run.found is None:
        missing.append(
            f"What {MODELS[name]} found is not there ({folder.name}/{found_beside(path).name}), "
            f"so that its numbers have no intervals; {REMEDY}."
        )
    return run


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


def _leaks(folder: Path, missing: list[str]) -> tuple[str, ...] | None:
    path = folder / "split.json"
    if not path.is_file():
        missing.append(
            f"Nobody has looked for leaks of the split ({folder.name}/{path.name} is not there); "
            "run 'dvc repro units_clips'."
        )
        return None
    remedy = "run 'dvc repro units_clips'"
    return joined(read_record(path, SplitRecord, "what is told of a split", remedy).lines)


def _detector(folder: Path) -> DetectorRecord | None:
    path = folder / "detector.json"
    if not path.is_file():
        return None
    remedy = "run 'dvc repro detector'"
    record = read_record(path, DetectorRecord, "what is told of a detector", remedy)
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
