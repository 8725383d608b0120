"""What a report is made from, read from results/ and checked to belong together.

``results/crossval.json`` is one object::

    {
      "data": "simulated recordings",     what the numbers come from, in words
      "control": "none",                  or the name of the control
      "parent_run_id": "5f0c…",           null when nothing was tracked
      "settings": {"features": {…}, "model": {…}, "train": {…}},
      "trials": [
        {
          "fold": 0, "trial_id": "1c9e…", "run_id": "77aa…", "seconds": 41.5,
          "train_subjects": ["70-3", …], "test_subjects": ["71-1", …],
          "metrics": {"accuracy": 0.95, "sensitivity": …, "specificity": …,
                      "precision": …, "f1": …},
          "history": [{"epoch": 0, "train_loss": 0.69, …}, …]
        }, …
      ]
    }

and ``results/predictions.parquet`` is the table ``predictions`` with every clip of every fold,
whose ``run_id`` is the trial's id. A control writes the same two as
``results/control_NAME.json`` and ``results/control_NAME_predictions.parquet``, another modality
as ``results/modalities/NAME.json`` and ``results/modalities/NAME_predictions.parquet``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa

from rodepil.config.base import Settings
from rodepil.config.settings import FeatureSettings, ModelSettings, TrainSettings
from rodepil.config.workspace import Workspace
from rodepil.data.audit.items import digest_of
from rodepil.data.audit.record import AuditRecord, read_record
from rodepil.errors import ReportError, SubjectLeak
from rodepil.io import tables
from rodepil.report.counts import groups, labels_and_scores
from rodepil.train.metrics import Metrics, average, measure

AGREEMENT: Final = 1e-9


class TrainedWith(Settings, extra="ignore"):
    """The settings that every trial of a cross-validation shares."""

    features: FeatureSettings
    model: ModelSettings
    train: TrainSettings


class TrialRecord(Settings, extra="ignore"):
    """One trial: a fold, who was trained on, who was tested on, and what came of it."""

    fold: int
    trial_id: str
    run_id: str | None
    seconds: float
    train_subjects: tuple[str, ...]
    test_subjects: tuple[str, ...]
    metrics: dict[str, float]
    history: tuple[dict[str, float], ...]


class CrossvalRecord(Settings, extra="ignore"):
    """A cross-validation as its stage wrote it down."""

    data: str
    control: str
    parent_run_id: str | None
    settings: TrainedWith
    trials: tuple[TrialRecord, ...]


@dataclass(frozen=True)
class Result:
    """A cross-validation: its record, its predictions, and the metrics measured from these.

    Parameters
    ----------
    record
        What the stage wrote down.
    predictions
        Table ``predictions``, every clip of every fold once.
    folds
        Metrics by fold, in rising order of folds.
    """

    record: CrossvalRecord
    predictions: pa.Table
    folds: Mapping[int, Metrics]

    @property
    def mean(self) -> Metrics:
        """The plain mean over the folds, as in the paper."""
        return average(list(self.folds.values()))


@dataclass(frozen=True)
class ReportInputs:
    """Everything that a report shows.

    Parameters
    ----------
    clips
        Table ``clips``, kept rows alone.
    folds
        Table ``folds``.
    result
        The cross-validation.
    controls
        The controls that were run, by name.
    audit
        The audit of the clips, where one was made.
    modalities
        The other modalities that were run, by name.
    """

    clips: pa.Table
    folds: pa.Table
    result: Result
    controls: Mapping[str, Result]
    audit: AuditRecord | None = None
    modalities: Mapping[str, Result] = field(default_factory=dict)

    @property
    def data(self) -> str:
        """The data that the numbers come from, in words."""
        return self.result.record.data


def read_inputs(workspace: Workspace) -> ReportInputs:
    """Read and check what the report is made from.

    Raises
    ------
    ReportError
        Something is missing, can't be read, or does not belong to the rest; the message names
        the command that makes it.
    SubjectLeak
        A trial was tested on a subject that it was trained on.
    """
    remedy = "run 'rodepil crossval' (or 'dvc repro crossval')"
    clips = _read_table("clips", workspace.clips, "run 'rodepil curate' (or 'dvc repro curate')")
    clips = clips.filter(clips.column("kept"))
    folds = _read_table("folds", workspace.folds, "run 'rodepil folds make' (or 'dvc repro folds')")
    result = _read_result(workspace.results, "crossval", "predictions", remedy)
    _check_clips(result, clips, folds, remedy)
    controls = {}
    for path in sorted(workspace.results.glob("control_*.json")):
        if _is_left_out(path):
            continue
        remedy = f"run 'rodepil crossval --control {path.stem.removeprefix('control_')}'"
        control = _read_result(workspace.results, path.stem, f"{path.stem}_predictions", remedy)
        _check_beside(f"control '{control.record.control}'", control, result, remedy)
        controls[control.record.control] = control
    audit = read_audit(workspace.results / "audit.json", clips)
    return ReportInputs(clips, folds, result, controls, audit, _modalities(workspace, result))


def _modalities(workspace: Workspace, result: Result) -> dict[str, Result]:
    """Read the other modalities that were cross-validated beside the result."""
    folder = workspace.results / "modalities"
    found = {}
    for path in sorted(folder.glob("*.json")):
        name = path.stem
        remedy = f"run 'rodepil crossval --modality {name}'"
        other = _read_result(folder, name, f"{name}_predictions", remedy)
        _check_beside(f"modality '{name}'", other, result, remedy, "modality")
        if other.record.settings.train.modality != name:
            raise ReportError(
                f"{path} is of modality '{other.record.settings.train.modality}'; {remedy}"
            )
        found[name] = other
    return found


def read_audit(path: Path, kept: pa.Table) -> AuditRecord | None:
    """Read the audit of these kept clips; None where none was made.

    Raises
    ------
    ReportError
        It is of other clips.
    AuditError
        The file holds no audit.
    """
    if not path.is_file():
        return None
    record = read_record(path)
    digest = digest_of(kept.column("clip_id").to_pylist(), kept.column("label").to_pylist())
    if record.digest != digest:
        raise ReportError(
            f"{path} is the audit of other clips than data/clips.parquet holds; run 'rodepil audit'"
        )
    return record


def _read_table(name: str, path: Path, remedy: str) -> pa.Table:
    if not path.is_file():
        raise ReportError(f"{path} is not there and the report wants it; {remedy}")
    return tables.read(name, path)


def _read_result(folder: Path, stem: str, predictions_stem: str, remedy: str) -> Result:
    """Read a record and its predictions, and measure the folds."""
    path = folder / f"{stem}.json"
    if not path.is_file():
        raise ReportError(f"{path} is not there and the report wants it; {remedy}")
    try:
        record = CrossvalRecord.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise ReportError(
            f"{path} does not hold what a cross-validation writes: {error}; {remedy}"
        ) from error
    predictions = _read_table("predictions", folder / f"{predictions_stem}.parquet", remedy)
    measured = {
        int(fold): measure(*labels_and_scores(rows)) for fold, rows in groups(predictions, "fold")
    }
    result = Result(record, predictions, measured)
    _check_trials(result, path, remedy)
    return result


def _check_trials(result: Result, path: Path, remedy: str) -> None:
    """Refuse a record whose trials are not those that made the predictions."""
    trials = {trial.fold: trial for trial in result.record.trials}
    if not trials or len(trials) < len(result.record.trials) or set(trials) != set(result.folds):
        raise ReportError(
            f"{path} has trials of folds {[trial.fold for trial in result.record.trials]}, its "
            f"predictions have {list(result.folds)}; they must be the same, each once; {remedy}"
        )
    for fold, rows in groups(result.predictions, "fold"):
        trial = trials[int(fold)]
        if rows.column("run_id").unique().to_pylist() != [trial.trial_id]:
            raise ReportError(
                f"{path}: the predictions of fold {fold} are not those of trial "
                f"{trial.trial_id}; {remedy}"
            )
        _check_subjects(trial, set(rows.column("subject_id").to_pylist()), path, remedy)
        measured = asdict(result.folds[int(fold)])
        wrong = {
            name: value
            for name, value in measured.items()
            if abs(trial.metrics.get(name, float("inf")) - value) > AGREEMENT
        }
        if wrong:
            raise ReportError(
                f"{path}: fold {fold} holds {trial.metrics}, its predictions give {wrong}; {remedy}"
            )


def _check_subjects(trial: TrialRecord, tested: set[str], path: Path, remedy: str) -> None:
    """Refuse a trial that was tested on subjects that it had seen, or on others than it says."""
    leaked = sorted(tested & set(trial.train_subjects))
    if leaked:
        raise SubjectLeak(
            f"{path}: fold {trial.fold} was trained on subjects {leaked} and tested on them; "
            f"run 'rodepil folds make', then {remedy}"
        )
    if tested != set(trial.test_subjects):
        raise ReportError(
            f"{path}: fold {trial.fold} says it was tested on {sorted(trial.test_subjects)}, its "
            f"predictions are of {sorted(tested)}; {remedy}"
        )


def _check_clips(result: Result, clips: pa.Table, folds: pa.Table, remedy: str) -> None:
    """Refuse predictions of other clips, labels or folds than those that are there now."""
    dealt = dict(
        zip(folds.column("clip_id").to_pylist(), folds.column("fold").to_pylist(), strict=True)
    )
    labels = dict(
        zip(clips.column("clip_id").to_pylist(), clips.column("label").to_pylist(), strict=True)
    )
    predicted = result.predictions.select(["clip_id", "fold", "label"]).to_pylist()
    strange = [
        row["clip_id"]
        for row in predicted
        if (labels.get(row["clip_id"]), dealt.get(row["clip_id"])) != (row["label"], row["fold"])
    ]
    if strange:
        raise ReportError(
            f"results/predictions.parquet holds {len(strange)} clips (the first is {strange[0]}) "
            f"that data/clips.parquet and data/folds.parquet do not have in that fold or with that "
            f"label; {remedy}"
        )
    if len({row["clip_id"] for row in predicted}) < len(predicted):
        raise ReportError(f"results/predictions.parquet holds a clip twice; {remedy}")


def _is_left_out(path: Path) -> bool:
    """Say whether a control's record says that it was left out."""
    try:
        record = json.loads(path.read_bytes())
    except ValueError:
        return False  # what is wrong with it is said when it is read
    return isinstance(record, dict) and "left_out" in record


def _check_beside(name: str, other: Result, result: Result, remedy: str, *may_differ: str) -> None:
    """Refuse what was run on other clips than the result, fold by fold, or by other settings.

    Parameters
    ----------
    name
        What it is called.
    other, result
        What is compared.
    remedy
        What to do.
    may_differ
        Settings of ``train`` that need not be the same.
    """
    if _recipe(other, may_differ) != _recipe(result, may_differ):
        raise ReportError(
            f"{name} was trained by other settings than the result, so the two can't be compared; "
            f"{remedy}"
        )
    own = dict(groups(result.predictions, "fold"))
    for fold, rows in groups(other.predictions, "fold"):
        wanted = set(own[fold].column("clip_id").to_pylist()) if fold in own else set()
        if set(rows.column("clip_id").to_pylist()) != wanted:
            raise ReportError(
                f"{name} was tested on other clips of fold {fold} than the result; {remedy}"
            )


def _recipe(result: Result, but: tuple[str, ...]) -> dict[str, object]:
    """Return the settings that a result shares with what stands beside it: not the pretraining."""
    return result.record.settings.model_dump(
        exclude={"model": {"pretrained", "weights"}, "train": set(but)}
    )
