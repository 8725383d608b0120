"""First weights of a network that starts from no checkpoint.

`initialize` follows ViT's rule and lets time start at zero; `start_as_difference` then makes the
temporal attention subtract what a patch shows in neighbouring frames, which small networks need
to learn motion from few clips.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EMBEDDING_STD = 0.02
CUT_NORMAL_STD = 0.8796
"""Standard deviation of a unit normal cut at two deviations."""

TIME_SHARE = 4
"""One of so many parts of the width tells frames apart at the start."""

TIME_BANDWIDTH = 0.66
"""Spread of the frequencies of time, radians a frame: neighbours are alike, others are not."""

TIME_LOGIT = 5.0
"""Attention logit of a frame with itself, where one far away has about 0."""

PATCH_GAIN = 2.2
"""What gives patches a deviation near 1 where pixels, normalised, have one of 0.4 to 0.5."""

TEMPORAL_GAIN = 1.2
NOISE_SHARE = 0.1
"""temporal_fc starts at minus the one times identity, plus the other times noise."""


def initialize(model: nn.Module, generator: torch.Generator) -> None:
    """Give `model` random weights, in place.

    ``temporal_fc`` and ``time_embed`` get 0 in all blocks, so that a new network treats every
    frame as a ViT does and learns time from there; biases get 0, layer norms 1 and 0. The
    rest is ViT's own rule: Xavier uniform for the linear layers of the blocks, LeCun normal
    for the patch projection, and a normal of deviation 0.02 for ``cls_token``, ``pos_embed``
    and the head; normals are cut at two deviations. A flat 0.02 everywhere, near to this at a
    width of 768, is too narrow for a small network: at width 64, telling shaking from drifting
    blobs in 288 steps of 16 new clips, it ended at 0.61 and 0.64 of unseen clips right (two
    seeds), this rule at 0.99 and 0.98.

    Parameters
    ----------
    model
        The network.
    generator
        Where the numbers come from; it must be on the CPU.

    References
    ----------
    Glorot, Bengio: Understanding the difficulty of training deep feedforward neural networks.
    AISTATS 2010.
    """
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") or "temporal_fc" in name or name == "time_embed":
                parameter.zero_()
            elif "norm" in name:
                parameter.fill_(1.0)
            else:
                parameter.copy_(_random(name, parameter.shape, generator))


def start_as_difference(model: nn.Module, frames: int, heads: int, rng: torch.Generator) -> None:
    """Let the temporal attention of every block start as a difference to neighbouring frames.

    A pretrained attention's value and output projections come out near minus identity, with
    queries and keys that follow the place; to start there ("mimetic") lets a small transformer
    learn from few samples [1]_. Here part of the width carries sines and cosines of the
    frame's number, queries and keys read it alone, values get a random rotation, ``proj`` its
    inverse and ``temporal_fc`` minus identity with noise. So a block starts by taking from each
    patch about its mean over the neighbouring frames: what stands still falls away, what moves
    is left. The mean is one of patches after the layer norm, so the patch projection gets a
    gain that makes both of one size. The head starts with Xavier's weights, not near zero.

    Parameters
    ----------
    model
        A TimeSformer that `initialize` was called on; changed in place.
    frames
        T, frames of a clip.
    heads
        Heads of an attention.
    rng
        Where the numbers come from; it must be on the CPU.

    References
    ----------
    .. [1] Trockman, Kolter: Mimetic Initialization of Self-Attention Layers. ICML 2023.
    """
    weights = dict(model.named_parameters())
    width = weights["time_embed"].shape[-1]
    time = width // (2 * TIME_SHARE) * 2
    with torch.no_grad():
        # Evenly spread over a half normal, so that likeness falls off as a normal as well.
        even = (torch.arange(time // 2) + 0.5) / (time // 2)
        angles = torch.arange(frames)[:, None] * (TIME_BANDWIDTH * 2**0.5 * even.erfinv())
        weights["time_embed"][0, :, :time] = 2**0.5 * torch.cat((angles.cos(), angles.sin()), 1)
        weights["patch_embed.proj.weight"].mul_(PATCH_GAIN)[:time] = 0
        nn.init.xavier_uniform_(weights["head.weight"], generator=rng)
        for name in [name for name in weights if name.endswith("temporal_attn.qkv.weight")]:
            block = name.removesuffix("temporal_attn.qkv.weight")
            rotation = nn.init.orthogonal_(torch.empty(width, width), generator=rng)
            looking = _look_at_neighbours(width, time, heads, rng)
            weights[name].copy_(torch.cat((looking, looking, rotation)))
            weights[f"{block}temporal_attn.proj.weight"].copy_(rotation.T)
            noise = NOISE_SHARE * width**-0.5 * torch.randn(width, width, generator=rng)
            weights[f"{block}temporal_fc.weight"].copy_(noise - TEMPORAL_GAIN * torch.eye(width))


def _look_at_neighbours(width: int, time: int, heads: int, rng: torch.Generator) -> Tensor:
    """Return (width, width) queries, or keys, that read the first `time` features alone."""
    head = width // heads
    gain = (TIME_LOGIT * head**0.5 / time) ** 0.5
    looking = torch.zeros(width, width)
    for rows in torch.split(looking, head):
        rows[:, :time] = gain * nn.init.orthogonal_(torch.empty(head, time), generator=rng)
    return looking


def _random(name: str, shape: torch.Size, generator: torch.Generator) -> Tensor:
    values = torch.empty(shape)
    if name.startswith("blocks."):
        return nn.init.xavier_uniform_(values, generator=generator)
    std = EMBEDDING_STD
    if name.startswith("patch_embed."):
        std = values[0].numel() ** -0.5 / CUT_NORMAL_STD
    return nn.init.trunc_normal_(values, std=std, a=-2 * std, b=2 * std, generator=generator)
