"""Features of sliding windows are those of each window alone, however much they share."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from rodepil.models.i3d import I3D, shares, slide
from rodepil.models.i3d.network import MIXED, STEM
from rodepil.models.i3d.stem import SharedStem


def frames(count: int, size_px: int, seed: int = 0) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.empty(count, 3, size_px, size_px).uniform_(-1, 1, generator=rng)


@pytest.fixture
def network(randomize_i3d: Any) -> I3D:
    model = I3D(8, size_px=32, classes=0).eval()
    randomize_i3d(model)
    return model


@pytest.mark.parametrize("stride", [2, 4, 6, 8, 12, 14])
@pytest.mark.parametrize("count", [16, 19, 61])
def test_windows_that_share_work_are_those_alone(network: I3D, stride: int, count: int):
    clip = frames(count, 32)
    starts = [start for start in range(0, count, stride) if start + 16 <= count]
    assert shares(network, stride)
    with torch.no_grad():
        alone = torch.cat([network.pooled(clip[start : start + 16][None]) for start in starts])
    assert alone.std() > 0.05
    torch.testing.assert_close(slide(network, clip, stride), alone, atol=1e-5, rtol=0)


@pytest.mark.parametrize(("stride", "length"), [(3, 16), (16, 16), (20, 16), (4, 15), (4, 8)])
def test_windows_that_share_nothing_are_made_one_by_one(
    randomize_i3d: Any, stride: int, length: int
):
    model = I3D(4, frames=length, size_px=24, classes=0).eval()
    randomize_i3d(model)
    clip = frames(40, 24)
    assert not shares(model, stride)
    with torch.no_grad():
        alone = [model.pooled(clip[s : s + length][None]) for s in range(0, 41 - length, stride)]
    torch.testing.assert_close(slide(model, clip, stride), torch.cat(alone), atol=1e-5, rtol=0)


@pytest.mark.parametrize("size_px", [25, 30, 41])
@pytest.mark.parametrize("length", [10, 12, 20])
def test_other_sizes_and_lengths_are_shared_too(randomize_i3d: Any, size_px: int, length: int):
    model = I3D(4, frames=length, size_px=size_px, classes=0).eval()
    randomize_i3d(model)
    clip = frames(36, size_px)
    with torch.no_grad():
        alone = [model.pooled(clip[s : s + length][None]) for s in range(0, 37 - length, 4)]
    torch.testing.assert_close(slide(model, clip), torch.cat(alone), atol=1e-5, rtol=0)


def outputs_alike(network: I3D, part: str) -> list[int]:
    """Return which outputs over time of a window's part the next window has too, 2 earlier."""
    seen: list[Tensor] = []
    handle = network.get_submodule(part).register_forward_hook(lambda _, __, o: seen.append(o[0]))
    clip = frames(20, 32)
    with torch.no_grad():
        network.pooled(clip[:16][None])
        network.pooled(clip[4:][None])
    handle.remove()
    first, second = (each.transpose(0, 1) for each in seen)
    return [i for i in range(2, 8) if torch.allclose(first[i], second[i - 2], atol=1e-5)]


@pytest.mark.parametrize(
    ("part", "alike"),
    [
        # Outputs 1 to 5 see no zeros: of those of a window, 3 to 5 are 1 to 3 of the next.
        ("Conv3d_1a_7x7", [3, 4, 5]),
        ("MaxPool3d_2a_3x3", [3, 4, 5]),
        ("Conv3d_2b_1x1", [3, 4, 5]),
        # Outputs 2 to 4: only 4 is 2 of the next.
        ("Conv3d_2c_3x3", [4]),
        ("MaxPool3d_3a_3x3", [4]),
        ("Mixed_3b.b1a", [4]),
        # Output 3 alone sees no zeros, and the next window's is another.
        ("Mixed_3b.b1b", []),
        ("Mixed_3b.b2b", []),
        ("Mixed_3c.b0", []),
    ],
)
def test_which_outputs_two_windows_have_in_common(network: I3D, part: str, alike: list[int]):
    assert outputs_alike(network, part) == alike


def test_each_product_of_a_frame_is_made_once(network: I3D, monkeypatch: pytest.MonkeyPatch):
    made: list[int] = []
    usual = torch.nn.functional.conv2d

    def count(pictures: Tensor, *rest: Any, **named: Any) -> Tensor:
        made.append(len(pictures))
        return usual(pictures, *rest, **named)

    monkeypatch.setattr(torch.nn.functional, "conv2d", count)
    windows = 8
    stem = SharedStem([network.get_submodule(name) for name in STEM], 16, 4)
    stem(frames(16 + 4 * (windows - 1), 32))
    pairs = 8 + 2 * (windows - 1)
    assert made == [pairs, (pairs - 3) + 3 * windows]


def test_bf16_windows_are_close_to_float32(network: I3D):
    clip = frames(32, 32)
    expected = slide(network, clip)
    made = slide(network.to(torch.bfloat16), clip)
    assert made.dtype == torch.bfloat16
    assert (made - expected).norm() < 0.03 * expected.norm()


def test_at_224_px_more_than_half_of_the_arithmetic_can_be_shared_and_the_rest_can_not():
    """Multiply-adds by hand: outputs times taps; 8 outputs over time, 4 after a pool, then 2."""
    first = 8 * 112**2 * 64 * 3 * 7**3
    point, cube = 8 * 56**2 * 64 * 64, 8 * 56**2 * 192 * 64 * 27
    rest, before = 0, 192
    for name, (b0, b1a, b1b, b2a, b2b, b3b) in MIXED.items():
        places = {"3": 8 * 28**2, "4": 4 * 14**2, "5": 2 * 7**2}[name[0]]
        ones = before * (b0 + b1a + b2a + b3b)
        rest += places * (ones + 27 * (b1a * b1b + b2a * b2b))
        before = b0 + b1b + b2b + b3b
    whole = first + point + cube + rest
    assert 2 * whole / 1e9 == pytest.approx(55.6, abs=0.2)  # the FLOP that are told of the network
    # A window brings 2 pairs of frames, each for 8 taps, and 5 inputs of the cube with 3 taps each.
    shared = first * (2 * 8) / (8 * 7) + point * 5 / 8 + cube * (5 * 3) / (8 * 3) + rest
    assert whole / rest == pytest.approx(2.17, abs=0.02)
    assert whole / shared == pytest.approx(1.39, abs=0.02)
