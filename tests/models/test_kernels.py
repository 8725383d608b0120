"""The operations of a transformer against PyTorch's own, in value and gradient."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from rodepil.models.kernels import FUSED_MIN_TOKENS, attend, gelu_linear, layer_norm, linear

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


@pytest.fixture
def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(40, 24)


@pytest.mark.parametrize(("dtype", "share"), [(torch.float32, 1e-5), (torch.bfloat16, 0.02)])
@pytest.mark.parametrize("kernel", [linear, gelu_linear])
def test_a_linear_layer_is_pytorchs_in_value_and_every_gradient(
    kernel: Callable[[nn.Linear, Tensor], Tensor],
    layer: nn.Linear,
    dtype: torch.dtype,
    share: float,
):
    exact = nn.Linear(40, 24).double()
    exact.load_state_dict(layer.state_dict())
    tokens = torch.randn(2, 5, 40)
    given, wanted = (tokens.to(kind, copy=True).requires_grad_() for kind in (dtype, torch.float64))
    ours, oracle = kernel(layer, given), exact(wanted)
    if kernel is gelu_linear:
        oracle = functional.gelu(oracle)
    slope = torch.linspace(-1, 1, 240).view(2, 5, 24)
    (ours.float() * slope).sum().backward()
    (oracle * slope).sum().backward()
    pairs = [
        (ours, oracle),
        (given.grad, wanted.grad),
        (layer.weight.grad, exact.weight.grad),
        (layer.bias.grad, exact.bias.grad),
    ]
    assert ours.dtype == dtype
    assert layer.weight.grad.dtype == torch.float32
    for one, other in pairs:
        assert (one.double() - other).abs().max() <= share * other.abs().max()


@torch.no_grad()
def test_the_product_with_gelu_in_it_is_the_exact_gelu():
    """Between -2.6 and -1.8 the tanh form is off by up to 5e-4 of 0.03, twice what rounding is."""
    identity = nn.Linear(16, 16)
    nn.init.eye_(identity.weight)
    nn.init.zeros_(identity.bias)
    tokens = torch.linspace(-2.6, -1.8, 160).view(10, 16).bfloat16()
    exact, rough = (functional.gelu(tokens.double(), approximate=way) for way in ("none", "tanh"))
    found = gelu_linear(identity, tokens).double()
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
