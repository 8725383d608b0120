from __future__ import annotations

from typing import Protocol

import pytest
import torch
from torch import Tensor, nn
from transformers import TimesformerConfig, TimesformerForVideoClassification

from rodepil.config.settings import ModelSettings
from rodepil.models.timesformer import TimeSformer

# The key map of the published checkpoints, longest names first.
HUGGING_FACE_NAMES = (
    ("cls_token", "timesformer.embeddings.cls_token"),
    ("pos_embed", "timesformer.embeddings.position_embeddings"),
    ("time_embed", "timesformer.embeddings.time_embeddings"),
    ("patch_embed.proj", "timesformer.embeddings.patch_embeddings.projection"),
    ("temporal_attn.qkv", "temporal_attention.attention.qkv"),
    ("temporal_attn.proj", "temporal_attention.output.dense"),
    (".attn.qkv", ".attention.attention.qkv"),
    (".attn.proj", ".attention.output.dense"),
    ("temporal_norm1", "temporal_layernorm"),
    ("temporal_fc", "temporal_dense"),
    ("norm1", "layernorm_before"),
    ("norm2", "layernorm_after"),
    ("mlp.fc1", "intermediate.dense"),
    ("mlp.fc2", "output.dense"),
    ("blocks.", "timesformer.encoder.layer."),
    ("head.", "classifier."),
)


class HuggingFace:
    """Hugging Face's network, as the oracle."""

    @staticmethod
    def name(name: str) -> str:
        """Give its name of a parameter that has the official `name`."""
        if name.startswith("norm."):
            return f"timesformer.layer{name}"
        for ours, theirs in HUGGING_FACE_NAMES:
            name = name.replace(ours, theirs)
        return name

    def twin(
        self, model: TimeSformer, settings: ModelSettings
    ) -> TimesformerForVideoClassification:
        """Make its network with the weights of `model`."""
        config = TimesformerConfig(
            image_size=model.size_px,
            patch_size=settings.patch_px,
            num_frames=model.frames,  # read from here even when the clip has others
            hidden_size=settings.width,
            num_hidden_layers=settings.depth,
            num_attention_heads=settings.heads,
            intermediate_size=round(settings.width * settings.mlp_ratio),
            num_labels=model.classes,
            layer_norm_eps=1e-6,
            drop_path_rate=0,
            attention_type="divided_space_time",
        )
        theirs = TimesformerForVideoClassification(config).eval()
        weights = {self.name(name): value for name, value in model.state_dict().items()}
        theirs.load_state_dict(weights, strict=True)
        return theirs


class Randomize(Protocol):
    def __call__(self, model: nn.Module, seed: int = 0) -> None: ...


class MakeClips(Protocol):
    def __call__(self, count: int, frames: int, size_px: int, seed: int = 0) -> Tensor: ...


@pytest.fixture
def hugging_face() -> HuggingFace:
    return HuggingFace()


@pytest.fixture
def randomize() -> Randomize:
    """Fill every parameter, those that start at 0 too, so that no path is switched off."""

    def fill(model: nn.Module, seed: int = 0) -> None:
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                noise = torch.randn(parameter.shape, generator=generator)
                if parameter.dim() > 1 and name.endswith("weight"):
                    parameter.copy_(noise / parameter[0].numel() ** 0.5)
                else:
                    one = 1.0 if "norm" in name and name.endswith("weight") else 0.0
                    parameter.copy_(one + 0.2 * noise)

    return fill


@pytest.fixture
def make_clips() -> MakeClips:
    """Make a batch of random normalised clips."""

    def make(count: int, frames: int, size_px: int, seed: int = 0) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        return torch.randn(count, frames, 3, size_px, size_px, generator=generator)

    return make
