"""The settings of what is run beside the result, and of where runs are recorded."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from rodepil.config.base import Settings


class CompareSettings(Settings):
    """What is cross-validated beside the result, for the report to compare.

    ``modalities`` are trained by the same recipe on the same folds; that of the result is none of
    them, also where it is named.
    """

    modalities: tuple[str, ...] = ("flow", "absdiff")


class TrackSettings(Settings):
    """Where runs are recorded; no ``uri`` means MLFLOW_TRACKING_URI or sqlite:///mlflow.db."""

    experiment: Annotated[str, Field(min_length=1)] = "rodepil"
    uri: str | None = None
    journal: bool = True
