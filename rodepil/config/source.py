"""Settings of where recordings come from."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rodepil.config.base import (
    NonNegative,
    NonNegativeReal,
    Positive,
    Settings,
)


class SimulateSettings(Settings):
    """Simulated recordings: how many animals, how long, how often they seize."""

    seed: NonNegative = 7
    subjects: Annotated[int, Field(ge=2)] = 14
    recordings: Positive = 8
    cages_min: Annotated[int, Field(ge=1, le=6)] = 3
    cages_max: Annotated[int, Field(ge=1, le=6)] = 6
    duration_s: Annotated[float, Field(ge=30)] = 180.0
    seizures_per_cage_hour: NonNegativeReal = 20.0
    fps: Positive = 30

    @model_validator(mode="after")
    def _cages_in_order(self) -> Self:
        if self.cages_min > self.cages_max:
            msg = f"cages_min {self.cages_min} is above cages_max {self.cages_max}; lower cages_min"
            raise ValueError(msg)
        return self


class DataSettings(Settings):
    """Where recordings come from.

    ``simulated`` makes them; ``tables`` takes the recordings, cages and annotations tables that
    the import commands write into ``folder`` (paths of videos are relative to it).
    """

    source: Literal["simulated", "tables"] = "simulated"
    folder: Annotated[str, Field(min_length=1)] = "data/imported"
    simulate: SimulateSettings = SimulateSettings()
