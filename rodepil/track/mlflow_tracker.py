"""Runs in MLflow.

Everything goes through `mlflow.MlflowClient` with an explicit address; MLflow's global state
(the active run, the tracking URI) is left alone.

References
----------
.. [1] https://mlflow.org/docs/latest/ml/tracking/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from rodepil.config.record import URI_VARIABLE, TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrackingError
from rodepil.track.mlflow_door import (
    SERVED,
    SQLITE,
    MlflowClient,
    ViewType,
    absolute_uri,
    shown_uri,
    talking_to,
)
from rodepil.track.mlflow_run import STATUS as OURS
from rodepil.track.mlflow_run import MlflowRun
from rodepil.track.protocol import Clock, RunFacts, State
from rodepil.track.services import service

ARTIFACTS = "mlartifacts"
LOCK = ".creating.lock"
"""Held while a database is made: two processes that migrate one new SQLite file race."""

PARENT = "mlflow.parentRunId"
SOURCE = {"mlflow.source.name": "rodepil", "mlflow.source.type": "LOCAL"}
KEY = "rodepil.run"
"""The tag that holds what a run was begun under; it is written with the run, in one request."""

STATUS: dict[str, State] = {there: ours for ours, there in OURS.items()}
PAGE = 1000
"""Runs asked for at a time."""


@dataclass(frozen=True)
class MlflowTracker:
    """One experiment of one MLflow store.

    Parameters
    ----------
    uri
        Where the store is: ``sqlite:////absolute/path``, ``http://host:port``, ...
    experiment_id
        The experiment's id in it.
    clock
        Gives seconds since 1970.
    """

    uri: str
    experiment_id: str
    clock: Callable[[], float] = time.time

    def __str__(self) -> str:
        return f"MLflow {shown_uri(self.uri)}"

    @classmethod
    def open(cls, uri: str, experiment: str, *, folder: Path, make: bool = True) -> MlflowTracker:
        """Reach the store, and make its database and the experiment when they are missing.

        Parameters
        ----------
        uri
            The store; a relative SQLite path is taken from `folder`.
        experiment
            The experiment's name.
        folder
            Holds ``mlartifacts``, where runs of a database without a server keep their files.
            A server keeps them where it was told to.
        make
            Whether what is missing is made; else it is an error.

        Raises
        ------
        ServiceAway
            The store can't be reached now.
        TrackingError
            The store refuses, or the experiment was deleted or is missing.
        """
        uri = absolute_uri(uri, folder)
        if not make:
            return cls(uri, _there(uri, experiment))
        artifacts = None if uri.startswith(SERVED) else folder / ARTIFACTS
        with talking_to(uri):
            if artifacts is None:
                return cls(uri, _experiment(MlflowClient(uri), experiment, None, uri))
            artifacts.mkdir(parents=True, exist_ok=True)
            if uri.startswith(SQLITE):
                Path(uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
            with FileLock(artifacts / LOCK):
                client = MlflowClient(uri)
                return cls(uri, _experiment(client, experiment, artifacts.as_uri(), uri))

    def start(
        self,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
        key: str | None = None,
        clock: Clock | None = None,
    ) -> MlflowRun:
        """Open a run, or that of the id `resume` or of the key again if it is there."""
        client, clock = MlflowClient(self.uri), clock or self.clock
        with talking_to(self.uri):
            there = resume if resume and self.knows(resume) else self._begun_under(key)
            if there:
                run = MlflowRun.reopen(client, self.uri, there, clock)
            else:
                made = client.create_run(
                    self.experiment_id,
                    start_time=int(clock() * 1000),
                    tags=SOURCE | ({KEY: key} if key else {}),
                    run_name=name,
                )
                run = MlflowRun(client, self.uri, made.info.run_id, clock)
        run.tags(dict(tags or {}) | ({PARENT: parent} if parent else {}))
        return run

    def knows(self, run_id: str) -> bool:
        """Return whether the experiment holds the run, and not as a deleted one."""
        return len(self._search(f"attributes.run_id = '{run_id}'")) == 1

    def runs(self) -> list[RunFacts]:
        """Return what runs the experiment holds, without deleted ones, the last begun first."""
        return [_facts(run) for run in self._search("")]

    def _begun_under(self, key: str | None) -> str | None:
        """Return the id of the run that was begun under a key."""
        found = self._search(f"tags.`{KEY}` = '{key}'") if key else []
        return found[0].info.run_id if found else None

    def _search(self, wanted: str) -> list[Any]:
        """Return the runs that fit, in as many requests as it takes."""
        found: list[Any] = []
        page: str | None = None
        with talking_to(self.uri):
            client = MlflowClient(self.uri)
            while True:
                some = client.search_runs(
                    [self.experiment_id],
                    filter_string=wanted,
                    run_view_type=ViewType.ACTIVE_ONLY,
                    max_results=PAGE,
                    page_token=page,
                )
                found += some
                page = some.token
                if not page:
                    return found


@service("mlflow")
def open_mlflow(
    settings: TrackSettings, workspace: Workspace, environ: Mapping[str, str], *, make: bool
) -> MlflowTracker:
    """Return MLflow where the settings, the variable MLFLOW_TRACKING_URI or the project say."""
    uri = settings.uri or environ.get(URI_VARIABLE) or f"sqlite:///{workspace.mlflow_database}"
    return MlflowTracker.open(uri, settings.experiment, folder=workspace.root, make=make)


def _facts(run: Any) -> RunFacts:
    """Return what MLflow says of a run in our words."""
    ended = run.info.end_time if run.info.status in STATUS else None
    return RunFacts(
        id=run.info.run_id,
        name=run.info.run_name,
        status=STATUS.get(run.info.status, "running"),
        start_s=run.info.start_time / 1000,
        end_s=ended / 1000 if ended else None,
        parent=run.data.tags.get(PARENT),
        key=run.data.tags.get(KEY),
        tags=dict(run.data.tags),
        settings=dict(run.data.params),
        metrics=dict(run.data.metrics),
    )


def _there(uri: str, name: str) -> str:
    """Return the id of an experiment that is there; nothing is made."""
    path = Path(uri.removeprefix(SQLITE))
    if uri.startswith(SQLITE) and not path.is_file():
        raise TrackingError(f"{path} is not there; 'rodepil crossval' makes it with its first run")
    with talking_to(uri):
        client = MlflowClient(uri)
        found = client.get_experiment_by_name(name)
        if found is not None:
            there: str = found.experiment_id
            return there
        known = sorted(experiment.name for experiment in client.search_experiments())
    raise TrackingError(
        f"MLflow at {shown_uri(uri)} has no experiment '{name}'; set track.experiment or "
        f"--experiment to one of {known}"
    )


def _experiment(client: MlflowClient, name: str, artifacts: str | None, uri: str) -> str:
    """Return the id of the experiment `name`, made when it is missing."""
    found = client.get_experiment_by_name(name)
    if found is None:
        made: str = client.create_experiment(name, artifact_location=artifacts)
        return made
    if found.lifecycle_stage != "active":
        raise TrackingError(
            f"experiment '{name}' was deleted in MLflow at {uri}; set track.experiment to another "
            f"name, or bring it back: mlflow experiments restore -x {found.experiment_id}"
        )
    there: str = found.experiment_id
    return there
