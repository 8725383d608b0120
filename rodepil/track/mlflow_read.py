"""What an MLflow store is asked: its runs, their numbers and their files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from rodepil.errors import TrackingError
from rodepil.io.files import publish
from rodepil.track.mlflow_door import MlflowClient, ViewType, shown_uri, talking_to
from rodepil.track.mlflow_run import MAX_TAG_CHARS, STATUS, cut
from rodepil.track.protocol import RunFacts, State

PARENT = "mlflow.parentRunId"
KEY = "rodepil.run"
"""The tag that holds what a run was begun under; it is written with the run, in one request."""

OWN = ("mlflow.", KEY)
"""What tags begin with that are for MLflow and this module, and say nothing of a run."""

STATE: dict[str, State] = {there: ours for ours, there in STATUS.items()}
PAGE = 1000
"""Runs or experiments asked for at a time."""

PLAIN = re.compile(r"[^'\"`\\\n\r%]+")
"""What can be quoted in a filter whatever MLflow's parser makes of the rest."""


def search(uri: str, experiments: Iterable[str], wanted: str) -> list[Any]:
    """Return the runs of some experiments that fit a filter, the last begun first."""
    of = list(experiments)
    found: list[Any] = []
    page: str | None = None
    with talking_to(uri):
        client = MlflowClient(uri)
        while of:
            some = client.search_runs(
                of,
                filter_string=wanted,
                run_view_type=ViewType.ACTIVE_ONLY,
                max_results=PAGE,
                page_token=page,
            )
            found += some
            page = some.token
            if not page:
                break
    return found


def experiments(uri: str) -> dict[str, str]:
    """Return the name of each experiment that was not deleted, by its id."""
    found: dict[str, str] = {}
    page: str | None = None
    with talking_to(uri):
        client = MlflowClient(uri)
        while True:
            some = client.search_experiments(max_results=PAGE, page_token=page)
            found |= {one.experiment_id: one.name for one in some}
            page = some.token
            if not page:
                return found


def find(uri: str, names: Mapping[str, str], tags: Mapping[str, str]) -> list[RunFacts]:
    """Return the runs that have all these tags, the last begun first.

    A tag that MLflow's filter can't hold for its quotes is compared here alone.

    Parameters
    ----------
    uri
        The store.
    names
        Where to look: names of experiments by their ids.
    tags
        Words by name.
    """
    held = {key: cut(value, MAX_TAG_CHARS) for key, value in tags.items()}
    plain = [
        f"tags.`{key}` = '{value}'"
        for key, value in held.items()
        if PLAIN.fullmatch(key) and PLAIN.fullmatch(value)
    ]
    told = (facts(run, names) for run in search(uri, names, " AND ".join(plain)))
    return [run for run in told if all(run.tags.get(key) == held[key] for key in held)]


def facts(run: Any, names: Mapping[str, str]) -> RunFacts:
    """Return what MLflow says of a run in our words."""
    ended = run.info.end_time if run.info.status in STATE else None
    return RunFacts(
        id=run.info.run_id,
        name=run.info.run_name,
        status=STATE.get(run.info.status, "running"),
        start_s=run.info.start_time / 1000,
        end_s=ended / 1000 if ended else None,
        parent=run.data.tags.get(PARENT),
        key=run.data.tags.get(KEY),
        experiment=names.get(run.info.experiment_id, ""),
        tags={name: word for name, word in run.data.tags.items() if not name.startswith(OWN)},
        settings=dict(run.data.params),
        metrics=dict(run.data.metrics),
    )


def history(uri: str, run_id: str) -> list[tuple[int, dict[str, float]]]:
    """Return each step of a run and its numbers by name, in the order of steps."""
    steps: dict[int, dict[str, float]] = {}
    with talking_to(uri):
        client = MlflowClient(uri)
        for key in sorted(client.get_run(run_id).data.metrics):
            for metric in client.get_metric_history(run_id, key):
                steps.setdefault(metric.step, {})[key] = metric.value
    return sorted(steps.items())


def fetch(uri: str, run_id: str, path: str, to: Path) -> None:
    """Copy a file of a run, whole or not at all."""
    with talking_to(uri):
        client = MlflowClient(uri)
        folder = PurePosixPath(path).parent.as_posix()
        held = client.list_artifacts(run_id, None if folder == "." else folder)
        if not any(file.path == path and not file.is_dir for file in held):
            raise TrackingError(f"run {run_id} in MLflow {shown_uri(uri)} holds no file '{path}'")
        with publish(to) as beside, TemporaryDirectory(dir=to.parent, prefix=".") as way:
            Path(client.download_artifacts(run_id, path, way)).replace(beside)
