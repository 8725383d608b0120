"""What RaSeformer learns from: the focal loss of classes and the 1-D DIoU loss of boundaries.

Shapes: B clips, N points of all levels, P points that answer for a segment, K classes.

References
----------
Lin et al.: Focal Loss for Dense Object Detection. ICCV 2017, arXiv:1708.02002.
Zheng et al.: Distance-IoU Loss: Faster and Better Learning for Bounding Box Regression.
AAAI 2020, arXiv:1911.08287.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from rodepil.config.raseformer import LocalizeLossSettings
from rodepil.models.raseformer.network import Levels

EPS = 1e-8


@dataclass(frozen=True)
class Losses:
    """The loss of a batch and its two parts, () float32 each; `total` is weighted."""

    total: Tensor
    classes: Tensor
    boundaries: Tensor


def focal_loss(logits: Tensor, targets: Tensor, *, alpha: float, gamma: float) -> Tensor:
    """Return the sigmoid focal loss of each number.

    Parameters
    ----------
    logits, targets
        (..., K) float; targets in [0, 1].
    alpha
        Weight of what is present, range [0, 1]; the rest weighs its complement.
    gamma
        How fast the loss of what is told well falls; 0 is weighted cross-entropy.

    Returns
    -------
    Tensor
        (..., K) float32.
    """
    logits, targets = logits.float(), targets.float()
    entropy = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    said = logits.sigmoid()
    missed = said * (1 - targets) + (1 - said) * targets
    weight = alpha * targets + (1 - alpha) * (1 - targets)
    return weight * entropy * missed**gamma


def diou_loss(said: Tensor, true: Tensor) -> Tensor:
    """Return 1 - tIoU and the squared share of the hull that lies between the two middles.

    Parameters
    ----------
    said, true
        (..., 2) float, 0 or more: distances from one point back to a start and on to an end.

    Returns
    -------
    Tensor
        (...,) float32, range [0, 1.25): 1 for no overlap, 0 for the same segment.
    """
    said, true = said.float(), true.float()
    inner = torch.minimum(said, true).sum(-1)
    union = said.sum(-1) + true.sum(-1) - inner
    hull = torch.maximum(said, true).sum(-1)
    apart = 0.5 * ((said[..., 1] - said[..., 0]) - (true[..., 1] - true[..., 0]))
    return 1 - inner / union.clamp(min=EPS) + (apart / hull.clamp(min=EPS)) ** 2


class LocalizeLoss(nn.Module):
    """The loss of a batch, divided by a moving average of the points that answer for a segment.

    Its state is that average, which a checkpoint has to hold.
    """

    positives: Tensor

    def __init__(self, settings: LocalizeLossSettings) -> None:
        super().__init__()
        self.settings = settings
        self.register_buffer("positives", torch.tensor(settings.positives))

    def forward(self, levels: Levels, classes: Tensor, offsets: Tensor) -> Losses:
        """Return the loss; while training the average moves first.

        Parameters
        ----------
        levels
            What the network said.
        classes
            (B, N, K) float, what it should have said (see `assign.assign`).
        offsets
            (B, N, 2) float, in strides.

        Returns
        -------
        Losses
            Sums over points and classes, divided by the average.
        """
        settings = self.settings
        valid, logits, said = levels.joined()
        answers = valid & (classes.sum(-1) > 0)
        if self.training:
            found = answers.sum().clamp(min=1).to(self.positives.dtype)
            self.positives.lerp_(found, 1 - settings.momentum)
        focal = focal_loss(
            logits[valid], classes[valid], alpha=settings.focal_alpha, gamma=settings.focal_gamma
        )
        of_classes = focal.sum() / self.positives
        of_boundaries = diou_loss(said[answers], offsets[answers]).sum() / self.positives
        total = of_classes + settings.boundary_weight * of_boundaries
        return Losses(total, of_classes, of_boundaries)
