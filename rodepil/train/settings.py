"""What makes a trial, and which clips can."""

from __future__ import annotations

import torch

from rodepil.config.base import NonNegative, Settings
from rodepil.config.controls import Control
from rodepil.config.settings import FeatureSettings, ModelSettings, TrainSettings
from rodepil.errors import ModelError, SubjectLeak, TrainingError
from rodepil.models.weights import Weights
from rodepil.store.clipset import Clips
from rodepil.store.views import training_view


class TrialSettings(Settings):
    """What makes a trial the trial that it is; with the data's digests, its identity.

    ``control`` says what it goes without (`rodepil.config.controls`); 'scratch' that pretrained
    weights were left out, which ``model`` says as well. ``data`` names the data for the report.
    """

    model: ModelSettings = ModelSettings()
    features: FeatureSettings = FeatureSettings()
    train: TrainSettings = TrainSettings()
    fold: NonNegative = 0
    control: Control = "none"
    data: str = "simulated"


def check_start(model: ModelSettings, weights: Weights | None) -> None:
    """Refuse weights that the settings know nothing of, and settings whose weights are missing.

    Raises
    ------
    ModelError
        One is there without the other.
    """
    if (weights is None) != (model.pretrained == "none"):
        given = "none are given" if weights is None else f"{weights.source} is given"
        raise ModelError(
            f"model.pretrained is '{model.pretrained}' and of weights {given}; set "
            "model.pretrained to what the weights learned, or to none where there are none"
        )


def check_sides(settings: TrialSettings, training: Clips, testing: Clips) -> None:
    """Refuse sets that can't make a trial.

    Raises
    ------
    TrainingError
        A set is empty, or its clips are of another shape than the settings say.
    SubjectLeak
        A subject stands on both sides.
    """
    view = training_view(settings.features)
    wanted = view.columns[view.main].fixed
    for side, clips in (("training", training), ("testing", testing)):
        if not len(clips.labels):
            raise TrainingError(
                f"the {side} set of fold {settings.fold} is empty; make other folds"
            )
        if clips.shape != wanted or clips.dtype != torch.uint8:
            raise TrainingError(
                f"the {side} set holds {clips.dtype} of shape {clips.shape}, but the settings "
                f"want uint8 of {wanted}; make the features again (dvc repro features)"
            )
    shared = sorted(set(training.subject_ids) & set(testing.subject_ids))
    if shared:
        raise SubjectLeak(
            f"subjects {shared} are on both sides of fold {settings.fold}; "
            "take both sets from a Split, after 'rodepil folds make'"
        )
