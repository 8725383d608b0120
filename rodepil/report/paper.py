"""What the RodEpil paper prints, as data: it stands beside a report's numbers, never for them.

References
----------
Perlo et al., "RodEpil: A Video Dataset of Laboratory Rodents for Seizure Detection and
Benchmark Evaluation", Tables I to III.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from rodepil.train.metrics import Metrics

SOURCE: Final = "RodEpil paper"


@dataclass(frozen=True)
class DatasetFacts:
    """Table I: what the curated dataset consists of."""

    subjects: int
    negatives: int
    positives: int
    duration_s: float
    fps: int
    size_px: int


@dataclass(frozen=True)
class AblationRow:
    """A row of Table III: a configuration and its mean metrics, shares in [0, 1].

    The paper prints no specificity there.
    """

    modality: str
    size_px: int
    frames: int
    optimizer: str
    pretrained: str
    accuracy: float
    sensitivity: float
    precision: float
    f1: float


def _from_percent(*printed: float) -> Metrics:
    """Return a printed row (accuracy, sensitivity, specificity, precision, F1 in %) as shares."""
    accuracy, sensitivity, specificity, precision, f1 = (value / 100 for value in printed)
    return Metrics(
        accuracy=accuracy,
        sensitivity=sensitivity,
        specificity=specificity,
        precision=precision,
        f1=f1,
    )


def _ablation(setting: str, *printed: float) -> AblationRow:
    """Return a row of Table III from its setting's words and its printed percentages."""
    modality, size_px, frames, optimizer, pretrained = setting.split()
    accuracy, sensitivity, precision, f1 = (value / 100 for value in printed)
    return AblationRow(
        modality,
        int(size_px),
        int(frames),
        optimizer,
        pretrained,
        accuracy,
        sensitivity,
        precision,
        f1,
    )


TABLE_1: Final = DatasetFacts(
    subjects=19, negatives=10_101, positives=2_952, duration_s=10.0, fps=30, size_px=224
)

# Table II: TimeSformer, Kinetics pretraining, RGB, 16 frames, batch size 8, SGD; by fold.
TABLE_2: Final[tuple[Metrics, ...]] = (
    _from_percent(98.95, 99.67, 98.86, 91.82, 95.58),
    _from_percent(99.13, 100.00, 98.96, 95.04, 97.46),
    _from_percent(99.49, 99.87, 99.33, 98.44, 99.15),
    _from_percent(99.58, 98.96, 99.69, 98.35, 98.66),
    _from_percent(95.59, 90.56, 98.77, 97.90, 94.09),
)
TABLE_2_AVERAGE: Final = _from_percent(98.55, 97.81, 99.12, 96.31, 97.00)

TABLE_3: Final[tuple[AblationRow, ...]] = (
    _ablation("RGB 224 16 SGD Kinetics", 98.55, 97.81, 96.31, 97.00),
    _ablation("RGB 224 8 SGD Kinetics", 95.22, 85.02, 89.60, 87.20),
    _ablation("OpticalFlow 224 8 SGD Kinetics", 88.01, 77.42, 68.32, 71.69),
    _ablation("AbsDiff 224 8 SGD Kinetics", 85.84, 71.65, 64.91, 67.16),
    _ablation("RGB 112 16 SGD Kinetics", 84.94, 67.70, 64.42, 64.39),
    _ablation("RGB 112 8 SGD Kinetics", 82.59, 51.84, 68.34, 54.50),
    _ablation("RGB 224 16 AdamW Kinetics", 74.61, 43.52, 28.68, 34.06),
    _ablation("RGB 224 16 SGD no", 71.04, 48.18, 41.84, 38.57),
    _ablation("RGB 224 16 AdamW no", 73.74, 24.74, 29.81, 25.61),
)
