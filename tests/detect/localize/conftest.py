"""A tiny extractor and a tiny localizer with random weights, and films to show them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
import torch
from torch import nn

from rodepil.config.localize import SequenceSettings
from rodepil.config.raseformer import RaseformerSettings, SegmentSettings
from rodepil.config.settings import CurateSettings, FeatureSettings, ModelSettings
from rodepil.detect.localize import Tools, open_tools
from rodepil.io.files import sha256_file
from rodepil.io.labels import ACTION_UNITS
from rodepil.localize.card import LocalizerCard, save_localizer
from rodepil.models.i3d.network import I3D
from rodepil.models.i3d.weights import write_i3d
from rodepil.models.raseformer.build import build
from rodepil.models.registry import build as build_network

SIZE_PX, WIDTH = 32, 4
SEQUENCE = SequenceSettings(model="i3d.pt", size_px=SIZE_PX, width=WIDTH)
NETWORK = RaseformerSettings(
    feature_width=64, width=16, heads=2, windows=(9, 9, 1), max_length=64,
    ranges=((0, 4), (4, 16), (16, 10_000)), drop_path=0.0,
)  # fmt: skip
CURATE = CurateSettings(
    clip_duration_s=2.0, size_px=SIZE_PX, min_overlap_s=0.5, motion_min_share=0.0, max_gap_s=0.5
)


def fill(network: nn.Module, seed: int) -> None:
    """Give weights sizes at which every part matters, and classes that are neither sure nor not."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in network.named_parameters():
            if value.dim() > 1:
                noise = torch.randn(value.shape, generator=generator)
                value.copy_(noise * (2 / value[0].numel()) ** 0.5)
            elif name.endswith("bias"):
                value.copy_(0.2 * torch.randn(value.shape, generator=generator))
            else:
                value.fill_(1.0)


def film(path: Path, n: int, fps: int = 25, *, wide: int = 1, seed: int = 0) -> Path:
    """Encode a bright square over noise that jumps about, 64 px high and `wide` times as wide."""
    generator = np.random.default_rng(seed)
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream("libx264", rate=Fraction(fps)))
        stream.width, stream.height, stream.pix_fmt = 64 * wide, 64, "yuv420p"
        for number in range(n):
            frame = generator.integers(0, 60, (64, 64 * wide, 3), dtype=np.uint8)
            for part in range(wide):
                level = 120 + 100 * ((number // (5 + 3 * part)) % 2)
                x = 64 * part + (number * (part + 2)) % 48
                y = (number // 7 * 11 + seed) % 48
                frame[y : y + 16, x : x + 16] = (level, 255 - level, 40 * part)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the extractor and the localizer, as a project would hold them."""
    root = tmp_path_factory.mktemp("project")
    settings = ModelSettings.model_construct(name="i3d", width=WIDTH)
    features = FeatureSettings(frames=16, size_px=SIZE_PX)
    extractor = build_network(settings, features, classes=0, seed=1)
    write_i3d(root / "i3d.pt", cast("I3D", extractor), ())
    write_model(root / "model.safetensors", sha256_file(root / "i3d.pt"))
    return root


def write_model(path: Path, sha256: str | None, **changes: object) -> Path:
    """Write a localizer with random weights whose card says so and so."""
    network = build(NETWORK)
    fill(network, seed=3)
    card = LocalizerCard(
        network=NETWORK, sequence=SEQUENCE, segments=SegmentSettings(segments=40),
        labels=ACTION_UNITS, data="noise", trial_id="0123456789abcdef", learned_from=(),
        extractor_sha256=sha256,
    )  # fmt: skip
    save_localizer(path, network, card.model_copy(update=changes))
    return path


@pytest.fixture(scope="session")
def tools(project: Path) -> Tools:
    return open_tools(project / "model.safetensors", project, device="cpu")


@pytest.fixture
def make_film(tmp_path: Path) -> Callable[..., Path]:
    """A function that makes a film of a name, frames and more in the folder of the test."""

    def make(name: str, n: int, **more: int) -> Path:
        return film(tmp_path / name, n, **more)

    return make
