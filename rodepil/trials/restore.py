"""A finished trial of which only a tracker still holds the run, put back into its folder.

Another machine that records on the same server, or a project whose results were thrown away, need
not train it again. What comes back is the same to the last digit: a tracker keeps predictions,
model and epochs as they were, and the rest is measured and summed up from them once more.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping, Sequence

import pyarrow.compute as pc

from rodepil.errors import RodepilError, TrialError
from rodepil.localize.card import read_localizer_card
from rodepil.models.card import read_card
from rodepil.track import Tracker
from rodepil.track.layout import table_path
from rodepil.track.protocol import SYSTEM, RunFacts
from rodepil.train.metrics import measure
from rodepil.train.result import EpochReport
from rodepil.trials.folder import Finished, RunRecord, TrialFolder
from rodepil.trials.localize.measures import AP, MEAN_MAP, OF_TEST, from_recorded, map_name
from rodepil.trials.localize.trial import LocalizeTrial
from rodepil.trials.recording import COMPLETE
from rodepil.trials.task import AnyTrial

BESIDE = ".restoring"
"""Holds, in the trial's folder, what is fetched until all of it is there and fits."""


def restore(trial: AnyTrial, tracker: Tracker) -> bool:
    """Fill the folder of a trial from a finished run of it, in whatever experiment that is.

    Parameters
    ----------
    trial
        The trial. One whose folder says that it is finished is left alone.
    tracker
        Who is asked.

    Returns
    -------
    bool
        Whether the trial is finished now and was not before. What does not fit is not taken, and
        the log says why.

    Raises
    ------
    TrackingError
        The tracker can't be asked for runs.
    """
    if trial.folder.finished() is not None:
        return False
    for run in tracker.find({"trial_id": trial.id}, everywhere=True):
        if run.status != "finished":
            continue  # a run is ended as finished when it holds everything
        try:
            with trial.folder.claimed(patience_s=0.0):
                _take(trial, tracker, run)
        except RodepilError as error:
            logging.getLogger("rodepil").warning(
                "trial %s is not taken from run %s (%s): %s", trial.id, run.id, run.name, error
            )
        else:
            return True
    return False


def _take(trial: AnyTrial, tracker: Tracker, run: RunFacts) -> None:
    """Fetch what a run holds, and put it into the trial's folder if all of it fits."""
    history = _epochs(trial, run, tracker.history(run.id))
    beside = TrialFolder(trial.folder.path / BESIDE)
    try:
        file = f"{trial.table}.parquet"
        tracker.fetch(run.id, table_path(trial.table), beside.path / file)
        tracker.fetch(run.id, "model/model.safetensors", beside.model)
        metrics = _checked(trial, beside, run)
        (beside.path / file).replace(trial.folder.path / file)
        beside.model.replace(trial.folder.model)
    finally:
        shutil.rmtree(beside.path, ignore_errors=True)
    trial.folder.write_history(history)
    trial.folder.write_run(RunRecord(run_id=run.id, complete=COMPLETE))
    trial.folder.finish(
        Finished(
            trial_id=trial.id,
            fold=trial.settings.fold,
            metrics=metrics,
            seconds=sum(report.metrics["seconds"] for report in history),
        )
    )


def _epochs(
    trial: AnyTrial, run: RunFacts, told: Sequence[tuple[int, Mapping[str, float]]]
) -> list[EpochReport]:
    """Return the epochs that a run tells of.

    Raises
    ------
    TrialError
        They are not those of a whole training.
    """
    reports = [
        EpochReport(step, numbers)
        for step, values in told
        if (numbers := {key: values[key] for key in values if not key.startswith((SYSTEM, AP))})
    ]
    done, planned = len(reports), trial.epochs
    if [report.epoch for report in reports] != list(range(done)) or not _is_whole(trial, reports):
        raise TrialError("its epochs have gaps; a run holds the same numbers of each, from 0 on")
    if done > planned or (done < planned and "early_stop" not in run.tags):
        raise TrialError(f"it holds {done} epochs, and {planned} were wanted")
    return reports


def _is_whole(trial: AnyTrial, reports: Sequence[EpochReport]) -> bool:
    """Say whether epochs, the last of them tested, have the same numbers, each that was tested."""
    if not reports:
        return False
    every = trial.settings.recipe.score_every if isinstance(trial, LocalizeTrial) else 1
    tested = set(reports[-1].metrics)
    other = {name for name in tested if not name.startswith(OF_TEST)}
    return "seconds" in tested and all(
        set(report.metrics) == (other if (report.epoch + 1) % every else tested)
        for report in reports[:-1]
    )


def _checked(trial: AnyTrial, beside: TrialFolder, run: RunFacts) -> dict[str, float]:
    """Return a trial's metrics, having checked that what was fetched is the trial's.

    Raises
    ------
    TrialError
        They are of another one.
    ModelError
        The model's file is no whole one.
    """
    if isinstance(trial, LocalizeTrial):
        return _checked_localizer(trial, beside, run)
    predictions = beside.predictions()
    wanted: dict[str, set[object]] = {
        "run_id": {trial.id}, "fold": {trial.settings.fold}, "subject_id": {*trial.test_subjects}
    }  # fmt: skip
    for column, values in wanted.items():
        held = set(pc.unique(predictions.column(column)).to_pylist())
        if held != values:
            raise TrialError(f"its predictions are of {column} {_some(held)}, not {_some(values)}")
    card = read_card(beside.model)
    if card is None or card.trial_id != trial.id:
        of = f"of trial {card.trial_id}" if card else "without a card"
        raise TrialError(f"its model is {of}")
    columns = (predictions.column(name).to_numpy() for name in ("label", "score"))
    return measure(*columns).as_dict()


def _checked_localizer(
    trial: LocalizeTrial, beside: TrialFolder, run: RunFacts
) -> dict[str, float]:
    """Return what a run recorded of a localizer; only the run knows what its segments met."""
    found = set(pc.unique(beside.detections().column("subject_id")).to_pylist())
    if strange := found - set(trial.test_subjects):
        raise TrialError(f"its segments are of subjects that are not tested: {_some(strange)}")
    card = read_localizer_card(beside.model)
    if card.trial_id != trial.id:
        raise TrialError(f"its model is of trial {card.trial_id}")
    metrics = from_recorded(run.metrics)
    lacking = {MEAN_MAP, *map(map_name, trial.settings.tious)} - set(metrics)
    if lacking:
        raise TrialError(f"it lacks {_some(set(lacking))}")
    return metrics


def _some(values: set[object]) -> str:
    return ", ".join(sorted(map(str, values))) or "nothing"
