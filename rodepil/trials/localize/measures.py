"""The names under which the numbers of localization are written down and recorded.

``map_0.5`` and ``mean_map`` are means over classes; ``ap_0.5_wet_dog_shakes`` is one class's. A
class without a true segment has no AP, and so no number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isnan

from rodepil.scoring import FrameScores, MeanAveragePrecision

MEAN_MAP = "mean_map"
FRAME_ACCURACY = "frame_accuracy"
EDIT_SCORE = "edit_score"
AP = "ap_"
OF_TEST = "test_"


def map_name(tiou: float) -> str:
    """Return what the mean over classes at a threshold is called."""
    return f"map_{tiou:g}"


def ap_name(tiou: float, label: str) -> str:
    """Return what a class's AP at a threshold is called."""
    return f"{AP}{tiou:g}_{label.replace(' ', '_')}"


def measures_of(scores: MeanAveragePrecision, frames: FrameScores) -> dict[str, float]:
    """Return all numbers of a fold by name, each in [0, 1]."""
    over = zip(scores.thresholds, scores.by_threshold.tolist(), strict=True)
    by_class = {
        ap_name(tiou, label): value
        for label, values in zip(scores.classes, scores.ap.tolist(), strict=True)
        for tiou, value in zip(scores.thresholds, values, strict=True)
        if not isnan(value)
    }
    return {
        **{map_name(tiou): value for tiou, value in over},
        MEAN_MAP: scores.mean,
        FRAME_ACCURACY: frames.accuracy,
        EDIT_SCORE: frames.edit,
        **by_class,
    }


def recorded(measures: Mapping[str, float]) -> dict[str, float]:
    """Return numbers under the names that runs have: those over classes begin with ``test_``."""
    return {
        name if name.startswith(AP) else f"{OF_TEST}{name}": value
        for name, value in measures.items()
    }


def from_recorded(metrics: Mapping[str, float]) -> dict[str, float]:
    """Return what `recorded` was given, from all numbers that a run holds at its end."""
    over = (f"{OF_TEST}{one}" for one in ("map_", MEAN_MAP, FRAME_ACCURACY, EDIT_SCORE))
    wanted = (AP, *over)
    return {
        name.removeprefix(OF_TEST): value
        for name, value in metrics.items()
        if name.startswith(wanted)
    }


def maps_of(measures: Mapping[str, float], tious: Iterable[float]) -> dict[str, float]:
    """Return the means over classes by threshold, as ``{"0.3": 0.61}``."""
    return {f"{tiou:g}": measures[map_name(tiou)] for tiou in tious}


def aps_of(
    measures: Mapping[str, float], tious: Iterable[float], labels: Iterable[str]
) -> dict[str, dict[str, float]]:
    """Return AP by class and threshold; classes without true segments are left out."""
    limits = tuple(tious)
    return {
        label: {f"{tiou:g}": measures[ap_name(tiou, label)] for tiou in limits}
        for label in labels
        if ap_name(limits[0], label) in measures
    }


def mean_of(many: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return the plain mean over folds of every number, over those that have it."""
    folds = list(many)
    names = dict.fromkeys(name for fold in folds for name in fold)
    held = {name: [fold[name] for fold in folds if name in fold] for name in names}
    return {name: sum(values) / len(values) for name, values in held.items()}
