"""What came of a cross-validation, and the files that the report reads it from."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from rodepil.config.controls import Control
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.files import write_json
from rodepil.train.metrics import Metrics, average
from rodepil.train.result import EpochReport
from rodepil.train.trial import TrialSettings
from rodepil.trials.task import Told
from rodepil.trials.trial import Trial


@dataclass(frozen=True)
class FoldResult:
    """What came of one fold.

    Attributes
    ----------
    trial
        The trial.
    run_id
        Its run.
    metrics
        Those of Table II.
    seconds
        Time in all epochs.
    history
        The metrics of every epoch.
    """

    trial: Trial
    run_id: str | None
    metrics: Metrics
    seconds: float
    history: tuple[EpochReport, ...]


@dataclass(frozen=True)
class CrossvalResult:
    """What came of a cross-validation.

    Attributes
    ----------
    run_id
        The parent run.
    settings
        What every fold shares; its ``fold`` says nothing.
    predictions
        Table "predictions": every clip of the folds, by fold and clip_id.
    folds
        One a fold, in order.
    as_before
        Whether all folds were finished before, so that none was run.
    """

    run_id: str
    settings: TrialSettings
    predictions: pa.Table
    folds: tuple[FoldResult, ...]
    as_before: bool = field(default=False, compare=False)

    @property
    def control(self) -> Control:
        """What the cross-validation was shown."""
        return self.settings.control

    @property
    def mean(self) -> Metrics:
        """The plain mean over folds."""
        return average([fold.metrics for fold in self.folds])

    def told(self) -> Told:
        """Return what the parent run is told: averages, and all predictions."""
        mean = self.mean.as_dict()
        metrics = {f"test_{name}": value for name, value in mean.items()}
        return Told("predictions", self.predictions, metrics)

    def write(self, folder: Path, name: str) -> Path:
        """Write a record and its predictions; see `write_result`."""
        return write_result(self, folder, name)

    def __str__(self) -> str:
        rows = [(f"fold {fold.trial.settings.fold}", fold.metrics) for fold in self.folds]
        names = list(self.mean.as_dict())
        said = "all folds were finished before: nothing is trained again"
        lines = [said] if self.as_before else []
        lines += ["            " + "".join(f"{name:>13}" for name in names)]
        for title, metrics in [*rows, ("average", self.mean)]:
            values = metrics.as_percent()
            lines.append(f"{title:<12}" + "".join(f"{values[name]:13.2f}" for name in names))
        return "\n".join(lines)


def write_results(result: CrossvalResult, workspace: Workspace, *, beside: bool = False) -> Path:
    """Write what the report reads: a record as JSON and the predictions as Parquet.

    ``results/crossval.json`` and ``results/predictions.parquet``; for a control
    ``results/controls/NAME.json`` and ``results/controls/NAME_predictions.parquet``; for another
    modality the same two in ``results/modalities``.

    Parameters
    ----------
    result
        What came of it.
    workspace
        Where to write.
    beside
        Whether it is another modality, to be shown beside the result.

    Returns
    -------
    Path
        The record.
    """
    folder, control = workspace.results, result.control
    if beside:
        return write_result(result, folder / "modalities", result.settings.train.modality)
    if control != "none":
        return write_result(result, folder / "controls", control)
    return write_result(result, folder, "crossval", "predictions")


def write_result(
    result: CrossvalResult, folder: Path, name: str, predictions: str | None = None
) -> Path:
    """Write a record as ``name.json`` and its predictions, by default ``name_predictions.parquet``.

    Parameters
    ----------
    result
        What came of it.
    folder
        Where to write.
    name, predictions
        The names of the files, without suffix.

    Returns
    -------
    Path
        The record.
    """
    shared = {"features", "model", "train"}
    record = {
        "data": result.settings.data,
        "control": result.control,
        "parent_run_id": result.run_id,
        "settings": result.settings.model_dump(mode="json", include=shared),
        "trials": [_record(fold) for fold in result.folds],
    }
    stem = predictions or f"{name}_predictions"
    tables.write("predictions", result.predictions, folder / f"{stem}.parquet")
    write_json(folder / f"{name}.json", record)
    return folder / f"{name}.json"


def _record(fold: FoldResult) -> dict[str, object]:
    trial = fold.trial
    return {
        "fold": trial.settings.fold,
        "trial_id": trial.id,
        "run_id": fold.run_id,
        "seconds": fold.seconds,
        "train_subjects": trial.train_subjects,
        "test_subjects": trial.test_subjects,
        "metrics": fold.metrics.as_dict(),
        "history": [{"epoch": report.epoch, **report.metrics} for report in fold.history],
    }
