"""What is known after an epoch and after a trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from rodepil.io import tables
from rodepil.models.weights import Fit
from rodepil.store.clipset import Clips
from rodepil.train.loss import one_hot, weighted_cross_entropy
from rodepil.train.metrics import measure
from rodepil.vision.normalize import MEAN, STD, Triple

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class EpochReport:
    """What is known after an epoch.

    Parameters
    ----------
    epoch
        The epoch, from 0.
    metrics
        ``train_loss``, ``gradient_norm``, ``learning_rate``, ``test_loss``, the metrics of
        Table II as ``test_accuracy`` and so on (in [0, 1]), and ``seconds``.
    """

    epoch: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class TrialResult:
    """What a trial ends with; the same on every worker.

    Parameters
    ----------
    predictions
        The table 'predictions', one row a clip of the test fold in its order; the score is
        the probability of label 1.
    model
        The trained network, on the CPU, in evaluation mode.
    history
        One report an epoch, those of earlier sittings included.
    seconds
        Time in all epochs.
    fit
        What was done to the weights that it started from; None, it started from random ones.
    mean, std
        Normalisation by channel that the network was trained with, for [0, 1].
    """

    predictions: pa.Table
    model: nn.Module
    history: list[EpochReport]
    seconds: float
    fit: Fit | None = None
    mean: Triple = MEAN
    std: Triple = STD


def judge(logits: Tensor, clips: Clips, weights: Tensor) -> dict[str, float]:
    """Return ``test_loss`` and the metrics of a test fold.

    Parameters
    ----------
    logits
        (N, K) float32, of `rodepil.train.loop.score`.
    clips
        The test fold, N clips.
    weights
        (K,) float32, the training's class weights, so that the two losses compare.
    """
    loss = weighted_cross_entropy(logits, one_hot(clips.labels, len(weights)), weights)
    metrics = measure(clips.labels.numpy(), probabilities(logits).numpy())
    named = {f"test_{name}": value for name, value in metrics.as_dict().items()}
    return {"test_loss": float(loss)} | named


def predictions(logits: Tensor, clips: Clips, *, trial_id: str, fold: int) -> pa.Table:
    """Return the table 'predictions' of a test fold, one row a clip in their order."""
    columns = zip(
        clips.clip_ids,
        clips.subject_ids,
        clips.labels.tolist(),
        probabilities(logits).tolist(),
        strict=True,
    )
    rows = [
        {
            "run_id": trial_id,
            "fold": fold,
            "clip_id": clip_id,
            "subject_id": subject_id,
            "label": label,
            "score": score,
        }
        for clip_id, subject_id, label, score in columns
    ]
    return tables.from_rows("predictions", rows)


def probabilities(logits: Tensor) -> Tensor:
    """Return the probability of label 1, (N,) float64, of logits (N, 2)."""
    return torch.softmax(logits.double(), dim=1)[:, 1]
