"""Read what was recorded: from the first service, or from the journal where that can't be asked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrackingError
from rodepil.io.wording import by_number
from rodepil.track.opening import open_journal, open_service
from rodepil.track.protocol import RunFacts
from rodepil.track.sync import undelivered


@dataclass(frozen=True)
class Reading:
    """What runs there are.

    Attributes
    ----------
    runs
        The last begun first.
    source
        Who told of them.
    note
        Why it is not the service that was asked first, or what that was not told yet; or nothing.
    """

    runs: tuple[RunFacts, ...]
    source: str
    note: str = ""


def read_runs(
    settings: TrackSettings,
    workspace: Workspace,
    *,
    below: bool = False,
    environ: Mapping[str, str] = os.environ,
) -> Reading:
    """Return the runs of the experiment; nothing is made where there are none.

    Parameters
    ----------
    settings, workspace, environ
        As for `open_tracker`.
    below
        Whether runs of experiments below it, as those of grids are, belong to them.

    Raises
    ------
    TrackingError
        The service can't be asked, and the journal holds no run of the experiment.
    """
    journal = open_journal(settings, workspace)
    try:
        tracker = open_service(settings.services[0], settings, workspace, environ, make=False)
        runs = tuple(tracker.runs(below=below))
    except TrackingError as error:
        kept = tuple(journal.runs(below=below))
        if not kept:
            raise
        return Reading(kept, str(journal), f"from the journal, for {error}")
    owed = len(undelivered(journal, str(tracker), below=below))
    holds = by_number(owed, "run of the journal holds", "runs of the journal hold")
    note = f"{holds} what {tracker} was not told: rodepil runs sync" if owed else ""
    return Reading(runs, str(tracker), note)


def address_of(run: RunFacts, path: str) -> str:
    """Return what a service that holds a run calls a file of it."""
    return f"runs:/{run.id}/{path}"


def find_run(named: str, runs: tuple[RunFacts, ...]) -> RunFacts:
    """Return the run of that name, id, key, trial or group, or else whose id or key begins so.

    Raises
    ------
    TrackingError
        There is none, or more than one.
    """
    exact = [run for run in runs if named in {run.name, *_names(run)}]
    found = exact or [
        run for run in runs if named and any(name.startswith(named) for name in _names(run))
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise TrackingError(f"no run is called '{named}'; see: rodepil runs list")
    some = ", ".join(f"{run.id[:12]} ({run.name})" for run in found[:5])
    raise TrackingError(f"'{named}' stands for several runs: {some}; give more of the id")


def _names(run: RunFacts) -> list[str]:
    tags = (run.tags.get(name) for name in ("trial_id", "group_id"))
    return [name for name in (run.id, run.key, *tags) if name]
