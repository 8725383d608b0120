"""The operations of a transformer against PyTorch's own, in value and gradient."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from rodepil.models.attend import FUSED_MIN_TOKENS, PART_NUMBERS, attend
from rodepil.models.kernels import PART_TOKENS, layer_norm, linear, mlp

Kernel = Callable[[Tensor], Tensor]


def _packed(tokens: int) -> Tensor:
    """Make q, k and v as a projection leaves them: (3, B, H, L, D), not contiguous."""
    generator = torch.Generator().manual_seed(tokens)
    return torch.randn(2, tokens, 3, 3, 8, generator=generator).permute(2, 0, 3, 1, 4)


def _both(
    kernel: Kernel, oracle: Kernel, x: Tensor, dtype: torch.dtype
) -> list[tuple[Tensor, ...]]:
    """Return value and gradient of `kernel` in `dtype`, and of `oracle` in float64."""
    found = []
    for call, kind in ((kernel, dtype), (oracle, torch.float64)):
        given = x.to(kind, copy=True).requires_grad_()
        out = call(given)
        weights = torch.linspace(-1, 1, out.numel(), dtype=torch.float64).view(out.shape)
        (grad,) = torch.autograd.grad((out.double() * weights).sum(), given)
        assert out.dtype == grad.dtype == kind
        found.append((out.detach(), grad))
    return found


@pytest.mark.parametrize("tokens", [1, 16, FUSED_MIN_TOKENS - 1, FUSED_MIN_TOKENS, 197])
@pytest.mark.parametrize(("dtype", "share"), [(torch.float32, 1e-5), (torch.bfloat16, 0.02)])
def test_attention_is_pytorchs_in_value_and_gradient(tokens: int, dtype: torch.dtype, share: float):
    def oracle(packed: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(*packed.unbind(0))

    ours, exact = _both(attend, oracle, _packed(tokens), dtype)
    for one, other in zip(ours, exact, strict=True):
        assert one.shape == other.shape
        assert (one.double() - other).abs().max() <= share * other.abs().max()


def test_attention_keeps_small_scores_apart_in_the_gradient_of_time():
    """gradcheck in float64, on the rows that plain products serve."""
    packed = _packed(4).double().contiguous().requires_grad_()
    assert torch.autograd.gradcheck(attend, (packed,))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("tokens", [16, 197])
def test_attention_over_time_and_frames_in_many_parts_is_that_of_each_group(
    tokens: int, dtype: torch.dtype
):
    """Groups in two dimensions, as places of clips, more than one part of them."""
    places = 3 * PART_NUMBERS // (2 * tokens * max(tokens, 24))
    generator = torch.Generator().manual_seed(0)
    qkv = torch.randn(2, tokens, places, 3, 2, 8, generator=generator).to(dtype)
    packed = qkv.permute(3, 0, 2, 4, 1, 5).requires_grad_()
    mixed = attend(packed)
    (grad,) = torch.autograd.grad(mixed.float().square().sum(), packed)
    for clip, place in ((0, 0), (1, places // 2), (1, places - 1)):
        one = packed[:, clip, place].detach().clone().requires_grad_()
        alone = attend(one[:, None])[0]
        (its_grad,) = torch.autograd.grad(alone.float().square().sum(), one)
        torch.testing.assert_close(mixed[clip, place], alone)
        torch.testing.assert_close(grad[:, clip, place], its_grad)
    assert mixed.permute(0, 3, 1, 2, 4).is_contiguous() == (dtype != torch.float32 or tokens == 16)


def _layers() -> tuple[nn.Linear, nn.Linear]:
    torch.manual_seed(0)
    return nn.Linear(40, 72), nn.Linear(72, 24)


@pytest.mark.parametrize(("dtype", "share"), [(torch.float32, 1e-5), (torch.bfloat16, 0.02)])
@pytest.mark.parametrize("kernel", [linear, mlp])
@pytest.mark.parametrize("count", [5, PART_TOKENS + 9])
def test_layers_are_pytorchs_in_value_and_every_gradient(
    kernel: Callable[..., Tensor], dtype: torch.dtype, share: float, count: int
):
    mine, exact = (_layers()[: 2 if kernel is mlp else 1] for _ in range(2))
    oracle = nn.Sequential(*exact[:1], *([nn.GELU(), exact[1]] if kernel is mlp else [])).double()
    tokens = torch.randn(2, count, 40)
    given, wanted = (tokens.to(kind, copy=True).requires_grad_() for kind in (dtype, torch.float64))
    ours, theirs = kernel(*mine, given), oracle(wanted)
    slope = torch.linspace(0.5, 1, theirs.numel()).view(theirs.shape)
    (ours.float() * slope).sum().backward()
    (theirs * slope).sum().backward()
    of_mine, of_exact = (
        [value.grad for layer in layers for value in layer.parameters()] for layers in (mine, exact)
    )
    assert ours.dtype == dtype
    assert {grad.dtype for grad in of_mine} == {torch.float32}
    pairs = [(ours, theirs), (given.grad, wanted.grad), *zip(of_mine, of_exact, strict=True)]
    for one, other in pairs:
        assert (one.double() - other).abs().max() <= share * other.abs().max()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_scoring_gives_what_training_gives(dtype: torch.dtype):
    layers, tokens = _layers(), torch.randn(2, PART_TOKENS, 40).to(dtype)
    with torch.no_grad():
        scored = mlp(*layers, tokens)
    torch.testing.assert_close(scored, mlp(*layers, tokens), atol=0.02, rtol=0.02)


def test_going_back_through_an_mlp_twice_is_an_error():
    """Its gradient takes the place of what was kept, so a second one would be wrong."""
    out = mlp(*_layers(), torch.randn(3, 40).bfloat16())
    out.float().sum().backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="inplace operation"):
        out.float().sum().backward()


@torch.no_grad()
def test_the_product_with_gelu_in_it_is_the_exact_gelu():
    """Between -2.6 and -1.8 the tanh form is off by up to 5e-4 of 0.03, twice what rounding is."""
    identity = nn.Linear(16, 16)
    nn.init.eye_(identity.weight)
    nn.init.zeros_(identity.bias)
    tokens = torch.linspace(-2.6, -1.8, 160).view(10, 16).bfloat16()
    exact, rough = (functional.gelu(tokens.double(), approximate=way) for way in ("none", "tanh"))
    found = mlp(identity, identity, tokens).double()
    assert (found - exact).abs().mean() < 0.3 * (rough - exact).abs().mean()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_layer_norm_is_pytorchs(dtype: torch.dtype):
    norm = nn.LayerNorm(24, eps=1e-6)
    with torch.no_grad():
        norm.weight.normal_()
        norm.bias.normal_()
    tokens = (5 + torch.randn(3, 7, 24)).to(dtype)
    exact = functional.layer_norm(
        tokens.double(), (24,), norm.weight.double(), norm.bias.double(), 1e-6
    )
    found = layer_norm(norm, tokens)
    assert found.dtype == dtype
    share = 1e-5 if dtype == torch.float32 else 0.01
    assert (found.double() - exact).abs().max() <= share * exact.abs().max()


def test_a_processor_that_multiplies_no_halves_computes_them_in_another_way():
    """oneDNN is told to take this processor for an older one, in a process of its own."""
    code = (
        "import torch; from torch import nn; from rodepil.models.kernels import linear, mlp;"
        "one, two = nn.Linear(40, 72), nn.Linear(72, 24); x = torch.randn(3, 40).bfloat16();"
        "out = mlp(one, two, x) + linear(two, linear(one, x)); out.sum().backward();"
        "print(torch.ops.mkldnn._is_mkldnn_bf16_supported(), bool(out.isfinite().all()))"
    )
    said = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"ONEDNN_MAX_CPU_ISA": "AVX2"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert said.stdout.split() == ["False", "True"]
