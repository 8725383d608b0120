"""At full size: the same weights in every format give Hugging Face's logits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from transformers import TimesformerConfig, TimesformerForVideoClassification

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.models.registry import build
from rodepil.models.weights import Weights, convert, load, start_from

BASE = ModelSettings(width=768, depth=12, heads=12, patch_px=16, temporal_init="zero")
CLASSES = 400


def _theirs(frames: int, size_px: int) -> TimesformerForVideoClassification:
    """Make TimeSformer-B as Hugging Face has it by default, without values of its own."""
    config = TimesformerConfig(num_frames=frames, image_size=size_px, num_labels=CLASSES)
    with torch.device("meta"):
        model = TimesformerForVideoClassification(config)
    return model.to_empty(device="cpu").eval()


@dataclass(frozen=True)
class Published:
    """A TimeSformer-B of Hugging Face's, saved and read."""

    folder: Path
    state: dict[str, Tensor]
    weights: Weights


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Published]:
    """Give it random weights, time switched on."""
    model = _theirs(8, 224)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            one = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            std = parameter[0].numel() ** -0.5 if name.endswith("weight") and not one else 0.2
            parameter.normal_(one, std, generator=generator)
    folder = tmp_path_factory.mktemp("published") / "hugging_face"
    model.save_pretrained(folder)
    yield Published(folder, model.state_dict(), load(folder, "kinetics"))
    (folder / "model.safetensors").unlink()


def _logits(model: torch.nn.Module, frames: int, size_px: int) -> Tensor:
    generator = torch.Generator().manual_seed(frames)
    clip = torch.randn(1, frames, 3, size_px, size_px, generator=generator)
    with torch.no_grad():
        out = model(clip)
    logits: Tensor = getattr(out, "logits", out)
    return logits


def _nearest(rows: Tensor, count: int) -> Tensor:
    return functional.interpolate(rows.mT, size=count, mode="nearest").mT


def _resized(state: dict[str, Tensor], frames: int, size_px: int) -> dict[str, Tensor]:
    """Resize Hugging Face's embeddings by the published rule."""
    embeddings = "timesformer.embeddings."
    time, place = f"{embeddings}time_embeddings", f"{embeddings}position_embeddings"
    patches = (size_px // 16) ** 2
    cls = state[place][:, :1]
    return state | {
        time: _nearest(state[time], frames),
        place: torch.cat((cls, _nearest(state[place][:, 1:], patches)), dim=1),
    }


@pytest.mark.parametrize(("frames", "size_px"), [(8, 224), (16, 224), (8, 112)])
def test_logits_are_hugging_faces_at_full_size(frames: int, size_px: int, published: Published):
    weights = published.weights
    assert len(weights.tensors) == 249
    assert sum(value.numel() for value in weights.tensors.values()) == 121_566_352
    ours = build(BASE, FeatureSettings(frames=frames, size_px=size_px), classes=CLASSES, seed=None)
    start_from(ours.eval(), weights, "official")
    theirs = _theirs(frames, size_px)
    theirs.load_state_dict(_resized(published.state, frames, size_px), assign=True)
    expected = _logits(theirs, frames, size_px)
    assert expected.std() > 0.1
    assert (_logits(ours, frames, size_px) - expected).abs().max() <= 1e-5


def test_every_conversion_at_full_size_is_exact_and_hugging_face_loads_it(
    published: Published, tmp_path: Path
):
    convert(published.weights, tmp_path / "base.pyth", "official")
    official = load(tmp_path / "base.pyth")
    assert official.note.heads == 12
    convert(official, tmp_path / "base.safetensors", "rodepil")
    convert(load(tmp_path / "base.safetensors"), tmp_path / "back", "hugging_face")
    back, told = TimesformerForVideoClassification.from_pretrained(
        tmp_path / "back", output_loading_info=True
    )
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    assert published.state.keys() == back.state_dict().keys()
    for name, value in back.state_dict().items():
        assert torch.equal(value, published.state[name]), name
