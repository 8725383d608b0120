"""What holds for every TimeSformer: sizes, order of frames, first weights, errors."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import Tensor

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.models.registry import build
from rodepil.models.timesformer import TimeSformer

TINY = ModelSettings(width=24, depth=2, heads=2, patch_px=8)


@pytest.mark.parametrize(
    ("frames", "size_px", "patch_px", "depth", "classes"),
    [(1, 8, 8, 1, 2), (3, 24, 8, 2, 3), (17, 16, 4, 1, 2), (2, 112, 16, 1, 14), (16, 64, 16, 3, 1)],
)
def test_any_size_gives_one_row_of_logits_a_clip(
    frames: int, size_px: int, patch_px: int, depth: int, classes: int
):
    settings = ModelSettings(width=24, depth=depth, heads=2, patch_px=patch_px, dropout=0.1)
    features = FeatureSettings(frames=frames, size_px=size_px)
    model = build(settings, features, classes=classes, seed=0)
    clips = torch.rand(2, frames, 3, size_px, size_px)
    for mode in (True, False):
        logits = model.train(mode)(clips)
        assert logits.shape == (2, classes)
        assert logits.isfinite().all()


def test_every_weight_gets_a_gradient():
    model = build(TINY, FeatureSettings(frames=3, size_px=16), seed=0)
    with torch.no_grad():
        for block in model.get_submodule("blocks").children():
            block.temporal_fc.weight.fill_(0.1)
    model(torch.rand(2, 3, 3, 16, 16))[:, 0].sum().backward()
    assert [name for name, value in model.named_parameters() if value.grad is None] == []


def _shuffled_difference(model: TimeSformer) -> Tensor:
    clips = torch.rand(2, 4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return (model.eval()(clips) - model(clips[:, [2, 0, 3, 1]])).abs().max()


def test_order_of_frames_matters_once_time_is_switched_on(randomize: Any):
    model = TimeSformer(TINY, frames=4, size_px=16)
    randomize(model)
    assert _shuffled_difference(model) > 1e-3


def test_order_of_frames_does_not_matter_without_time_embedding(randomize: Any):
    model = TimeSformer(TINY, frames=4, size_px=16)
    randomize(model)
    with torch.no_grad():
        model.time_embed.zero_()
    assert _shuffled_difference(model) < 1e-5


def test_first_weights_follow_vits_rule_and_time_starts_at_zero():
    """Xavier's deviation is sqrt(2 / (in + out)), LeCun's 1 / sqrt(in)."""
    settings = ModelSettings(width=96, depth=2, heads=4, patch_px=16, temporal_init="zero")
    model = build(settings, FeatureSettings(frames=4, size_px=224), seed=5)
    expected = {
        "attn.qkv.weight": (2 / (96 + 288)) ** 0.5,
        "attn.proj.weight": (2 / (96 + 96)) ** 0.5,
        "mlp.fc1.weight": (2 / (96 + 384)) ** 0.5,
        "mlp.fc2.weight": (2 / (96 + 384)) ** 0.5,
        "patch_embed.proj.weight": (3 * 16 * 16) ** -0.5,
        "pos_embed": 0.02 * 0.8796,
    }
    seen = set()
    for name, value in model.named_parameters():
        if "temporal_fc" in name or name == "time_embed" or name.endswith("bias"):
            assert not value.any(), name
        elif "norm" in name:
            assert (value == 1).all(), name
        elif key := next((key for key in expected if name.endswith(key)), None):
            assert value.std().item() == pytest.approx(expected[key], rel=0.03), name
            assert abs(value.mean().item()) < 0.03 * expected[key], name
            seen.add(key)
        else:
            assert name in {"cls_token", "head.weight"}
            assert 0 < value.abs().max() <= 0.04
    assert seen == set(expected)


def test_mimetic_time_starts_by_taking_away_what_neighbouring_frames_show():
    """A patch that stands still keeps almost nothing; one that jumps once keeps its jump."""
    settings = ModelSettings(width=128, depth=2, heads=4, pretrained="none")
    model = build(settings, FeatureSettings(frames=16, size_px=32), seed=5)
    drawn = torch.randn(2, 200, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 0.45
    still = drawn[0][:, None].expand(-1, 16, -1, -1, -1)
    jumping = still.clone()
    jumping[:, 8] = drawn[1]

    def kept(clips: torch.Tensor) -> torch.Tensor:
        patches = model.patch_embed(clips)
        with torch.no_grad():
            after = model.blocks[0].attend_time(patches + model.time_embed[:, :, None])
        return after[..., 32:].pow(2).mean(dim=(0, 2, 3)).sqrt()  # beside the features of time

    assert model.patch_embed(still)[..., 32:].std().item() == pytest.approx(1, abs=0.2)
    assert kept(still).max() < 0.45
    assert kept(jumping)[8] > 2 * kept(still).max()
    assert kept(jumping)[2] < 0.45


def test_a_new_head_on_pretrained_weights_starts_small():
    """What was learned shall reach the loss before the new head turns it about."""
    for pretrained, expected in (("none", (2 / (96 + 2)) ** 0.5), ("kinetics", 0.02 * 0.8796)):
        settings = ModelSettings(width=96, depth=1, heads=4, pretrained=pretrained)
        head = build(settings, FeatureSettings(), seed=5).get_parameter("head.weight")
        assert head.std().item() == pytest.approx(expected, rel=0.15)


def test_the_seed_alone_gives_the_weights():
    features = FeatureSettings(frames=2, size_px=16)
    torch.manual_seed(1)
    first = build(TINY, features, seed=7)
    state = torch.get_rng_state()
    second, third = build(TINY, features, seed=7), build(TINY, features, seed=8)
    assert torch.equal(state, torch.get_rng_state())
    same = zip(first.parameters(), second.parameters(), strict=True)
    assert all(torch.equal(one, other) for one, other in same)
    assert not torch.equal(first.get_parameter("pos_embed"), third.get_parameter("pos_embed"))


def test_bfloat16_autocast_stays_near_float32(randomize: Any, make_clips: Any):
    model = TimeSformer(TINY, frames=4, size_px=16).eval()
    randomize(model)
    clips = make_clips(2, 4, 16)
    with torch.no_grad():
        exact = model(clips)
        with torch.autocast("cpu", torch.bfloat16):
            near = model(clips)
    assert (near - exact).abs().max() < 0.1 * exact.abs().max()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size_px": 20}, "size_px 20 is no multiple of patch_px 8; take 16"),
        ({"size_px": 5}, "size_px 5 is no multiple of patch_px 8; take 8"),
        ({"frames": 0}, "frames is 0; give at least 1"),
        ({"classes": 0}, "classes is 0; give at least 1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(change: dict[str, int], message: str):
    with pytest.raises(ModelError, match=message):
        TimeSformer(TINY, **{"frames": 4, "size_px": 16, "classes": 2, **change})


@pytest.mark.parametrize(
    "shape", [(2, 3, 3, 16, 16), (2, 4, 1, 16, 16), (2, 4, 3, 16, 24), (4, 3, 16, 16)]
)
def test_clips_of_another_shape_are_refused(shape: tuple[int, ...]):
    model = TimeSformer(TINY, frames=4, size_px=16)
    with pytest.raises(ModelError, match=r"wants \(B, 4, 3, 16, 16\)"):
        model(torch.zeros(shape))


def test_clips_of_bytes_are_refused():
    model = TimeSformer(TINY, frames=4, size_px=16)
    with pytest.raises(ModelError, match="normalize"):
        model(torch.zeros(2, 4, 3, 16, 16, dtype=torch.uint8))


def test_drop_path_rises_linearly_to_its_last_value():
    settings = ModelSettings(width=24, depth=4, heads=2, patch_px=8, drop_path=0.3)
    model = TimeSformer(settings, frames=2, size_px=16)
    rates = [block.drop_path.probability for block in model.blocks]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3])
    assert all(later > earlier for earlier, later in itertools.pairwise(rates))
