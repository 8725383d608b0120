"""One run in MLflow."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from rodepil.track.dataset import Dataset
from rodepil.track.events import text_of
from rodepil.track.layout import FIGURES, PICTURE_DPI, TABLES
from rodepil.track.mlflow_dataset import input_of
from rodepil.track.mlflow_door import Metric, MlflowClient, Param, RunTag, talking_to
from rodepil.track.protocol import Picture, RunStatus, flatten

# What MLflow takes in one request, and in one value (mlflow.utils.validation).
MAX_METRICS = 1000
MAX_PARAMS = 100
MAX_TAGS = 100
MAX_PARAM_CHARS = 6000
MAX_TAG_CHARS = 8000

NOTE = "mlflow.note.content"
"""The tag that MLflow's pages show as the description, in Markdown."""

COMMIT = {"git_commit": "mlflow.source.git.commit"}
"""Tags that MLflow's pages show in a place of their own, under the name that they want."""

STATUS: dict[RunStatus, str] = {"finished": "FINISHED", "failed": "FAILED", "killed": "KILLED"}

Item = TypeVar("Item")


@dataclass
class MlflowRun:
    """A run in an MLflow store; made by `MlflowTracker.start`.

    Parameters
    ----------
    client
        Talks to the store.
    uri
        The store, for errors.
    id
        The run's id.
    clock
        Gives seconds since 1970.
    """

    client: MlflowClient
    uri: str
    id: str
    clock: Callable[[], float]
    _steps: set[tuple[str, int]] = field(default_factory=set)
    _settings: set[str] = field(default_factory=set)

    @classmethod
    def reopen(
        cls, client: MlflowClient, uri: str, run_id: str, clock: Callable[[], float]
    ) -> MlflowRun:
        """Open a run again, and learn what it holds."""
        data = client.get_run(run_id).data
        client.update_run(run_id, status="RUNNING")
        steps = {
            (key, metric.step)
            for key in data.metrics
            for metric in client.get_metric_history(run_id, key)
        }
        return cls(client, uri, run_id, clock, steps, set(data.params))

    def settings(self, values: Mapping[str, object]) -> None:
        """Record settings as parameters; MLflow lets none be changed."""
        new = {key: value for key, value in flatten(values).items() if key not in self._settings}
        params = [Param(key, cut(text_of(value), MAX_PARAM_CHARS)) for key, value in new.items()]
        with talking_to(self.uri):
            for some in _batches(params, MAX_PARAMS):
                self.client.log_batch(self.id, params=some)
        self._settings |= set(new)

    def metrics(
        self, values: Mapping[str, float], step: int = 0, *, at_s: float | None = None
    ) -> None:
        """Record numbers at a step, in one request."""
        now_ms = int((self.clock() if at_s is None else at_s) * 1000)
        new = [
            Metric(key, float(value), now_ms, step)
            for key, value in values.items()
            if (key, step) not in self._steps
        ]
        with talking_to(self.uri):
            for some in _batches(new, MAX_METRICS):
                self.client.log_batch(self.id, metrics=some)
        self._steps |= {(metric.key, step) for metric in new}

    def tags(self, values: Mapping[str, str]) -> None:
        """Record tags."""
        shown = {COMMIT[key]: value for key, value in values.items() if key in COMMIT}
        every = {**values, **shown}
        tags = [RunTag(key, cut(value, MAX_TAG_CHARS)) for key, value in every.items()]
        with talking_to(self.uri):
            for some in _batches(tags, MAX_TAGS):
                self.client.log_batch(self.id, tags=some)

    def describe(self, markdown: str) -> None:
        """Record the description."""
        self.tags({NOTE: markdown})

    def dataset(self, dataset: Dataset) -> None:
        """Record a dataset as an input; MLflow takes one of a name and digest once."""
        with talking_to(self.uri):
            self.client.log_inputs(self.id, datasets=[input_of(dataset)])

    def table(self, name: str, table: pa.Table) -> None:
        """Record a table as Parquet, and as CSV for MLflow's pages to show."""
        with TemporaryDirectory() as folder:
            parquet, csv = Path(folder, f"{name}.parquet"), Path(folder, f"{name}.csv")
            pq.write_table(table, parquet, compression="zstd")
            pa_csv.write_csv(table, csv)
            self.file(parquet, TABLES)
            self.file(csv, TABLES)

    def figure(self, name: str, figure: Picture) -> None:
        """Record a picture as PNG."""
        with TemporaryDirectory() as folder:
            path = Path(folder, f"{name}.png")
            figure.savefig(path, dpi=PICTURE_DPI)
            self.file(path, FIGURES)

    def file(self, path: Path, folder: str = "") -> None:
        """Record a copy of a file."""
        with talking_to(self.uri):
            self.client.log_artifact(self.id, str(path), folder or None)

    def end(self, status: RunStatus = "finished") -> None:
        """Close the run."""
        with talking_to(self.uri):
            self.client.set_terminated(self.id, STATUS[status], int(self.clock() * 1000))


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Yield at most `size` items at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def cut(text: str, limit: int) -> str:
    """Return `text`, or as much of it as MLflow takes with a mark that more was there."""
    mark = f"… ({len(text)} characters)"
    return text if len(text) <= limit else text[: limit - len(mark)] + mark
