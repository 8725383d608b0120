"""What makes a trial of localization, and which sequences can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from rodepil.config.base import NonNegative, Settings
from rodepil.config.localize import (
    LocalizeSettings,
    LocalizeTrainSettings,
    RatSeizureSettings,
    SequenceSettings,
    Thresholds,
)
from rodepil.config.raseformer import LocalizeLossSettings, RaseformerSettings, SegmentSettings
from rodepil.errors import SubjectLeak, TrainingError
from rodepil.io.labels import ACTION_UNITS
from rodepil.models.i3d.grid import FeatureGrid

if TYPE_CHECKING:
    from rodepil.localize.sequences import Sequences

Variant = Literal["raseformer", "dense", "shuffled"]
"""The model itself, the same with dense local attention, the same trained on shuffled segments."""


@dataclass(frozen=True)
class Planned:
    """What whoever runs trials has to know of one.

    Parameters
    ----------
    epochs
        All of them, those of the warm-up too.
    device
        ``cpu``, ``cuda``, ``mps`` or ``auto``.
    workers, threads_per_worker
        Processes, and threads of each.
    """

    epochs: int
    device: str
    workers: int
    threads_per_worker: int


class LocalizeTrialSettings(Settings):
    """What makes a trial the trial that it is; with the data's digests, its identity.

    ``dense`` keeps every key of a window, and that alone; ``shuffled`` gives each training clip
    the segments of another. ``data`` names the data for the report. `of` makes one of a project's
    settings.
    """

    ratseizure: RatSeizureSettings = RatSeizureSettings()
    sequence: SequenceSettings = SequenceSettings()
    network: RaseformerSettings = RaseformerSettings()
    recipe: LocalizeTrainSettings = LocalizeTrainSettings()
    loss: LocalizeLossSettings = LocalizeLossSettings()
    segments: SegmentSettings = SegmentSettings()
    tious: Thresholds = (0.3, 0.4, 0.5, 0.6, 0.7)
    fold: NonNegative = 0
    variant: Variant = "raseformer"
    data: str = "simulated"

    @classmethod
    def of(
        cls,
        localize: LocalizeSettings,
        *,
        ratseizure: RatSeizureSettings,
        sequence: SequenceSettings,
        fold: int = 0,
        variant: Variant = "raseformer",
        data: str = "simulated",
    ) -> Self:
        """Return the trial of a fold that a project's settings want."""
        network = localize.network
        if variant == "dense":
            network = network.model_copy(update={"keep_ratio": 1.0, "full_keep": None})
        return cls(
            ratseizure=ratseizure,
            sequence=sequence,
            network=network,
            recipe=localize.train,
            loss=localize.loss,
            segments=localize.segments,
            tious=localize.tious,
            fold=fold,
            variant=variant,
            data=data,
        )

    @property
    def train(self) -> Planned:
        """What whoever runs the trial has to know."""
        recipe = self.recipe
        return Planned(
            epochs=self.epochs,
            device=recipe.device,
            workers=recipe.workers,
            threads_per_worker=recipe.threads_per_worker,
        )

    @property
    def epochs(self) -> int:
        """Epochs in all: those of the warm-up and those after it."""
        return self.recipe.warmup_epochs + self.recipe.epochs

    @property
    def grid(self) -> FeatureGrid:
        """Where the features stand in time."""
        return grid_of(self.sequence)

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes, in order of their ids."""
        return ACTION_UNITS[: self.network.classes]

    @model_validator(mode="after")
    def _classes_have_names(self) -> Self:
        if self.network.classes > len(ACTION_UNITS):
            raise ValueError(
                f"network.classes is {self.network.classes}, but there are {len(ACTION_UNITS)} "
                "action units; lower it"
            )
        return self

    @model_validator(mode="after")
    def _dense_is_dense(self) -> Self:
        network = self.network
        if self.variant == "dense" and (network.keep_ratio < 1 or network.full_keep is not None):
            raise ValueError(
                f"variant 'dense' with keep_ratio {network.keep_ratio} and full_keep "
                f"{network.full_keep} is not dense; take 1.0 and null, as `of` does"
            )
        return self


def grid_of(settings: SequenceSettings) -> FeatureGrid:
    """Return where the features of a sequence stand in time."""
    return FeatureGrid(settings.fps, settings.window_frames, settings.stride_frames)


def check_sides(settings: LocalizeTrialSettings, training: Sequences, testing: Sequences) -> None:
    """Refuse sets that can't make a trial.

    Raises
    ------
    TrainingError
        A set is empty or has no segment, or its features are of another width than the network's.
    SubjectLeak
        A subject stands on both sides.
    """
    width = settings.network.feature_width
    for side, sequences in (("training", training), ("testing", testing)):
        where = f"the {side} set of fold {settings.fold}"
        if not len(sequences):
            raise TrainingError(f"{where} is empty; make other folds")
        if not any(map(len, sequences.labels)):
            raise TrainingError(
                f"{where} has no segment in its {len(sequences)} clips; annotate them, or make "
                "other folds"
            )
        wrong = sorted({one.shape[1] for one in sequences.features} - {width})
        if wrong:
            raise TrainingError(
                f"{where} has features {wrong} wide, but network.feature_width is {width}; "
                "set it to the width of the features, or make them again"
            )
    shared = sorted(set(training.subject_ids) & set(testing.subject_ids))
    if shared:
        raise SubjectLeak(
            f"subjects {shared} are on both sides of fold {settings.fold}; "
            "take both sets from a Split, after 'rodepil folds make'"
        )
