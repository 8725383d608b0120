"""What of a grid is done already, without doing anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rodepil.config.workspace import Workspace
from rodepil.errors import TrackingError
from rodepil.track import missing_database, open_services
from rodepil.track.protocol import Tracker
from rodepil.trials.grid.plan import RowPlans
from rodepil.trials.task import AnyTrial


@dataclass(frozen=True)
class TrialState:
    """What a dry run tells of a trial.

    Attributes
    ----------
    name
        The row and the fold.
    row
        The row alone.
    trial_id
        Its identity.
    state
        ``done``, ``done, only in the tracker``, ``at epoch 3 of 8``,
        ``failed before: …`` or ``to do``.
    done
        Whether nothing is to be trained.
    """

    name: str
    row: str
    trial_id: str
    state: str
    done: bool


def states(plan: RowPlans[Any], workspace: Workspace) -> list[TrialState]:
    """Return what is done of each trial that is wanted; a tracker that is away is not asked."""
    tracker = _tracker(plan, workspace)
    found = []
    for row in plan.plans:
        for trial in plan.trials(row):
            state, done = _state(trial, tracker)
            name = f"{row}/fold-{trial.settings.fold}"
            found.append(TrialState(name, row, trial.id, state, done))
    return found


def _tracker(plan: RowPlans[Any], workspace: Workspace) -> Tracker | None:
    """Return where finished runs can be looked for, if there is any and it answers."""
    settings = next(iter(plan.settings.values())).track
    if missing_database(settings, workspace):
        return None
    try:
        return open_services(settings, workspace, make=False)
    except TrackingError:
        return None


def _state(trial: AnyTrial, tracker: Tracker | None) -> tuple[str, bool]:
    if trial.folder.finished():
        return "done", True
    recorded = tracker.find({"trial_id": trial.id}, everywhere=True) if tracker else ()
    if any(run.status == "finished" for run in recorded):
        return "done, only in the tracker", True
    epochs = len(trial.folder.history())
    if epochs:
        return f"at epoch {epochs} of {trial.epochs}", False
    why = trial.folder.error()
    return (f"failed before: {why.splitlines()[0]}" if why else "to do"), False
