"""Settings of what of a clip is stored, and where."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rodepil.config.base import (
    Positive,
    PositiveReal,
    Settings,
)
from rodepil.config.modality import Pairs


class FeatureSettings(Settings):
    """The stored view of a clip that models train on.

    ``pairs`` stores a neighbour with each of the ``frames``, by which motion is told: ``native``
    the frame ``gap`` frames later in the clip, ``sampled`` the one a sampling step earlier (the
    clip's first for the first of them). Of ``oversample`` frames that are stored for each one
    shown, training may take another than the middle one.
    """

    view: Literal["frames"] = "frames"
    frames: Positive = 16
    size_px: Positive = 32
    pairs: Pairs = "none"
    gap: Positive = 1
    oversample: Positive = 1

    @model_validator(mode="after")
    def _a_middle(self) -> Self:
        if self.oversample % 2 == 0:
            msg = f"oversample {self.oversample} has no middle one; make it odd"
            raise ValueError(msg)
        if self.oversample > 1 and self.pairs == "sampled":
            msg = "oversample wants pairs native or none: sampled pairs are a whole step apart"
            raise ValueError(msg)
        return self


class StoreSettings(Settings):
    """Where stored features lie.

    ``url`` is a folder (relative to the project's) or an address of a file system that fsspec or
    pyarrow knows, for example ``s3://bucket/rodepil``; null stands for ``data/store``. Of what is
    read over a network ``cache_gb`` GB are kept in ``cache``.
    """

    url: str | None = None
    cache: Annotated[str, Field(min_length=1)] = "data/store_cache"
    cache_gb: PositiveReal = 20.0
