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
``results/controls/NAME.json`` and ``results/controls/NAME_predictions.parquet``, another modality
as the same two in ``results/modalities``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from rodepil.config.controls import rank_of
from rodepil.config.workspace import Workspace
from rodepil.data.audit import record as audits
from rodepil.data.audit.items import digest_of
from rodepil.data.audit.record import AuditRecord
from rodepil.errors import ReportError
from rodepil.io import tables
from rodepil.io.records import read_record
from rodepil.report.agreement import check_beside, check_clips, check_trials
from rodepil.report.counts import groups, labels_and_scores
from rodepil.report.records import CrossvalRecord, Result
from rodepil.train.metrics import measure


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
        The controls that were run, by name, in their order.
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
    result = read_result(workspace.results, "crossval", "predictions", remedy)
    check_clips(result, clips, folds, remedy)
    controls = _controls(workspace, result)
    audit = read_audit(workspace.results / "audit.json", clips)
    return ReportInputs(clips, folds, result, controls, audit, _modalities(workspace, result))


def _controls(workspace: Workspace, result: Result) -> dict[str, Result]:
    """Read the controls that were cross-validated beside the result, in their order."""
    folder = workspace.results / "controls"
    found = {}
    for path in sorted(folder.glob("*.json"), key=lambda path: rank_of(path.stem)):
        name = path.stem
        remedy = f"run 'rodepil crossval --control {name}'"
        control = read_result(folder, name, f"{name}_predictions", remedy)
        if control.record.control != name:
            raise ReportError(f"{path} is of control '{control.record.control}'; {remedy}")
        may_differ = ("model.pretrained", "model.weights") if name == "scratch" else ()
        check_beside(f"control '{name}'", control, result, remedy, *may_differ)
        found[name] = control
    return found


def _modalities(workspace: Workspace, result: Result) -> dict[str, Result]:
    """Read the other modalities that were cross-validated beside the result.

    A file of the result's own modality is stale, and not read.
    """
    folder = workspace.results / "modalities"
    found = {}
    for path in sorted(folder.glob("*.json")):
        name = path.stem
        if name == result.record.settings.train.modality:
            continue
        remedy = (
            f"run 'rodepil crossval --modality {name}', or drop the comparison: delete {path} and "
            f"{name}_predictions.parquet beside it, or take {name} out of compare.modalities "
            "before the next 'dvc repro'"
        )
        other = read_result(folder, name, f"{name}_predictions", remedy)
        check_beside(f"modality '{name}'", other, result, remedy, "train.modality", "model.weights")
        if other.record.control != "none":
            raise ReportError(f"{path} is of control '{other.record.control}'; {remedy}")
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
    record = audits.read_record(path)
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


def read_result(folder: Path, stem: str, predictions_stem: str, remedy: str) -> Result:
    """Read a record and its predictions, and measure the folds.

    Parameters
    ----------
    folder
        Where both lie.
    stem, predictions_stem
        Their names without ``.json`` and ``.parquet``.
    remedy
        What to do where they are missing or do not belong together.

    Raises
    ------
    ReportError
        They are missing, can't be read, or do not belong together.
    SubjectLeak
        A trial was tested on a subject that it was trained on.
    """
    path = folder / f"{stem}.json"
    record = read_record(path, CrossvalRecord, "what a cross-validation writes", remedy)
    predictions = _read_table("predictions", folder / f"{predictions_stem}.parquet", remedy)
    measured = {
        int(fold): measure(*labels_and_scores(rows)) for fold, rows in groups(predictions, "fold")
    }
    result = Result(record, predictions, measured)
    check_trials(result, path, remedy)
    return result
