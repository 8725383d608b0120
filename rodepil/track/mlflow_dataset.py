"""Datasets as MLflow's inputs of runs.

References
----------
.. [1] https://mlflow.org/docs/latest/ml/dataset/
"""

from __future__ import annotations

import json

from rodepil.track import mlflow_door
from rodepil.track.dataset import Dataset
from rodepil.track.mlflow_door import DatasetInput, InputTag

CONTEXT = "mlflow.data.context"
"""The tag that MLflow's pages show beside a dataset's name."""

LOCAL = "local"
"""The source that MLflow's own client makes of a path."""


def input_of(dataset: Dataset) -> DatasetInput:
    """Return what MLflow keeps of a dataset: of one name and digest in an experiment, the first."""
    words = {CONTEXT: dataset.context, **dataset.tags}
    return DatasetInput(
        mlflow_door.Dataset(
            name=dataset.name,
            digest=dataset.digest,
            source_type=LOCAL,
            source=json.dumps({"uri": dataset.source}),
            profile=json.dumps(dict(dataset.profile)),
        ),
        [InputTag(key, value) for key, value in words.items()],
    )
