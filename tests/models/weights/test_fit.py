"""A network that starts from weights: what is loaded, resized, kept, and refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.models.registry import build
from rodepil.models.timesformer import TimeSformer
from rodepil.models.weights import Weights, load, start_from
from rodepil.models.weights.fit import Fit

SETTINGS = ModelSettings(width=48, depth=3, heads=4, patch_px=8, mlp_ratio=2)


def _network(classes: int = 5, frames: int = 4, size_px: int = 32, **change: Any) -> TimeSformer:
    settings = ModelSettings(**{**SETTINGS.model_dump(), **change})
    features = FeatureSettings(frames=frames, size_px=size_px)
    model = build(settings, features, classes=classes, seed=11).eval()
    assert isinstance(model, TimeSformer)
    return model


@pytest.mark.parametrize("name", ["official", "hugging_face", "rodepil"])
def test_weights_of_every_format_give_hugging_faces_logits(name: str, files: Any, make_clips: Any):
    model = _network()
    fit = start_from(model, load(files.make(name)))
    assert fit.head_kept
    clips = make_clips(2, 4, 32)
    with torch.no_grad():
        assert (model(clips) - files.theirs(clips).logits).abs().max() <= 1e-5


@pytest.mark.parametrize("name", ["timm_vit", "pth"])
def test_identical_frames_give_the_vits_logits_of_one(name: str, files: Any, make_clips: Any):
    path = files.timm_vit()
    if name == "pth":
        path = files.folder / "vit.pth"
        torch.save({"state_dict": files.vit.state_dict()}, path)
    model = _network(frames=6, temporal_init="mimetic")  # whose time does not start at zero
    fit = start_from(model, load(path, "imagenet"))
    assert not fit.has_time
    frame = make_clips(3, 1, 32)
    with torch.no_grad():
        difference = model(frame.expand(-1, 6, -1, -1, -1)) - files.vit(frame[:, 0])
    assert difference.abs().max() <= 1e-5


def test_attention_over_time_starts_as_the_vits_and_is_switched_off_in_all_blocks(files: Any):
    model = _network(frames=6)
    start_from(model, load(files.timm_vit()))
    weights, vit = model.state_dict(), files.vit.state_dict()
    assert not weights["time_embed"].any()
    for number in range(3):
        block = f"blocks.{number}."
        for ours, theirs in (("temporal_attn", "attn"), ("temporal_norm1", "norm1")):
            for name in [name for name in vit if name.startswith(f"{block}{theirs}.")]:
                assert torch.equal(weights[name.replace(theirs, ours)], vit[name]), name
        assert not weights[f"{block}temporal_fc.weight"].any()
        assert not weights[f"{block}temporal_fc.bias"].any()


def test_loaded_weights_share_no_memory_with_each_other(files: Any):
    model = _network(frames=6)
    start_from(model, load(files.timm_vit()))
    places = [parameter.data_ptr() for parameter in model.parameters()]
    assert len(set(places)) == len(places)


def test_another_number_of_classes_keeps_the_networks_first_head(files: Any):
    model = _network(classes=2)
    first = model.head.weight.detach().clone()
    fit = start_from(model, load(files.official()))
    assert not fit.head_kept
    assert fit.classes == (5, 2)
    assert torch.equal(model.head.weight, first)
    assert torch.equal(model.norm.weight, files.network.norm.weight)


def test_weights_without_a_head_leave_the_networks(files: Any):
    files.theirs.timesformer.save_pretrained(files.folder / "backbone")
    model = _network()
    first = model.head.weight.detach().clone()
    fit = start_from(model, load(files.folder / "backbone"))
    assert torch.equal(model.head.weight, first)
    assert "new, 5 classes; the weights have no head" in str(fit)


def test_nothing_is_resized_where_nothing_has_to_be(files: Any):
    model = _network()
    start_from(model, load(files.official()), "bicubic")
    for name, value in files.network.state_dict().items():
        assert torch.equal(model.state_dict()[name], value), name


def test_what_was_done_is_told(files: Any):
    fit = start_from(_network(classes=2, frames=8, size_px=16), load(files.rodepil()), "official")
    assert fit == Fit(
        weights="model.safetensors, safetensors with rodepil's card or note",
        method="official",
        frames=(4, 8),
        size_px=(32, 16),
        classes=(5, 2),
        head_kept=False,
        has_time=True,
        mean=(0.1, 0.2, 0.3),
        std=(0.4, 0.5, 0.6),
    )
    assert str(fit).endswith(
        "; time: resized 4 -> 8 frames, official; place: resized 32 -> 16 px, official; "
        "head: new, 2 classes; the weights have 5; normalisation: 0.1 0.2 0.3 / 0.4 0.5 0.6"
    )
    same = str(start_from(_network(), load(files.official())))
    assert (
        "time: 4 frames; place: 32 px; head: kept, 5 classes; normalisation: 0.45 / 0.225" in same
    )
    image = str(start_from(_network(frames=6), load(files.timm_vit())))
    assert "time: starts at zero, 6 frames" in image


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"width": 96}, "model.width 96 for 48"),
        ({"depth": 2}, "model.depth 2 for 3"),
        ({"patch_px": 16}, "model.patch_px 16 for 8"),
        ({"mlp_ratio": 4.0}, "model.mlp_ratio 4 for 2"),
        ({"heads": 6}, "model.heads 6 for 4"),
    ],
)
def test_sizes_that_differ_are_named_as_settings(change: dict[str, Any], told: str, files: Any):
    model = _network(**change)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    key, wanted = told.split(maxsplit=1)[0], told.rsplit(maxsplit=1)[-1]
    with pytest.raises(ModelError) as caught:
        start_from(model, load(files.hugging_face()))
    assert told in str(caught.value)
    assert f"--set {key}={wanted}" in str(caught.value)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_all_sizes_that_differ_are_named_at_once(files: Any):
    with pytest.raises(ModelError) as caught:
        start_from(_network(width=96, depth=2, heads=8, patch_px=16), load(files.rodepil()))
    wanted = "--set model.width=48 --set model.depth=3 --set model.heads=4 --set model.patch_px=8"
    assert wanted in str(caught.value)


def test_heads_that_a_file_does_not_state_are_the_settings(files: Any):
    network, weights = _network(heads=6), load(files.official())
    assert weights.note.heads is None
    start_from(network, weights)
    qkv = "blocks.0.attn.qkv.weight"
    assert torch.equal(network.state_dict()[qkv], weights.tensors[qkv])
    assert network.get_submodule("blocks.0.attn").heads == 6


def test_heads_of_published_sizes_are_known_without_being_stated(tmp_path: Any):
    settings = ModelSettings(width=192, depth=12, heads=3, patch_px=16)
    features = FeatureSettings(frames=1, size_px=16)
    model = build(settings, features, classes=2)
    torch.save({"model_state": model.state_dict()}, tmp_path / "tiny.pyth")
    weights = load(tmp_path / "tiny.pyth")
    assert weights.note.heads == 3  # ViT-Ti's
    other = build(settings.model_copy(update={"heads": 4}), features, classes=2)
    with pytest.raises(ModelError, match=r"model\.heads 4 for 3"):
        start_from(other, weights)


def test_numbers_that_are_not_finite_are_refused_here_as_well(files: Any):
    weights = load(files.official())
    poisoned = dict(weights.tensors)
    poisoned["norm.bias"] = torch.full((48,), float("nan"))
    broken = Weights(
        weights.format, weights.title, weights.source, poisoned, weights.sizes, weights.note
    )
    with pytest.raises(ModelError, match=r"NaN or infinite numbers in norm\.bias"):
        start_from(_network(), broken)


def test_another_network_is_refused(files: Any):
    with pytest.raises(ModelError, match="want a TimeSformer, not Linear"):
        start_from(nn.Linear(2, 2), load(files.official()))
