"""The softmax of attention, in the form that is fastest where it runs.

Shapes: H heads, L tokens that attend to each other, D features of a head; G groups of heads and
tokens, in one or more dimensions.

With many tokens PyTorch's fused attention is the fastest on a GPU, and on a CPU in float32; on a
CPU in half precision it loses to plain products, twofold on a Zen 5 core and more where these
have instructions of their own. With few tokens, as over time, products are plain everywhere. What
plain products lose is lost to memory, so on a CPU they go through the groups in parts that stay
in the cache, straight from the projection's output and into what the next one reads; the weights
are computed again on the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

FUSED_MIN_TOKENS = 64
"""From here on fused attention pays in float32: 104.5 ms against 119.6 ms with 197 tokens."""

PART_NUMBERS = 1 << 21
"""Numbers of q, k and v, or scores, that are taken at a time: 4 MB in half precision."""


def attend(packed: Tensor) -> Tensor:
    """Return ``softmax(q k' / sqrt(D)) v``.

    Parameters
    ----------
    packed
        q, k and v: (3, G, H, L, D) float, of any strides.

    Returns
    -------
    Tensor
        (G, H, L, D). On a CPU its elements lie in memory in the order of those of `packed`.
    """
    if _plain(packed):
        out: Tensor = _Attend.apply(packed)
        return out
    q, k, v = packed.unbind(0)
    if packed.shape[-2] >= FUSED_MIN_TOKENS:
        return functional.scaled_dot_product_attention(q, k, v)
    return torch.softmax(q @ k.mT * q.shape[-1] ** -0.5, dim=-1) @ v


class _Attend(torch.autograd.Function):
    """Attention by plain products, part by part."""

    @staticmethod
    def forward(ctx: Any, packed: Tensor) -> Tensor:
        ctx.save_for_backward(packed)
        out = _dense_like(packed[2])
        for of_packed, of_out in zip(_parts(packed, 1), _parts(out, 0), strict=True):
            q, k, v = _flat(of_packed, 1)
            of_out.copy_((_weights(q, k) @ v).view(of_out.shape))
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        (packed,) = ctx.saved_tensors
        scale = packed.shape[-1] ** -0.5
        out = _dense_like(packed)
        for of_packed, of_grad, of_out in zip(
            _parts(packed, 1), _parts(grads[0], 0), _parts(out, 1), strict=True
        ):
            q, k, v = _flat(of_packed, 1)
            grad = _flat(of_grad, 0)
            weights = _weights(q, k)
            scores = _softmax_backward(grad @ v.mT, weights)
            empty = q.new_empty(())
            of_q = torch.baddbmm(empty, scores, k, beta=0, alpha=scale)
            of_k = torch.baddbmm(empty, scores.mT, q, beta=0, alpha=scale)
            for into, value in zip(of_out, (of_q, of_k, weights.mT @ grad), strict=True):
                into.copy_(value.view(into.shape))
        return out


def _plain(packed: Tensor) -> bool:
    """Say whether plain products in parts are the fastest."""
    if packed.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    return packed.dtype == torch.bfloat16 or packed.shape[-2] < FUSED_MIN_TOKENS


def _weights(q: Tensor, k: Tensor) -> Tensor:
    """Return the softmax of the scores of q and k (G H, L, D): (G H, L, L)."""
    scores = torch.baddbmm(q.new_empty(()), q, k.mT, beta=0, alpha=q.shape[-1] ** -0.5)
    if _slow_rows(scores):
        return torch.softmax(scores.float(), dim=-1).to(scores.dtype)
    return torch.softmax(scores, dim=-1)


def _softmax_backward(grad: Tensor, weights: Tensor) -> Tensor:
    """Return the gradient of the scores from that of the softmax's `weights` (G H, L, L)."""
    if _slow_rows(weights):
        return _softmax_backward(grad.float(), weights.float()).to(weights.dtype)
    return torch._softmax_backward_data(grad, weights, -1, weights.dtype)  # noqa: SLF001 - autograd's own, for lack of a public one


def _slow_rows(rows: Tensor) -> bool:
    """Say whether float32 is the faster way: 0.6 ms against 1.5 ms on the short rows of time."""
    return rows.dtype == torch.bfloat16 and rows.shape[-1] < FUSED_MIN_TOKENS


def _parts(tensor: Tensor, axis: int) -> Iterator[Tensor]:
    """Yield views of parts of the groups, whose dimensions are those from `axis` to the heads."""
    heads, tokens, features = tensor.shape[-3:]
    if tensor.dim() > axis + 4:
        for inner in tensor.unbind(axis):
            yield from _parts(inner, axis)
        return
    numbers = heads * tokens * max(tokens, 3 * features)
    yield from torch.split(tensor, max(1, PART_NUMBERS // numbers), dim=axis)


def _flat(part: Tensor, axis: int) -> Tensor:
    """Return a copy of a part with groups and heads as one dimension, the one at `axis`."""
    return part.reshape(*part.shape[:axis], -1, *part.shape[-2:])


def _dense_like(view: Tensor) -> Tensor:
    """Return an empty tensor without gaps whose elements lie in the order of those of `view`."""
    order = sorted(range(view.dim()), key=view.stride, reverse=True)
    empty = view.new_empty([view.shape[axis] for axis in order])
    return empty.permute([order.index(axis) for axis in range(view.dim())])
