"""Weighted cross-entropy against PyTorch, scikit-learn and hand-made cases."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from rodepil.errors import TrainingError
from rodepil.train.loss import class_weights, one_hot, weighted_cross_entropy


def test_balanced_weights_are_those_of_scikit_learn():
    labels = torch.tensor([0] * 37 + [1] * 11)
    oracle = compute_class_weight("balanced", classes=np.array([0, 1]), y=labels.numpy())
    torch.testing.assert_close(class_weights(labels, 2), torch.tensor(oracle, dtype=torch.float32))
    assert class_weights(labels, 2, "none").tolist() == [1.0, 1.0]


def test_classes_are_as_many_as_are_asked_for():
    labels = torch.tensor([3, 0, 4, 4, 1, 2])
    oracle = compute_class_weight("balanced", classes=np.arange(5), y=labels.numpy())
    torch.testing.assert_close(class_weights(labels, 5), torch.tensor(oracle, dtype=torch.float32))
    assert one_hot(labels, 6).tolist() == torch.eye(6)[labels].tolist()


@pytest.mark.parametrize("rule", ["balanced", "none"])
def test_a_class_without_clips_is_refused(rule: Literal["balanced", "none"]):
    with pytest.raises(TrainingError, match=r"\[3, 0\] clips by class"):
        class_weights(torch.tensor([0, 0, 0]), 2, rule)


def test_hard_labels_give_torchs_weighted_cross_entropy():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(9, 2, generator=generator, requires_grad=True)
    labels = torch.randint(2, (9,), generator=generator)
    weights = torch.tensor([0.6, 3.0])
    ours = weighted_cross_entropy(logits, functional.one_hot(labels, 2).float(), weights)
    (ours_grad,) = torch.autograd.grad(ours, logits)
    oracle = functional.cross_entropy(logits, labels, weight=weights)
    (oracle_grad,) = torch.autograd.grad(oracle, logits)
    torch.testing.assert_close(ours, oracle)
    torch.testing.assert_close(ours_grad, oracle_grad)


def test_mixed_labels_by_hand():
    # Both classes at probability 1/2: every term is log 2, whatever the mixture.
    targets = torch.tensor([[0.25, 0.75], [1.0, 0.0]])
    even = weighted_cross_entropy(torch.zeros(2, 2), targets, torch.tensor([1.0, 4.0]))
    assert float(even) == pytest.approx(math.log(2))
    # Probabilities 0.8 and 0.2: weights 1 and 4 on a mixture of 1/4 and 3/4.
    logits = torch.tensor([[math.log(0.8), math.log(0.2)]])
    ours = weighted_cross_entropy(logits, targets[:1], torch.tensor([1.0, 4.0]))
    by_hand = -(0.25 * math.log(0.8) + 3.0 * math.log(0.2)) / 3.25
    assert float(ours) == pytest.approx(by_hand, rel=1e-6)


def test_parts_of_a_batch_sum_to_the_whole():
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(5, 2, generator=generator)
    targets = functional.one_hot(torch.tensor([0, 1, 0, 0, 1]), 2).float()
    weights = torch.tensor([0.7, 2.0])
    whole = weighted_cross_entropy(logits, targets, weights)
    total = float((targets @ weights).sum())
    first = weighted_cross_entropy(logits[[0, 2, 4]], targets[[0, 2, 4]], weights, total=total)
    filled = torch.tensor([1, 3, 0])  # clip 0 only fills the second part
    second = weighted_cross_entropy(
        logits[filled], targets[filled], weights, counts=torch.tensor([1.0, 1.0, 0.0]), total=total
    )
    torch.testing.assert_close(first + second, whole)


def test_half_precision_logits_are_taken_in_float32():
    logits = torch.tensor([[8.0, -8.0]], dtype=torch.bfloat16)
    loss = weighted_cross_entropy(logits, torch.tensor([[1.0, 0.0]]), torch.ones(2))
    assert loss.dtype == torch.float32
    assert float(loss) == pytest.approx(math.log1p(math.exp(-16)), rel=0.1)
