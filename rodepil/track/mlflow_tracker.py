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
from rodepil.track import mlflow_read
from rodepil.track.mlflow_database import check_database
from rodepil.track.mlflow_door import (
    SERVED,
    SQLITE,
    MlflowClient,
    MlflowException,
    absolute_uri,
    shown_uri,
    talking_to,
)
from rodepil.track.mlflow_models import register
from rodepil.track.mlflow_moved import bring_along
from rodepil.track.mlflow_read import KEY, PARENT
from rodepil.track.mlflow_run import NOTE, MlflowRun, cut
from rodepil.track.protocol import Clock, RunFacts, is_below
from rodepil.track.registration import Registration
from rodepil.track.services import service

ARTIFACTS = "mlartifacts"
LOCK = ".creating.lock"
"""Held while a database is made: two processes that migrate one new SQLite file race."""

INVALID = "INVALID_PARAMETER_VALUE"
SOURCE = {"mlflow.source.name": "rodepil", "mlflow.source.type": "LOCAL"}

# What MLflow takes as a tag of an experiment (mlflow.utils.validation), and servers of before.
MAX_EXPERIMENT_TAG_CHARS = 20_000
MAX_EXPERIMENT_TAG_CHARS_BEFORE = 5_000


@dataclass(frozen=True)
class MlflowTracker:
    """One experiment of one MLflow store.

    Parameters
    ----------
    uri
        Where the store is: ``sqlite:////absolute/path``, ``http://host:port``, ...
    experiment_id
        The experiment's id in it; empty where it is not there and nothing is to be made.
    clock
        Gives seconds since 1970.
    experiment
        The experiment's name.
    """

    uri: str
    experiment_id: str
    clock: Callable[[], float] = time.time
    experiment: str = ""

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
            Whether what is missing is made; else a missing database is an error, and a missing
            experiment one when its runs are asked for.

        Raises
        ------
        ServiceAway
            The store can't be reached now.
        TrackingError
            The store refuses, is of another version, read-only or missing, or the experiment
            was deleted.
        """
        uri = absolute_uri(uri, folder)
        check_database(uri, writing=make)
        if not make:
            return cls(uri, _there(uri, experiment), experiment=experiment)
        artifacts = None if uri.startswith(SERVED) else folder / ARTIFACTS
        with talking_to(uri):
            if artifacts is None:
                made = _experiment(MlflowClient(uri), experiment, None, uri)
                return cls(uri, made, experiment=experiment)
            artifacts.mkdir(parents=True, exist_ok=True)
            if uri.startswith(SQLITE):
                Path(uri.removeprefix(SQLITE)).parent.mkdir(parents=True, exist_ok=True)
            with FileLock(artifacts / LOCK):
                bring_along(uri, artifacts)
                made = _experiment(MlflowClient(uri), experiment, artifacts.as_uri(), uri)
                return cls(uri, made, experiment=experiment)

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

    def runs(self, *, below: bool = False) -> list[RunFacts]:
        """Return what runs the experiment holds, without deleted ones, the last begun first."""
        there = self._below() if below or not self.experiment_id else self._own()
        if not there:
            known = sorted(mlflow_read.experiments(self.uri).values())
            raise TrackingError(
                f"{self} has no experiment '{self.experiment}'; set track.experiment or "
                f"--experiment to one of {known}"
            )
        return mlflow_read.find(self.uri, there if below else self._own(), {})

    def find(self, tags: Mapping[str, str], *, everywhere: bool = False) -> list[RunFacts]:
        """Return the runs that have all these tags, without deleted ones."""
        names = mlflow_read.experiments(self.uri) if everywhere else self._own()
        return mlflow_read.find(self.uri, names, tags)

    def history(self, run_id: str) -> list[tuple[int, dict[str, float]]]:
        """Return each step of a run and its numbers."""
        return mlflow_read.history(self.uri, run_id)

    def fetch(self, run_id: str, path: str, to: Path) -> None:
        """Copy an artifact."""
        mlflow_read.fetch(self.uri, run_id, path, to)

    def describe(self, markdown: str) -> None:
        """Record the experiment's description."""
        with talking_to(self.uri):
            client = MlflowClient(self.uri)
            text = cut(markdown, MAX_EXPERIMENT_TAG_CHARS)
            try:
                client.set_experiment_tag(self.experiment_id, NOTE, text)
            except MlflowException as error:
                if error.error_code != INVALID or len(text) <= MAX_EXPERIMENT_TAG_CHARS_BEFORE:
                    raise
                text = cut(markdown, MAX_EXPERIMENT_TAG_CHARS_BEFORE)
                client.set_experiment_tag(self.experiment_id, NOTE, text)

    def register(self, run_id: str, model: Registration) -> None:
        """Register a model from a run, in MLflow's registry."""
        register(self.uri, run_id, model)

    def _own(self) -> dict[str, str]:
        """Return the experiment's name by its id; nothing where it is not there."""
        return {self.experiment_id: self.experiment} if self.experiment_id else {}

    def _below(self) -> dict[str, str]:
        """Return the names of the experiment and of those below it, by their ids."""
        there = mlflow_read.experiments(self.uri).items()
        return {id_: name for id_, name in there if is_below(name, self.experiment)}

    def _begun_under(self, key: str | None) -> str | None:
        """Return the id of the run that was begun under a key."""
        found = self._search(f"tags.`{KEY}` = '{key}'") if key else []
        return found[0].info.run_id if found else None

    def _search(self, wanted: str) -> list[Any]:
        return mlflow_read.search(self.uri, self._own(), wanted)


@service("mlflow")
def open_mlflow(
    settings: TrackSettings, workspace: Workspace, environ: Mapping[str, str], *, make: bool
) -> MlflowTracker:
    """Return MLflow where the settings, the variable MLFLOW_TRACKING_URI or the project say."""
    uri = settings.uri or environ.get(URI_VARIABLE) or f"sqlite:///{workspace.mlflow_database}"
    return MlflowTracker.open(uri, settings.experiment, folder=workspace.root, make=make)


def _there(uri: str, name: str) -> str:
    """Return the id of an experiment, "" where it is not there; none is made."""
    path = Path(uri.removeprefix(SQLITE))
    if uri.startswith(SQLITE) and not path.is_file():
        raise TrackingError(f"{path} is not there; 'rodepil crossval' makes it with its first run")
    with talking_to(uri):
        found = MlflowClient(uri).get_experiment_by_name(name)
    there: str = found.experiment_id if found else ""
    return there


def _experiment(client: MlflowClient, name: str, artifacts: str | None, uri: str) -> str:
    """Return the id of the experiment `name`, made when it is missing."""
    found = client.get_experiment_by_name(name)
    if found is None:
        made: str = client.create_experiment(name, artifact_location=artifacts)
        return made
    if found.lifecycle_stage != "active":
        raise TrackingError(
            f"experiment '{name}' was deleted in MLflow at {shown_uri(uri)}; set "
            "track.experiment to another name, or bring it back: "
            f"mlflow experiments restore -x {found.experiment_id}"
        )
    there: str = found.experiment_id
    return there
