"""What MLflow runs to load a registered model: this file lies in the model's folder.

It holds no weights and nothing is unpickled: the folds' networks lie beside it as safetensors, and
their scores are found as `rodepil predict` finds them.

References
----------
.. [1] https://mlflow.org/docs/latest/ml/model/models-from-code/
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

from rodepil.detect.committee import Committee


class Champion(PythonModel):
    """The networks of a row's folds, each of which trained on other subjects."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the networks.

        Parameters
        ----------
        context
            ``artifacts``: the networks' files by fold. ``model_config``: ``device`` (``auto``,
            ``cpu``, ``cuda`` or ``mps``) and ``batch_size``, clips at a time.
        """
        settings = context.model_config
        files = [Path(context.artifacts[name]) for name in sorted(context.artifacts)]
        self._committee = Committee.load(files, settings["device"])
        self._batch_size = int(settings["batch_size"])

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,
        params: dict[str, Any] | None = None,
    ) -> pd.DataFrame:
        """Score clips.

        Parameters
        ----------
        context, params
            Not used.
        model_input
            Column ``path``: video files of any frame rate, size and codec.

        Returns
        -------
        pandas.DataFrame
            A row a clip: ``path``; ``score``, the mean over the networks of the probability of a
            seizure, in [0, 1]; ``label``, ``seizure`` where it reaches the models' threshold, else
            ``normal``; ``error``, why a clip could not be read: it has no score and no label.
        """
        del context, params
        paths = [Path(path) for path in model_input["path"]]
        scores = self._committee.predict(paths, batch_size=self._batch_size).to_pydict()
        classes = self._committee.card.classes
        labels = [None if code is None else classes[code] for code in scores["predicted"]]
        return pd.DataFrame(
            {
                "path": scores["path"],
                "score": pd.Series(scores["score"], dtype="float64"),
                "label": pd.Series(labels, dtype="object"),
                "error": pd.Series(scores["error"], dtype="object"),
            }
        )


set_model(Champion())
