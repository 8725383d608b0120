"""Weighted cross-entropy over hard or mixed labels.

Shapes: B clips, K classes.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from rodepil.errors import TrainingError


def class_weights(
    labels: Tensor, classes: int, rule: Literal["balanced", "none"] = "balanced"
) -> Tensor:
    """Return one weight a class, from the counts of a training set.

    Parameters
    ----------
    labels
        (n,) int64 in [0, K).
    classes
        K.
    rule
        ``balanced``: n / (K * count), so that every class weighs the same in total;
        ``none``: 1 each.

    Returns
    -------
    Tensor
        (K,) float32 on the CPU.

    Raises
    ------
    TrainingError
        A class has no clip: there is nothing to learn it from.
    """
    counts = torch.bincount(labels, minlength=classes)
    if (counts == 0).any():
        raise TrainingError(
            f"the training set has {counts.tolist()} clips by class, and every class wants one; "
            "make other folds (rodepil folds make) or curate more clips"
        )
    if rule == "none":
        return torch.ones(classes)
    return (len(labels) / (classes * counts.to(torch.float64))).to(torch.float32)


def one_hot(labels: Tensor, classes: int) -> Tensor:
    """Return labels (B,) int64 as targets (B, K) float32, K being `classes`."""
    return functional.one_hot(labels, classes).to(torch.float32)


def weighted_cross_entropy(
    logits: Tensor,
    targets: Tensor,
    weights: Tensor,
    *,
    counts: Tensor | None = None,
    total: float | Tensor | None = None,
) -> Tensor:
    """Return the mean cross-entropy of clips, each class weighing `weights`.

    With hard targets it is ``torch.nn.CrossEntropyLoss(weight=weights)``: the sum of weighted
    losses over the sum of weights.

    Parameters
    ----------
    logits
        (B, K) of any float type; taken in float32.
    targets
        (B, K) float32, rows that sum to 1: one-hot, or mixed.
    weights
        (K,) float32.
    counts
        (B,) float32: 1 for a clip that counts, 0 for one that only fills the batch.
    total
        What to divide by. By default the sum of the weights of these clips; where these are
        a part of a larger batch, that of the whole.

    Returns
    -------
    Tensor
        A scalar, float32.
    """
    losses = -(targets * torch.log_softmax(logits.float(), dim=1)) @ weights
    shares = targets @ weights
    if counts is not None:
        losses, shares = losses * counts, shares * counts
    return losses.sum() / (shares.sum() if total is None else total)
