"""The words that tables, figures and pages share, so that one thing has one name."""

from __future__ import annotations

from typing import Final

from rodepil.config.modality import BOUND_AT_PX, FlowInputSettings
from rodepil.config.settings import FeatureSettings
from rodepil.report.records import TrainedWith

# The columns of Table II, by the names of rodepil.train.metrics.Metrics.
METRICS: Final[dict[str, str]] = {
    "accuracy": "Accuracy",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1-score",
}

_STARTS: Final[dict[str, str]] = {
    "none": "trained from scratch",
    "imagenet": "ImageNet pretraining",
    "kinetics": "Kinetics pretraining",
    "stand_in": "stand-in pretraining on simulated moving shapes, not on Kinetics",
}

_MODALITIES: Final[dict[str, str]] = {
    "rgb": "RGB",
    "flow": "Optical flow",
    "absdiff": "AbsDiff",
}

_METHODS: Final[dict[str, str]] = {
    "farneback": "Farneback's method",
    "lucas_kanade": "Lucas-Kanade's method",
    "horn_schunck": "Horn-Schunck's method",
}

_NUMBERS: Final = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def modality_words(modality: str) -> str:
    """Return what a network sees of the frames, as the paper's captions call it."""
    return _MODALITIES.get(modality, modality.replace("_", " "))


def neighbour_words(features: FeatureSettings) -> str:
    """Return between which frames differences and flow are taken."""
    if features.pairs == "native":
        later = "the next frame" if features.gap == 1 else f"the frame {features.gap} later"
        return f"each of the {features.frames} frames and {later} of the clip"
    return f"neighbours among the {features.frames} frames"


def flow_words(flow: FlowInputSettings, size_px: int) -> str:
    """Return how flow is found and shown, as a sentence; `size_px` is the frames' side."""
    end_px = flow.bound_px * size_px / BOUND_AT_PX
    window = "" if flow.method == "horn_schunck" else f" over windows of {flow.winsize} px"
    shown = "hue and brightness" if flow.picture == "hsv" else "motion right, motion down and speed"
    return (
        f"Flow is found by {_METHODS[flow.method]}{window} and shown as {shown}, with the end of "
        f"the scale at {end_px:.3g} px."
    )


def folds_words(n: int) -> str:
    """Return ``five folds``, ``one fold``, ``12 folds``."""
    number = _NUMBERS[n] if n < len(_NUMBERS) else str(n)
    return f"{number} fold{'' if n == 1 else 's'}"


def size_words(width_px: int, height_px: int) -> str:
    """Return a frame's size as the paper prints it."""
    return f"{width_px}\N{MULTIPLICATION SIGN}{height_px}"


def data_note(data: str) -> str:
    """Return the sentence that names the data under a table or a figure."""
    return f"Data: {data}."


def is_simulated(data: str) -> bool:
    """Whether the data's name says that no animal was filmed."""
    return data.lower().startswith("simulated")


def model_words(settings: TrainedWith) -> str:
    """Return what was trained, and on what, in the terms of the paper's captions."""
    model, features, train = settings.model, settings.features, settings.train
    optimizer = {"sgd": "SGD", "adamw": "AdamW"}[train.optimizer]
    return (
        f"TimeSformer ({_STARTS[model.pretrained]}, {modality_words(train.modality)}, "
        f"{features.frames} frames of "
        f"{size_words(features.size_px, features.size_px)}, batch size {train.batch_size}, "
        f"{optimizer} optimizer, {train.epochs} epochs)"
    )
