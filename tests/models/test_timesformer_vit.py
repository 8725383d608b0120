"""TimeSformer against timm's ViT, which it is for a clip without motion."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from timm.models.vision_transformer import VisionTransformer

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.models.registry import build

SETTINGS = ModelSettings(width=48, depth=3, heads=4, patch_px=8, temporal_init="zero")


@pytest.fixture
def vit(randomize: Any) -> VisionTransformer:
    vit = VisionTransformer(
        img_size=32, patch_size=8, embed_dim=48, depth=3, num_heads=4, num_classes=5
    )
    randomize(vit)
    return vit.eval()


def test_a_clip_of_identical_frames_gives_the_vits_logits(vit: VisionTransformer, make_clips: Any):
    model = build(SETTINGS, FeatureSettings(frames=6, size_px=32), classes=5, seed=3).eval()
    result = model.load_state_dict(vit.state_dict(), strict=False)
    frame = make_clips(3, 1, 32)

    assert not result.unexpected_keys
    assert all("temporal" in key or key == "time_embed" for key in result.missing_keys)
    assert model.get_parameter("blocks.0.temporal_attn.qkv.weight").abs().max() > 0
    with torch.no_grad():
        difference = model(frame.expand(-1, 6, -1, -1, -1)) - vit(frame[:, 0])
    assert difference.abs().max() <= 1e-5


def test_a_clip_of_different_frames_gives_other_logits(vit: VisionTransformer, make_clips: Any):
    model = build(SETTINGS, FeatureSettings(frames=6, size_px=32), classes=5, seed=3).eval()
    model.load_state_dict(vit.state_dict(), strict=False)
    clip = make_clips(3, 6, 32)
    with torch.no_grad():
        assert (model(clip) - vit(clip[:, 0])).abs().max() > 0.01
