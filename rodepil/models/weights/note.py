"""Weights under the names of `TimeSformer`, and the note on them that travels in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SerializerFunctionWrapHandler, ValidationError, model_serializer
from torch import Tensor

from rodepil.config.base import Positive, PositiveReal, Settings
from rodepil.errors import ModelError
from rodepil.models.weights.sizes import Sizes
from rodepil.vision.normalize import MEAN, STD

NOTE_KEY = "rodepil.weights"
"""Where the note stands: safetensors metadata, a PyTorch file's dictionary, or config.json."""

PUBLISHED = "that of the published TimeSformer weights"


class WeightsNote(Settings):
    """What tensors alone don't tell; it stands as JSON in the files that rodepil writes.

    Attributes
    ----------
    heads
        Attention heads; None when unknown.
    mean, std
        Normalisation of pixels in [0, 1] by channel.
    normalisation
        In words, where mean and std come from.
    origin
        In words, what the weights are and where they were before.
    has_time
        Whether they were trained on clips; else time starts at zero, as in a ViT.
    learned_from
        The project's subjects whose clips they were trained on: none where they learned
        elsewhere, None where that is not known.
    """

    heads: Positive | None = None
    mean: tuple[float, float, float] = MEAN
    std: tuple[PositiveReal, PositiveReal, PositiveReal] = STD
    normalisation: Annotated[str, Field(min_length=1)] = PUBLISHED
    origin: str = ""
    has_time: bool = True
    learned_from: tuple[str, ...] | None = None

    @model_serializer(mode="wrap")
    def _leave_out_none(self, usual: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Say nothing of subjects where nothing is known: files of before the field say no more."""
        said: dict[str, Any] = usual(self)
        if self.learned_from is None:
            del said["learned_from"]
        return said


@dataclass(frozen=True)
class Weights:
    """A whole set of weights, whatever file they came from.

    Attributes
    ----------
    format, title
        The format that they were read from, as in code and in words.
    source
        Their file or folder, or timm's name.
    tensors
        By the names of `TimeSformer`, float32 and finite; all of them, but for the head.
    sizes
        Read from the shapes.
    note
        Heads, normalisation and origin.
    """

    format: str
    title: str
    source: Path | str
    tensors: Mapping[str, Tensor]
    sizes: Sizes
    note: WeightsNote

    @property
    def has_time(self) -> bool:
        """Whether they were trained on clips."""
        return self.note.has_time

    @property
    def mean(self) -> tuple[float, float, float]:
        """Mean of pixels in [0, 1] by channel that the weights expect."""
        return self.note.mean

    @property
    def std(self) -> tuple[float, float, float]:
        """Standard deviation of pixels in [0, 1] by channel that the weights expect."""
        return self.note.std


def read_note(text: object, source: Path | str) -> WeightsNote | None:
    """Return the note that `text` holds as JSON, None where there is none.

    Raises
    ------
    ModelError
        When it can't be read.
    """
    if text is None:
        return None
    try:
        return WeightsNote.model_validate_json(str(text))
    except ValidationError as error:
        raise ModelError(
            f"the note '{NOTE_KEY}' in {source} can't be read ({error.error_count()} faults); the "
            "file is damaged or was written by a newer rodepil, convert the weights again"
        ) from error
