"""A model's file: its weights, and the card that says what they are and what they expect."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, ValidationError, model_validator
from torch import nn

from rodepil.config.base import PositiveReal, Settings, Share
from rodepil.config.controls import Control
from rodepil.config.modality import FlowInputSettings
from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.models.registry import build
from rodepil.models.tensors import load_exactly, read_metadata, read_tensors, write_tensors
from rodepil.vision.inputs import Inputs, make_inputs
from rodepil.vision.normalize import MEAN, STD, Triple

CARD_KEY = "rodepil.card"


class ModelCard(Settings):
    """What has to be known of a model to use it on clips that it never saw.

    Attributes
    ----------
    model, features
        The network, and the view of a clip that it reads.
    classes
        Names of the logits in order.
    mean, std
        Normalisation of pixels in [0, 1] by channel.
    modality, flow
        What the network sees of the frames, and how flow is found and shown where it sees that.
    control
        What it was trained without (`rodepil.config.controls`).
    started_from
        In words, the pretrained weights that training started from; empty, random ones.
    data
        The data it was trained on, for example ``simulated``.
    trial_id
        The trial that made it.
    threshold
        The score from which a clip counts as positive.
    learned_from
        The subjects whose clips it was trained on, those of the weights that it started from
        included; None where that is not known.
    """

    model: ModelSettings
    features: FeatureSettings
    classes: tuple[str, ...] = ("normal", "seizure")
    mean: Triple = MEAN
    std: tuple[PositiveReal, PositiveReal, PositiveReal] = STD
    modality: str = "rgb"
    flow: FlowInputSettings = FlowInputSettings()
    control: Control = "none"
    started_from: str = ""
    data: Annotated[str, Field(min_length=1)]
    trial_id: Annotated[str, Field(min_length=1)]
    threshold: Share = 0.5
    learned_from: tuple[str, ...] | None = None

    def inputs(self) -> Inputs:
        """Return what makes the network's pictures of stored frames, as its trial was shown them.

        Orders of shuffled frames are drawn by the names that clips are given here.

        Raises
        ------
        SettingError
            Its modality is not known here.
        """
        return make_inputs(self.features, self.modality, self.flow, control=self.control)

    @model_validator(mode="after")
    def _classes_differ(self) -> Self:
        if not self.classes or len(set(self.classes)) < len(self.classes):
            raise ValueError(f"classes {list(self.classes)} must be one or more different names")
        return self


def save_model(path: Path, model: nn.Module, card: ModelCard) -> None:
    """Write a model and its card into one safetensors file, whole or not at all.

    Parameters
    ----------
    path
        Where the file shall stand; its folder is made when missing.
    model
        Its state dict is written as it is, to the last bit.
    card
        What the model is; it stands as JSON in the file's metadata.
    """
    write_tensors(path, model.state_dict(), {CARD_KEY: card.model_dump_json()})


def load_model(path: Path, device: str = "cpu") -> tuple[nn.Module, ModelCard]:
    """Read a model that `save_model` wrote.

    Nothing in the file is executed.

    Parameters
    ----------
    path
        The safetensors file.
    device
        Where the model shall live, for example ``cpu`` or ``cuda``.

    Returns
    -------
    tuple
        The network in evaluation mode, and its card.

    Raises
    ------
    ModelError
        When the file is missing, truncated or foreign, its card unreadable, a weight missing,
        unexpected or of another shape, or a number not finite.
    """
    tensors, metadata = read_tensors(path)
    card = _card(path, metadata)
    if card is None:
        raise ModelError(
            f"{path} holds weights without rodepil's card, so nothing says what they are; "
            "give a file that rodepil wrote"
        )
    model = build(card.model, card.features, classes=len(card.classes), seed=None)
    load_exactly(model, tensors, str(path))
    return model.to(device).eval(), card


def read_card(path: Path) -> ModelCard | None:
    """Return the card of a safetensors file, whose weights are not read; None where it has none.

    Raises
    ------
    ModelError
        The file is missing, truncated or foreign, or its card unreadable.
    """
    return _card(path, read_metadata(path))


def _card(path: Path, metadata: Mapping[str, str]) -> ModelCard | None:
    if CARD_KEY not in metadata:
        return None
    try:
        return ModelCard.model_validate_json(metadata[CARD_KEY])
    except ValidationError as error:
        raise ModelError(
            f"the card in {path} can't be read ({error.error_count()} faults, the first: "
            f"{_first(error)}); the file is damaged or was written by a newer rodepil"
        ) from error


def _first(error: ValidationError) -> str:
    fault = error.errors()[0]
    where = ".".join(str(step) for step in fault["loc"]) or "card"
    return f"{where}: {fault['msg']}"
