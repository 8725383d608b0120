"""Settings of the network that classifies clips."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rodepil.config.base import (
    Positive,
    PositiveReal,
    Settings,
)


class ModelSettings(Settings):
    """TimeSformer with divided space-time attention (Bertasius et al., 2021).

    ``temporal_init`` is how time starts without a checkpoint: ``zero`` as in the published
    network, which then sees each frame alone; ``mimetic`` as a difference to the mean over time.
    ``pretrained`` is what the weights learned before; ``weights`` is their file or folder, or a
    name that ``rodepil weights list`` prints, and null the usual one. Where frames or size differ
    from the file's, ``embed_resize`` says how place and time are resized: ``official`` takes the
    nearest, as the published loader does, ``bicubic`` interpolates.
    """

    name: Literal["timesformer"] = "timesformer"
    width: Positive = 96
    depth: Positive = 2
    heads: Positive = 4
    patch_px: Positive = 16
    mlp_ratio: PositiveReal = 4.0
    drop_path: Annotated[float, Field(ge=0, lt=1)] = 0.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    temporal_init: Literal["zero", "mimetic"] = "mimetic"
    pretrained: Literal["none", "imagenet", "kinetics", "stand_in"] = "stand_in"
    weights: Annotated[str, Field(min_length=1)] | None = None
    embed_resize: Literal["official", "bicubic"] = "bicubic"

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.width % self.heads:
            msg = f"width {self.width} is no multiple of heads {self.heads}"
            raise ValueError(msg)
        if self.weights is not None and self.pretrained == "none":
            msg = f"weights '{self.weights}' are named, but pretrained is 'none'; say what they are"
            raise ValueError(msg)
        return self
