"""The operations that a transformer spends its time in, each in its fastest exact form.

Shapes: G groups of L tokens that attend to each other, D features of a head.

Every operation computes in the dtype of the tokens that it is given: parameters are cast to it,
and their gradients back. Where processors have no fused attention worth the name, what time is
lost beside the products goes to copies, so these make few: PyTorch's linear layer in half
precision first copies its bias over all of its output, and its GELU reads and writes the widest
tensor of a block once more. oneDNN's own linear layer, which PyTorch's compiler emits, does both
within the product; 3136 tokens of 768 to 3072 with GELU take 30 ms with it on a Zen 5 core and
34 to 46 ms without.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

# Below this many tokens, or in half precision on a CPU, plain products are the faster ones:
# on a Zen 5 core 197 tokens of 16 frames took 12 ms forward against 25 ms in bfloat16, but
# 119.6 ms against 104.5 ms forward and back in float32.
FUSED_MIN_TOKENS = 64


def linear(layer: nn.Linear, tokens: Tensor) -> Tensor:
    """Return what `layer` makes of `tokens` (..., in): (..., out) of their dtype."""
    return affine(tokens, layer.weight.to(tokens.dtype), layer.bias.to(tokens.dtype))


def affine(tokens: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return ``tokens weight' + bias``.

    Parameters
    ----------
    tokens, weight, bias
        (..., in), (out, in) and (out,) of one float dtype.
    """
    if not _fuses(tokens):
        return functional.linear(tokens, weight, bias)
    out: Tensor = _Affine.apply(tokens, weight, bias)
    return out


def gelu_linear(layer: nn.Linear, tokens: Tensor) -> Tensor:
    """Return the exact GELU of what `layer` makes of `tokens` (..., in): (..., out)."""
    if not _fuses(tokens) or torch.is_grad_enabled():
        return functional.gelu(linear(layer, tokens))
    weight, bias = layer.weight.to(tokens.dtype), layer.bias.to(tokens.dtype)
    out: Tensor = torch.ops.mkldnn._linear_pointwise(tokens, weight, bias, "gelu", [], "none")  # noqa: SLF001 - as the compiler emits it
    return out


def layer_norm(norm: nn.LayerNorm, tokens: Tensor) -> Tensor:
    """Return `tokens` (..., C) normalised over C; statistics are taken in float32."""
    weight: Tensor = norm.weight
    bias: Tensor = norm.bias
    if tokens.device.type != "cpu":  # other devices want tokens and parameters of one dtype
        weight, bias = weight.to(tokens.dtype), bias.to(tokens.dtype)
    return functional.layer_norm(tokens, norm.normalized_shape, weight, bias, norm.eps)


def attend(packed: Tensor) -> Tensor:
    """Return ``softmax(q k' / sqrt(D)) v``.

    Parameters
    ----------
    packed
        q, k and v: (3, ..., L, D) float, of any strides.

    Returns
    -------
    Tensor
        (..., L, D), by fused attention where that pays and else by plain products.
    """
    half_on_cpu = packed.device.type == "cpu" and packed.dtype != torch.float32
    if packed.shape[-2] >= FUSED_MIN_TOKENS and not half_on_cpu:
        q, k, v = packed.unbind(0)
        return functional.scaled_dot_product_attention(q, k, v)
    if torch.compiler.is_compiling():
        q, k, v = packed.unbind(0)
        return torch.softmax(q @ k.mT * q.shape[-1] ** -0.5, dim=-1) @ v
    groups = packed.reshape(3, -1, *packed.shape[-2:])
    out: Tensor = _Attend.apply(groups)
    return out.view(packed.shape[1:])


class _Affine(torch.autograd.Function):
    """A linear layer by oneDNN, on a CPU in half precision."""

    @staticmethod
    def forward(ctx: Any, tokens: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(tokens, weight)
        out: Tensor = torch.ops.mkldnn._linear_pointwise(tokens, weight, bias, "none", [], "")  # noqa: SLF001 - as above
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        tokens, weight = ctx.saved_tensors
        rows = grads[0].flatten(0, -2)
        return grads[0] @ weight, rows.t() @ tokens.flatten(0, -2), rows.sum(0)


class _Attend(torch.autograd.Function):
    """Attention by plain products, (3, G, L, D) to (G, L, D), with as few copies as they allow."""

    @staticmethod
    def forward(ctx: Any, packed: Tensor) -> Tensor:
        q, k, v = packed.unbind(0)
        scores = torch.baddbmm(q.new_empty(()), q, k.mT, beta=0, alpha=q.shape[-1] ** -0.5)
        weights = _softmax(scores)
        ctx.save_for_backward(packed, weights)
        return weights @ v

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        packed, weights = ctx.saved_tensors
        q, k, v = packed.unbind(0)
        scale = q.shape[-1] ** -0.5
        grad = grads[0].contiguous()
        of_scores = _softmax_backward(grad @ v.mT, weights)
        out = torch.empty_like(packed)
        torch.baddbmm(out[0], of_scores, k, beta=0, alpha=scale, out=out[0])
        torch.baddbmm(out[1], of_scores.mT, q, beta=0, alpha=scale, out=out[1])
        torch.bmm(weights.mT, grad, out=out[2])
        return out


def _softmax(scores: Tensor) -> Tensor:
    """Return the softmax of `scores` (G, L, L) in their dtype."""
    if _slow_rows(scores):
        return torch.softmax(scores.float(), dim=-1).to(scores.dtype)
    return torch.softmax(scores, dim=-1)


def _softmax_backward(grad: Tensor, weights: Tensor) -> Tensor:
    """Return the gradient of the scores from that of the softmax's `weights` (G, L, L)."""
    if _slow_rows(weights):
        return _softmax_backward(grad.float(), weights.float()).to(weights.dtype)
    return torch._softmax_backward_data(grad, weights, -1, weights.dtype)  # noqa: SLF001 - autograd's own, for lack of a public one


def _slow_rows(rows: Tensor) -> bool:
    """Say whether float32 is the faster way: 0.6 ms against 1.5 ms on the short rows of time."""
    return rows.dtype == torch.bfloat16 and rows.shape[-1] < FUSED_MIN_TOKENS


def _fuses(tokens: Tensor) -> bool:
    """Say whether oneDNN's own linear layer is at hand for `tokens`, and the faster one."""
    return (
        not torch.compiler.is_compiling()
        and tokens.device.type == "cpu"
        and tokens.dtype == torch.bfloat16
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    )
