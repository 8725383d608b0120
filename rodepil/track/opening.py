"""Open the tracker that the settings ask for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from rodepil.config.record import URI_VARIABLE, TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.track.journal import Journal
from rodepil.track.protocol import Tracker
from rodepil.track.relay import Relay
from rodepil.track.services import opener_of
from rodepil.track.tee import tee


def open_tracker(
    settings: TrackSettings, workspace: Workspace, *, environ: Mapping[str, str] = os.environ
) -> Tracker:
    """Return the services that the settings name, behind the journal when they want it.

    Databases and experiments are made here when they are missing; call it in one process before
    others go on in its runs.

    Parameters
    ----------
    settings
        The section ``track``. Without a ``uri`` the variable MLFLOW_TRACKING_URI is taken,
        without that the project's own SQLite database.
    workspace
        The project; a relative SQLite path is taken from its root.
    environ
        The environment's variables.

    Raises
    ------
    TrackingError
        A service refuses, or can't be reached and there is no journal to keep what it misses; or
        the journal can't be written.
    """
    if not settings.journal:
        return open_services(settings, workspace, environ=environ)
    journal = open_journal(settings, workspace)
    journal.prepare()
    openers = [
        partial(open_service, name, settings, workspace, dict(environ))
        for name in settings.services
    ]
    return Relay(journal, openers)


def open_services(
    settings: TrackSettings,
    workspace: Workspace,
    *,
    environ: Mapping[str, str] = os.environ,
    make: bool = True,
) -> Tracker:
    """Return the services that the settings name, without the journal.

    Parameters
    ----------
    settings, workspace, environ
        As for `open_tracker`.
    make
        Whether databases and experiments are made when they are missing; without them the
        services can be read only. Runs of other experiments are found where the project's own is
        not there yet.

    Raises
    ------
    TrackingError
        One can't be reached or refuses, or its database is missing and not to be made.
    """
    return tee(
        [open_service(name, settings, workspace, environ, make=make) for name in settings.services]
    )


def open_service(
    name: str,
    settings: TrackSettings,
    workspace: Workspace,
    environ: Mapping[str, str],
    *,
    make: bool = True,
) -> Tracker:
    """Return one service; what is missing is made where that is wanted."""
    return opener_of(name)(settings, workspace, environ, make=make)


def open_journal(settings: TrackSettings, workspace: Workspace) -> Journal:
    """Return the project's journal, for runs of the experiment."""
    return Journal(workspace.results / "journal", experiment=settings.experiment)


def missing_database(
    settings: TrackSettings, workspace: Workspace, *, environ: Mapping[str, str] = os.environ
) -> Path | None:
    """Return the project's own database where `open_tracker` would make it, for it is not there."""
    ours = not (settings.uri or environ.get(URI_VARIABLE))
    path = workspace.mlflow_database
    return path if ours and not path.is_file() else None
