"""I3D held against the published tables and a plain reference written here."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from rodepil.errors import ModelError
from rodepil.models.i3d import I3D
from rodepil.models.i3d.units import Pool, Unit, same_padding

# Inception of Szegedy et al., table 1, columns #1x1, #3x3 reduce, #3x3, #5x5 reduce, #5x5 (in
# TensorFlow's network a 3x3), pool proj; 5c's 48 as published.
TABLE = {
    "3b": "64 96 128 16 32 32",
    "3c": "128 128 192 32 96 64",
    "4b": "192 96 208 16 48 64",
    "4c": "160 112 224 24 64 64",
    "4d": "128 128 256 24 64 64",
    "4e": "112 144 288 32 64 64",
    "4f": "256 160 320 32 128 128",
    "5b": "256 160 320 32 128 128",
    "5c": "384 192 384 48 128 128",
}
BATCH_NORM = {"weight", "bias", "running_mean", "running_var", "num_batches_tracked"}


def expected_kernels(classes: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of every convolution by its published name."""
    shapes: dict[str, tuple[int, ...]] = {
        "Conv3d_1a_7x7": (64, 3, 7, 7, 7),
        "Conv3d_2b_1x1": (64, 64, 1, 1, 1),
        "Conv3d_2c_3x3": (192, 64, 3, 3, 3),
        "logits": (classes, 1024, 1, 1, 1),
    }
    before = 192
    for name, row in TABLE.items():
        b0, b1a, b1b, b2a, b2b, b3b = map(int, row.split())
        one, cube = (1, 1, 1), (3, 3, 3)
        shapes |= {
            f"Mixed_{name}.b0": (b0, before, *one),
            f"Mixed_{name}.b1a": (b1a, before, *one),
            f"Mixed_{name}.b1b": (b1b, b1a, *cube),
            f"Mixed_{name}.b2a": (b2a, before, *one),
            f"Mixed_{name}.b2b": (b2b, b2a, *cube),
            f"Mixed_{name}.b3b": (b3b, before, *one),
        }
        before = b0 + b1b + b2b + b3b
    assert before == 1024
    return shapes


def test_names_and_shapes_are_the_published_ones():
    with torch.device("meta"):
        state = I3D(classes=400).state_dict()
    kernels = expected_kernels(400)
    expected = {f"{name}.conv3d.weight": shape for name, shape in kernels.items()}
    for name in kernels.keys() - {"logits"}:
        per_channel = {f"{name}.bn.{part}": (kernels[name][0],) for part in BATCH_NORM}
        expected |= per_channel | {f"{name}.bn.num_batches_tracked": ()}
    expected["logits.conv3d.bias"] = (400,)
    assert {name: tuple(value.shape) for name, value in state.items()} == expected


def test_it_has_12_7_million_parameters():
    with torch.device("meta"):
        model = I3D(classes=400)
    kernels = expected_kernels(400)
    by_hand = sum(torch.Size(shape).numel() for shape in kernels.values()) + 400
    by_hand += sum(2 * shape[0] for name, shape in kernels.items() if name != "logits")
    assert sum(parameter.numel() for parameter in model.parameters()) == by_hand == 12_697_264


