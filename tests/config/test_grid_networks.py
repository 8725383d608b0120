"""The demo's rows of a grid are networks that can be made and can start from its stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from rodepil.config.grid import load_grid, row_settings
from rodepil.config.settings import ProjectSettings
from rodepil.models.registry import build
from rodepil.models.weights import load, start_from, write_official

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["ablation", "recipe"])
def test_every_row_of_the_demo_starts_from_the_stand_in(name: str, tmp_path: Path) -> None:
    demo = ProjectSettings()
    taught = build(demo.model, demo.features, seed=1).state_dict()
    write_official(tmp_path / "stand_in.pyth", taught)
    weights = load(tmp_path / "stand_in.pyth", "stand_in")
    for row in load_grid(name, REPOSITORY, "demo").rows:
        own = row_settings(row, demo)
        network = build(own.model, own.features).eval()
        start_from(network, weights, own.model.embed_resize)
        side = own.features.size_px
        clips = torch.rand(1, own.features.frames, 3, side, side)
        with torch.inference_mode():
            assert network(clips).isfinite().all(), row.name


def test_the_one_place_of_a_small_frame_is_the_mean_of_the_stand_ins_four(tmp_path: Path) -> None:
    demo = ProjectSettings()
    taught = build(demo.model, demo.features, seed=1)
    torch.nn.init.normal_(taught.get_parameter("pos_embed"))
    write_official(tmp_path / "stand_in.pyth", taught.state_dict())
    rows = {row.name: row for row in load_grid("ablation", REPOSITORY, "demo").rows}
    own = row_settings(rows["rgb-112-16-sgd-kinetics"], demo)
    network = build(own.model, own.features)
    start_from(network, load(tmp_path / "stand_in.pyth", "stand_in"), own.model.embed_resize)
    places = taught.get_parameter("pos_embed")[:, 1:]  # (1, 4, C)
    assert torch.allclose(
        network.get_parameter("pos_embed")[:, 1:], places.mean(1, keepdim=True), atol=1e-6
    )
