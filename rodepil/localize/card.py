"""A localizer's file: its weights, and the card that says what they are and what they expect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

import pyarrow as pa
from pydantic import Field, ValidationError, model_validator

from rodepil.config.base import Settings
from rodepil.config.localize import SequenceSettings
from rodepil.config.raseformer import LocalizeLossSettings, RaseformerSettings, SegmentSettings
from rodepil.errors import ModelError
from rodepil.localize.find import Steps
from rodepil.localize.localizer import Finder, Identity
from rodepil.localize.settings import LocalizeTrialSettings, Variant, grid_of
from rodepil.models.card import CARD_KEY
from rodepil.models.raseformer.build import build
from rodepil.models.raseformer.network import Raseformer
from rodepil.models.tensors import load_exactly, read_metadata, read_tensors, write_tensors

LOCALIZER_KEY = "rodepil.localizer"


class LocalizerCard(Settings):
    """What has to be known of a localizer to use it on recordings that it never saw.

    Attributes
    ----------
    network, loss, segments
        The network, what it was trained with, and how its points become segments.
    sequence
        The features that it reads.
    extractor_sha256
        The digest of the file of weights that made them; None where that is not known.
    tious
        The thresholds that it was scored at.
    labels
        Names of the classes, by id.
    variant
        What it was trained as.
    data
        The data it was trained on, for example ``simulated``.
    trial_id
        The trial that made it.
    learned_from
        The subjects whose clips it was trained on; None where that is not known.
    """

    network: RaseformerSettings
    sequence: SequenceSettings
    segments: SegmentSettings = SegmentSettings()
    loss: LocalizeLossSettings = LocalizeLossSettings()
    tious: tuple[float, ...] = (0.3, 0.4, 0.5, 0.6, 0.7)
    labels: tuple[str, ...]
    variant: Variant = "raseformer"
    data: Annotated[str, Field(min_length=1)]
    trial_id: Annotated[str, Field(min_length=1)]
    learned_from: tuple[str, ...] | None = None
    extractor_sha256: str | None = None

    @classmethod
    def of(
        cls,
        settings: LocalizeTrialSettings,
        *,
        trial_id: str,
        learned_from: Iterable[str] | None,
        extractor_sha256: str | None,
    ) -> Self:
        """Return the card of what a trial trained."""
        return cls(
            network=settings.network,
            sequence=settings.sequence,
            segments=settings.segments,
            loss=settings.loss,
            tious=settings.tious,
            labels=settings.labels,
            variant=settings.variant,
            data=settings.data,
            trial_id=trial_id,
            learned_from=None if learned_from is None else tuple(sorted(set(learned_from))),
            extractor_sha256=extractor_sha256,
        )

    @model_validator(mode="after")
    def _labels_are_the_classes(self) -> Self:
        if len(self.labels) != self.network.classes or len(set(self.labels)) < len(self.labels):
            raise ValueError(
                f"labels {list(self.labels)} must be {self.network.classes} different names, one "
                "for each class of the network"
            )
        return self


@dataclass(frozen=True)
class Localizer:
    """A trained network with its card.

    Attributes
    ----------
    network
        In evaluation mode, on its device.
    card
        What it is.
    """

    network: Raseformer
    card: LocalizerCard

    def find(
        self,
        sequences: Iterable[Steps],
        durations_s: Iterable[float],
        ids: Iterable[Identity],
        starts_s: Iterable[float] | None = None,
    ) -> pa.Table:
        """Return the table ``events`` of clips, each clip's best first (see `Finder.find`)."""
        card = self.card
        finder = Finder(self.network, card.segments, grid_of(card.sequence), card.labels)
        return finder.find(sequences, durations_s, ids, starts_s)


def save_localizer(path: Path, network: Raseformer, card: LocalizerCard) -> None:
    """Write a network and its card into one safetensors file, whole or not at all."""
    write_tensors(path, network.state_dict(), {LOCALIZER_KEY: card.model_dump_json()})


def load_localizer(path: Path, device: str = "cpu") -> Localizer:
    """Read a localizer that `save_localizer` wrote; nothing in the file is executed.

    Raises
    ------
    ModelError
        The file is missing, truncated or foreign, of a classifier, its card unreadable, a weight
        missing, unexpected or of another shape, or a number not finite.
    """
    tensors, metadata = read_tensors(path)
    card = _card(path, metadata)
    network = build(card.network, seed=None)
    load_exactly(network, tensors, str(path))
    return Localizer(network.to(device).eval(), card)


def read_localizer_card(path: Path) -> LocalizerCard:
    """Return the card of a localizer's file, whose weights are not read.

    Raises
    ------
    ModelError
        The file is missing, truncated or foreign, of a classifier, or its card unreadable.
    """
    return _card(path, read_metadata(path))


def _card(path: Path, metadata: Mapping[str, str]) -> LocalizerCard:
    if CARD_KEY in metadata:
        raise ModelError(
            f"{path} holds a classifier of clips, which finds no segments; use it with "
            "'rodepil predict', or give the model of a trial of localization"
        )
    if LOCALIZER_KEY not in metadata:
        raise ModelError(
            f"{path} holds weights without a localizer's card, so nothing says what they are; "
            "give the model of a trial of localization"
        )
    try:
        return LocalizerCard.model_validate_json(metadata[LOCALIZER_KEY])
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(map(str, fault["loc"])) or "card"
        raise ModelError(
            f"the card in {path} can't be read ({error.error_count()} faults, the first: {where}: "
            f"{fault['msg']}); the file is damaged or was written by a newer rodepil"
        ) from error