@pytest.mark.parametrize("kernel", [1, 2, 3, 7])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("length", [1, 2, 5, 8, 9, 16])
def test_same_padding_is_tensorflows(length: int, kernel: int, stride: int):
    # TensorFlow's two cases, word for word: a multiple of the stride, or not.
    rest = length % stride
    total = max(kernel - stride, 0) if rest == 0 else max(kernel - rest, 0)
    assert same_padding(length, kernel, stride) == (total // 2, total - total // 2)


def plain_unit(clip: Tensor, unit: Unit, stride: int) -> Tensor:
    """Return what a unit makes of (C, T, H, W), one output after the other."""
    weight, bn = unit.conv3d.weight, unit.bn
    kernel = weight.shape[2]
    sizes = [-(-length // stride) for length in clip.shape[1:]]
    out = torch.zeros(len(weight), *sizes)
    fronts = [
        max((n - 1) * stride + kernel - s, 0) // 2
        for n, s in zip(sizes, clip.shape[1:], strict=True)
    ]
    for place in torch.cartesian_prod(*map(torch.arange, sizes)).tolist():
        total = torch.zeros(len(weight))
        for tap in torch.cartesian_prod(*[torch.arange(kernel)] * 3).tolist():
            at = [p * stride + k - f for p, k, f in zip(place, tap, fronts, strict=True)]
            if all(0 <= a < s for a, s in zip(at, clip.shape[1:], strict=True)):
                total += weight[:, :, tap[0], tap[1], tap[2]] @ clip[:, at[0], at[1], at[2]]
        out[:, place[0], place[1], place[2]] = total
    normal = (out.movedim(0, -1) - bn.running_mean) / torch.sqrt(bn.running_var + 0.001)
    return (normal * bn.weight + bn.bias).clamp(min=0).movedim(-1, 0)


@pytest.mark.parametrize(("kernel", "stride"), [(7, 2), (3, 1)])
@pytest.mark.parametrize("sizes", [(4, 5, 6), (5, 4, 3)])
def test_a_unit_is_the_plain_sum(
    randomize_i3d: Any, kernel: int, stride: int, sizes: tuple[int, int, int]
):
    unit = Unit(2, 3, (kernel,) * 3, (stride,) * 3).eval()
    randomize_i3d(unit)
    clip = torch.randn(2, *sizes, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(unit(clip[None])[0], plain_unit(clip, unit, stride))
        weight, bias = unit.folded()
    assert weight.shape == unit.conv3d.weight.shape
    assert bias.shape == (3,)


@pytest.mark.parametrize("kernel", [2, 3])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_pool_is_the_greatest_of_what_is_there(kernel: int, stride: int):
    clip = torch.rand(5, 4, 7, generator=torch.Generator().manual_seed(0))
    made = Pool((kernel,) * 3, (stride,) * 3)(clip[None, None])[0, 0]
    for place in torch.cartesian_prod(*map(torch.arange, made.shape)).tolist():
        spans = []
        for p, length, outputs in zip(place, clip.shape, made.shape, strict=True):
            front = max((outputs - 1) * stride + kernel - length, 0) // 2
            spans.append(slice(max(p * stride - front, 0), max(p * stride - front + kernel, 0)))
        assert made[tuple(place)] == clip[tuple(spans)].max()


def test_features_of_16_frames_at_224_px_are_the_2_7_7_average(randomize_i3d: Any):
    model = I3D(4, classes=3).eval()
    randomize_i3d(model)
    seen: list[Tensor] = []
    model.Mixed_5c.register_forward_hook(lambda _, __, out: seen.append(out))
    clip = torch.randn(1, 16, 3, 224, 224).clamp(-1, 1)
    with torch.no_grad():
        pooled, scores = model.pooled(clip), model(clip)
    assert seen[0].shape == (1, 64, 2, 7, 7)
    average = functional.avg_pool3d(seen[0], (2, 7, 7), stride=1)
    assert average.shape == (1, 64, 1, 1, 1)
    torch.testing.assert_close(pooled, average.flatten(1))
    torch.testing.assert_close(scores, model.logits.conv3d(average).flatten(1))
    assert (model.pooled_width, I3D(classes=0).pooled_width) == (64, 1024)


@pytest.mark.parametrize("how", ["whole", "autocast"])
def test_bf16_is_close_to_float32(randomize_i3d: Any, how: str):
    model = I3D(8, size_px=32, classes=4).eval()
    randomize_i3d(model)
    clip = torch.randn(2, 16, 3, 32, 32).clamp(-1, 1)
    with torch.no_grad():
        expected = model(clip)
        if how == "whole":
            made = model.to(torch.bfloat16)(clip)
        else:
            with torch.autocast("cpu", torch.bfloat16):
                made = model(clip)
    assert made.dtype == torch.bfloat16
    assert (made - expected).norm() < 0.03 * expected.norm()


def test_gradients_reach_every_parameter():
    model = I3D(4, size_px=32, classes=2)
    model(torch.randn(2, 16, 3, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in model.parameters())
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm3d)]
    assert len(norms) == 57
    assert {(norm.eps, norm.momentum) for norm in norms} == {(0.001, 0.01)}


@pytest.mark.parametrize(
    ("clip", "says"),
    [
        (torch.zeros(1, 8, 3, 32, 32), "wants (B, 16, 3, 32, 32)"),
        (torch.zeros(1, 16, 3, 32, 32, dtype=torch.uint8), "mean 0.5 and std 0.5"),
    ],
)
def test_clips_that_do_not_fit_are_refused(clip: Tensor, says: str):
    with pytest.raises(ModelError, match=re.escape(says)):
        I3D(4, size_px=32).pooled(clip)


def test_sizes_that_do_not_fit_are_refused():
    for width in (0, 6, -4):
        with pytest.raises(ModelError, match=f"width {width} of I3D .* multiple of 4"):
            I3D(width)
    with pytest.raises(ModelError, match="frames of I3D is 0"):
        I3D(frames=0)
    with pytest.raises(ModelError, match="has no logits; take 'pooled'"):
        I3D(4, size_px=32, classes=0)(torch.zeros(1, 16, 3, 32, 32))
