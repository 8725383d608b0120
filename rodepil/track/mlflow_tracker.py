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

from filelock import FileLock

from rodepil.errors import TrackingError
from rodepil.track.mlflow_door import SQLITE, MlflowClient, ViewType, absolute_uri, talking_to
from rodepil.track.mlflow_run import MlflowRun

ARTIFACTS = "mlartifacts"
LOCK = ".creating.lock"
"""Held while a database is made: two processes that migrate one new SQLite file race."""

PARENT = "mlflow.parentRunId"
SOURCE = {"mlflow.source.name": "rodepil", "mlflow.source.type": "LOCAL"}
COMMIT = {"git_commit": "mlflow.source.git.commit"}
"""Tags that MLflow's pages show in a place of their own, under the name that they want."""


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
        return f"MLflow {self.uri}"

    @classmethod
    def open(cls, uri: str, experiment: str, *, folder: Path) -> MlflowTracker:
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

        Raises
        ------
        TrackingError
            The store can't be reached or refuses, or the experiment was deleted.
        """
        uri = absolute_uri(uri, folder)
        served = uri.startswith(("http:", "https:", "databricks"))
        artifacts = None if served else folder / ARTIFACTS
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
    ) -> MlflowRun:
        """Open a run, or the one of the id `resume` again if it is there."""
        client = MlflowClient(self.uri)
        marks = dict(tags or {}) | ({PARENT: parent} if parent else {})
        marks |= {shown: marks[own] for own, shown in COMMIT.items() if own in marks}
        with talking_to(self.uri):
            if resume and self.knows(resume):
                run = MlflowRun.reopen(client, self.uri, resume, self.clock)
            else:
                made = client.create_run(
                    self.experiment_id,
                    start_time=int(self.clock() * 1000),
                    tags=SOURCE,
                    run_name=name,
                )
                run = MlflowRun(client, self.uri, made.info.run_id, self.clock)
        run.tags(marks)
        return run

    def knows(self, run_id: str) -> bool:
        """Return whether the experiment holds the run, and not as a deleted one."""
        with talking_to(self.uri):
            found = MlflowClient(self.uri).search_runs(
                [self.experiment_id],
                filter_string=f"attributes.run_id = '{run_id}'",
                run_view_type=ViewType.ACTIVE_ONLY,
                max_results=1,
            )
        return len(found) == 1


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
