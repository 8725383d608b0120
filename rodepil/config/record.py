"""The settings of what is run beside the result, and of where runs are recorded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rodepil.config.base import Settings
from rodepil.config.controls import ControlName

URI_VARIABLE = "MLFLOW_TRACKING_URI"
"""Names the tracking server where the settings do not."""


class CompareSettings(Settings):
    """What is cross-validated beside the result, for the report to compare.

    ``modalities`` are trained by the same recipe on the same folds; that of the result is none of
    them, also where it is named. ``controls`` are trained so as well, each without something
    (`rodepil.config.controls`); ``scratch`` is left out where nothing is pretrained.
    """

    modalities: tuple[str, ...] = ("flow", "absdiff")
    controls: tuple[ControlName, ...] = ("static", "shuffled", "background", "permuted")


class TrackSettings(Settings):
    """Where runs are recorded; no ``uri`` means MLFLOW_TRACKING_URI or sqlite:///mlflow.db.

    ``services`` are told in this order, and the first gives runs their ids and is read by
    ``rodepil runs``. The journal keeps what a service that is away misses.
    """

    experiment: Annotated[str, Field(min_length=1)] = "rodepil"
    uri: str | None = None
    journal: bool = True
    services: Annotated[tuple[str, ...], Field(min_length=1)] = ("mlflow",)
