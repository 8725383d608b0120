"""A trial's folder: what is left of it while it runs and when it is done.

::

    results/trials/<trial id>/
        checkpoint.pt         where to go on from; removed when the trial is finished
        history.json          the metrics of every epoch so far
        system.jsonl          what the machine did meanwhile, a sample a line
        predictions.parquet   every clip of the test fold
        detections.parquet    or, where it localizes, all segments that it finds there
        model.safetensors     the network, with its card
        finished.json         what came of it; written last, so that its presence means all is whole
        error.txt             why the last attempt failed, if it did
        run_key.txt           what a run is begun under, until it stands in runs.json
        runs.json             the runs that record it: one, unless trackers were changed
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from rodepil.config.base import Settings
from rodepil.io import tables
from rodepil.io.files import write_json, write_text
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.result import EpochReport
from rodepil.trials.claim import CLAIM_S, STALL_S, claim


class Finished(Settings):
    """What came of a trial.

    Attributes
    ----------
    trial_id, fold
        The trial.
    metrics
        By name, in [0, 1]: those of Table II, or where it localizes mAP, AP, and frames' scores.
    seconds
        Time in all epochs.
    """

    trial_id: str
    fold: int
    metrics: dict[str, float]
    seconds: float


class RunRecord(Settings):
    """A run that records a trial, or a group of them.

    Attributes
    ----------
    run_id
        The run.
    complete
        Empty while something is still to be recorded; else what the run holds.
    """

    run_id: str
    complete: str = ""


@dataclass(frozen=True)
class TrialFolder:
    """The files of one trial, or of the group of trials that share a parent run.

    Parameters
    ----------
    path
        The folder; made when the first file is written.
    """

    path: Path

    @property
    def checkpoints(self) -> CheckpointFolder:
        """Where the trial goes on from."""
        return CheckpointFolder(self.path)

    @property
    def model(self) -> Path:
        """The trained network."""
        return self.path / "model.safetensors"

    @property
    def _finished(self) -> Path:
        return self.path / "finished.json"

    @property
    def _history(self) -> Path:
        return self.path / "history.json"

    @property
    def _predictions(self) -> Path:
        return self.path / "predictions.parquet"

    @property
    def _detections(self) -> Path:
        return self.path / "detections.parquet"

    @property
    def _error(self) -> Path:
        return self.path / "error.txt"

    @property
    def _runs(self) -> Path:
        return self.path / "runs.json"

    @property
    def _run_key(self) -> Path:
        return self.path / "run_key.txt"

    def finished(self) -> Finished | None:
        """Return what came of the trial, or None while it is not done."""
        if not self._finished.is_file():
            return None
        return Finished.model_validate_json(self._finished.read_bytes())

    def finish(self, finished: Finished) -> None:
        """Say that the trial is done and all its files are whole, and drop its checkpoints."""
        write_json(self._finished, finished.model_dump())
        self.checkpoints.latest.unlink(missing_ok=True)
        self.checkpoints.previous.unlink(missing_ok=True)

    def history(self) -> list[EpochReport]:
        """Return the epochs so far, in order."""
        if not self._history.is_file():
            return []
        return [EpochReport(**epoch) for epoch in json.loads(self._history.read_bytes())]

    def write_history(self, history: list[EpochReport]) -> None:
        """Write the epochs so far."""
        write_json(self._history, [vars(report) for report in history])

    def add_epoch(self, report: EpochReport) -> None:
        """Write one epoch more; epochs from it on, of a sitting before, are replaced."""
        before = [epoch for epoch in self.history() if epoch.epoch < report.epoch]
        self.write_history([*before, report])

    def predictions(self) -> pa.Table:
        """Return the table 'predictions' of the trial's test fold."""
        return tables.read("predictions", self._predictions)

    def write_predictions(self, predictions: pa.Table) -> None:
        """Write the table 'predictions'."""
        tables.write("predictions", predictions, self._predictions)

    def detections(self) -> pa.Table:
        """Return the table 'events' of the segments that were found in the test fold."""
        return tables.read("events", self._detections)

    def write_detections(self, detections: pa.Table) -> None:
        """Write the table 'events' of what was found."""
        tables.write("events", detections, self._detections)

    def error(self) -> str | None:
        """Return why the last attempt failed, if a worker could say so."""
        return self._error.read_text(encoding="utf-8") if self._error.is_file() else None

    def write_error(self, reason: str) -> None:
        """Say why this attempt failed."""
        write_text(self._error, reason)

    def clear_error(self) -> None:
        """Begin an attempt."""
        self._error.unlink(missing_ok=True)

    def runs(self) -> list[RunRecord]:
        """Return the runs that record this."""
        if not self._runs.is_file():
            return []
        return [RunRecord.model_validate(run) for run in json.loads(self._runs.read_bytes())]

    def write_run(self, run: RunRecord) -> None:
        """Keep a run, in the place of what was kept under its id."""
        others = [record for record in self.runs() if record.run_id != run.run_id]
        write_json(self._runs, [record.model_dump() for record in (*others, run)])
        self._run_key.unlink(missing_ok=True)

    def run_key(self) -> str:
        """Return what a run is begun under until it is kept, so that a kill leaves no second."""
        if not self._run_key.is_file():
            write_text(self._run_key, uuid.uuid4().hex)
        return self._run_key.read_text(encoding="utf-8")

    @contextmanager
    def claimed(self, patience_s: float = CLAIM_S, stall_s: float = STALL_S) -> Iterator[None]:
        """Hold the trial, so that no two processes train it at once; see `claim`."""
        with claim(self.path, patience_s, stall_s):
            yield
