"""TimeSformer against Hugging Face's network with the same weights."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from rodepil.config.settings import ModelSettings
from rodepil.models.timesformer import TimeSformer

SMALL = (ModelSettings(width=48, depth=3, heads=4, patch_px=8, drop_path=0.3), 5, 32)
ONE_BLOCK = (ModelSettings(width=32, depth=1, heads=2, patch_px=16, mlp_ratio=2.0), 16, 32)
AS_PUBLISHED = (ModelSettings(width=192, depth=2, heads=3, patch_px=16), 8, 224)
IDS = ("small", "one_block", "8x224")


@pytest.mark.parametrize("case", [SMALL, ONE_BLOCK, AS_PUBLISHED], ids=IDS)
def test_logits_and_gradients_are_those_of_hugging_face(
    case: tuple[ModelSettings, int, int], randomize: Any, hugging_face: Any, make_clips: Any
):
    settings, frames, size_px = case
    ours = TimeSformer(settings, frames=frames, size_px=size_px, classes=5).eval()
    randomize(ours)
    theirs = hugging_face.twin(ours, settings)
    clips, labels = make_clips(2, frames, size_px), torch.tensor([3, 1])

    our_logits, their_logits = ours(clips), theirs(clips).logits
    functional.cross_entropy(our_logits, labels).backward()
    functional.cross_entropy(their_logits, labels).backward()

    assert (our_logits[0] - our_logits[1]).abs().max() > 0.05  # the clips are seen at all
    assert (our_logits - their_logits).abs().max() <= 1e-5
    gradients = {name: value.grad for name, value in theirs.named_parameters()}
    for name, parameter in ours.named_parameters():
        expected = gradients.pop(hugging_face.name(name))
        assert parameter.grad is not None, name
        worst = (parameter.grad - expected).abs().max() / expected.abs().max()
        assert worst <= 1e-4, f"{name}: {worst:.1e}"
    assert not gradients


def test_state_dict_has_the_published_names_and_count():
    """TimeSformer_divST_8x32_224_K400.pyth holds 249 tensors and 121,566,352 numbers."""
    settings = ModelSettings(width=768, depth=12, heads=12, patch_px=16)
    with torch.device("meta"):
        model = TimeSformer(settings, frames=8, size_px=224, classes=400)
    weights = model.state_dict()
    assert len(weights) == 249
    assert sum(value.numel() for value in weights.values()) == 121_566_352
    assert {"blocks.11.temporal_attn.qkv.weight", "blocks.0.temporal_fc.bias"} <= set(weights)
    assert weights["time_embed"].shape == (1, 8, 768)
    assert weights["pos_embed"].shape == (1, 197, 768)
