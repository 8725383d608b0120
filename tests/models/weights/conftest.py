from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import timm
import torch
from timm.models import save_for_hf
from timm.models.vision_transformer import VisionTransformer
from torch import nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.models.card import ModelCard, save_model
from rodepil.models.registry import build
from rodepil.models.timesformer import TimeSformer

SETTINGS = ModelSettings(width=48, depth=3, heads=4, patch_px=8, mlp_ratio=2)
FEATURES = FeatureSettings(frames=4, size_px=32)
CLASSES = 5
FORMATS = ("official", "hugging_face", "timm_vit", "rodepil")


class Files:
    """Small weights in every format, each written by what users have them from."""

    def __init__(self, folder: Path, network: nn.Module, theirs: Any, vit: nn.Module) -> None:
        self.folder, self.network, self.theirs, self.vit = folder, network, theirs, vit

    def make(self, name: str) -> Path:
        path: Path = getattr(self, name)()
        return path

    def official(self) -> Path:
        """Lay out a checkpoint as the published ones are: 'model.' before every name."""
        path = self.folder / "TimeSformer_small.pyth"
        state = {f"model.{name}": value for name, value in self.network.state_dict().items()}
        optimizer = {"state": {}, "param_groups": [{"lr": 0.005, "params": [0, 1]}]}
        checkpoint = {"epoch": 14, "model_state": state, "optimizer_state": optimizer}
        torch.save({**checkpoint, "cfg": "MODEL:\n  ARCH: vit\n"}, path)
        return path

    def hugging_face(self) -> Path:
        path = self.folder / "hugging_face"
        self.theirs.save_pretrained(path)
        return path

    def timm_vit(self) -> Path:
        path = self.folder / "vit.safetensors"
        safetensors.torch.save_file(self.vit.state_dict(), path)
        return path

    def timm_folder(self) -> Path:
        """Save one of timm's own networks as timm shares them; its colours are ImageNet's."""
        path = self.folder / "deit"
        options = {"img_size": 32, "depth": 2, "num_classes": CLASSES}
        save_for_hf(
            timm.create_model("deit_tiny_patch16_224", **options), path, safe_serialization=True
        )
        return path

    def rodepil(self) -> Path:
        path = self.folder / "model.safetensors"
        card = ModelCard(
            model=SETTINGS,
            features=FEATURES,
            classes=tuple("abcde"),
            mean=(0.1, 0.2, 0.3),
            std=(0.4, 0.5, 0.6),
            data="simulated",
            trial_id="t1",
        )
        save_model(path, self.network, card)
        return path


@pytest.fixture
def network(randomize: Any) -> TimeSformer:
    model = build(SETTINGS, FEATURES, classes=CLASSES).eval()
    randomize(model, seed=3)
    assert isinstance(model, TimeSformer)
    return model


@pytest.fixture
def vit(randomize: Any) -> VisionTransformer:
    model = VisionTransformer(
        img_size=32,
        patch_size=8,
        embed_dim=48,
        depth=3,
        num_heads=4,
        mlp_ratio=2,
        num_classes=CLASSES,
    )
    randomize(model, seed=4)
    return model.eval()


@pytest.fixture
def files(tmp_path: Path, network: TimeSformer, vit: VisionTransformer, hugging_face: Any) -> Files:
    return Files(tmp_path, network, hugging_face.twin(network, SETTINGS), vit)
