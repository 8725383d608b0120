"""The dense operations of a transformer, each in its fastest exact form.

Shapes: M tokens, C width, F width of an MLP's hidden layer.

Every operation computes in the dtype of the tokens that it is given: parameters are cast to it,
and their gradients back.

On a CPU in half precision what is lost beside the products goes to memory. PyTorch's linear layer
first copies its bias over all of its output, and its GELU reads and writes the widest tensor of a
block once more; oneDNN's own linear layer, which PyTorch's compiler emits, does both within the
product: 3136 tokens of 768 to 3072 with GELU take 30 ms with it on a Zen 5 core and 34 to 46 ms
without. And an MLP goes through its tokens in parts, so that its hidden layer stays in the cache
and is kept once, not twice, for the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

PART_TOKENS = 784
"""Tokens that an MLP takes at a time: four frames at 224 px, whose hidden layer is 5 MB."""


def linear(layer: nn.Linear, tokens: Tensor) -> Tensor:
    """Return what `layer` makes of `tokens` (..., in): (..., out) of their dtype."""
    return affine(tokens, *_cast(layer, tokens))


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


def mlp(first: nn.Linear, second: nn.Linear, tokens: Tensor) -> Tensor:
    """Return two linear layers of `tokens` (..., C) with an exact GELU between them, (..., C)."""
    if not _fuses(tokens):
        return linear(second, functional.gelu(linear(first, tokens)))
    rows = tokens.reshape(-1, tokens.shape[-1])
    parameters = (*_cast(first, tokens), *_cast(second, tokens))
    out: Tensor
    if torch.is_grad_enabled():
        out = _Mlp.apply(rows, *parameters)
    else:
        out = rows.new_empty(len(rows), second.out_features)
        into, shift, back, last = parameters
        for part in _parts(len(rows)):
            out[part] = _fused(_fused(rows[part], into, shift, gelu=True), back, last)
    return out.view(*tokens.shape[:-1], -1)


def layer_norm(norm: nn.LayerNorm, tokens: Tensor) -> Tensor:
    """Return `tokens` (..., C) normalised over C; statistics are taken in float32."""
    weight: Tensor = norm.weight
    bias: Tensor = norm.bias
    if tokens.device.type != "cpu":  # other devices want tokens and parameters of one dtype
        weight, bias = weight.to(tokens.dtype), bias.to(tokens.dtype)
    return functional.layer_norm(tokens, norm.normalized_shape, weight, bias, norm.eps)


class _Affine(torch.autograd.Function):
    """A linear layer by oneDNN, on a CPU in half precision."""

    @staticmethod
    def forward(ctx: Any, tokens: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        ctx.save_for_backward(tokens, weight)
        return _fused(tokens, weight, bias)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        tokens, weight = ctx.saved_tensors
        rows = grads[0].flatten(0, -2)
        return grads[0] @ weight, rows.t() @ tokens.flatten(0, -2), rows.sum(0)


class _Mlp(torch.autograd.Function):
    """An MLP of rows (M, C) in parts; only what enters the GELU is kept for the way back."""

    @staticmethod
    def forward(  # noqa: PLR0917 - autograd passes by place
        ctx: Any, rows: Tensor, into: Tensor, shift: Tensor, back: Tensor, last: Tensor
    ) -> Tensor:
        before = rows.new_empty(len(rows), len(into))
        out = rows.new_empty(len(rows), len(back))
        for part in _parts(len(rows)):
            hidden = _fused(rows[part], into, shift)
            before[part] = hidden
            out[part] = _fused(functional.gelu(hidden), back, last)
        ctx.save_for_backward(rows, into, back, before)
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        rows, into, back, before = ctx.saved_tensors
        grad = grads[0].contiguous()
        hidden = torch.empty_like(before)
        for part in _parts(len(rows)):
            enters = before[part]
            hidden[part] = functional.gelu(enters)
            # The gradient takes the place of what it was computed from; going back twice is an
            # error that autograd raises.
            before[part] = torch.ops.aten.gelu_backward(grad[part] @ back, enters)
        return (
            before @ into,
            before.t() @ rows,
            before.sum(0),
            grad.t() @ hidden,
            grad.sum(0),
        )


def _fused(tokens: Tensor, weight: Tensor, bias: Tensor, *, gelu: bool = False) -> Tensor:
    """Return a linear layer, and its GELU, in one of oneDNN's products."""
    kind = "gelu" if gelu else "none"
    out: Tensor = torch.ops.mkldnn._linear_pointwise(tokens, weight, bias, kind, [], "none")  # noqa: SLF001 - as the compiler emits it
    return out


def _cast(layer: nn.Linear, tokens: Tensor) -> tuple[Tensor, Tensor]:
    """Return weight and bias of `layer` in the dtype of `tokens`."""
    return layer.weight.to(tokens.dtype), layer.bias.to(tokens.dtype)


def _parts(rows: int) -> Iterator[slice]:
    """Yield the parts that an MLP takes one after another."""
    return (slice(start, start + PART_TOKENS) for start in range(0, rows, PART_TOKENS))


def _fuses(tokens: Tensor) -> bool:
    """Say whether oneDNN's own linear layer is at hand for `tokens`, and the faster one."""
    return (
        not torch.compiler.is_compiling()
        and tokens.device.type == "cpu"
        and tokens.dtype == torch.bfloat16
        and _has_fused_halves()
    )


@cache
def _has_fused_halves() -> bool:
    """Say whether oneDNN is built in and multiplies bfloat16 on this processor."""
    ops = torch.ops.mkldnn
    return (
        bool(torch.backends.mkldnn.is_available())  # type: ignore[no-untyped-call]
        and hasattr(ops, "_is_mkldnn_bf16_supported")
        and bool(ops._is_mkldnn_bf16_supported())  # noqa: SLF001 - nothing public tells
    )
