"""Blending clips with each other.

Shapes: B clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def mixup(frames: Tensor, targets: Tensor, alpha: float, seed: int) -> tuple[Tensor, Tensor]:
    """Blend every clip of a batch with another one, and their targets alike.

    Parameters
    ----------
    frames
        (B, T, C, H, W) float.
    targets
        (B, classes) float, a share for each class.
    alpha
        The blend is drawn from Beta(alpha, alpha), once for the batch; 0 changes nothing.
    seed
        Gives the blend and the partners.

    Returns
    -------
    tuple of Tensor
        Frames and targets of the same shapes.

    References
    ----------
    Zhang et al.: mixup, Beyond Empirical Risk Minimization. ICLR 2018, arXiv:1710.09412.
    """
    if alpha <= 0:
        return frames, targets
    generator = np.random.default_rng(seed)
    share = float(generator.beta(alpha, alpha))
    partners = torch.from_numpy(generator.permutation(len(frames))).to(frames.device)
    mixed = frames[partners].lerp_(frames, share)
    return mixed, torch.lerp(targets[partners], targets, share)
