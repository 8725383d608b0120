"""The stand-in's files: in the published structure, made once, and left out with a word."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from rodepil import stages
from rodepil.config.settings import (
    FeatureSettings,
    ModelSettings,
    PretrainSettings,
    ProjectSettings,
)
from rodepil.config.workspace import Workspace
from rodepil.io.progress import Silent
from rodepil.models.weights import find, load
from rodepil.simulate.actions import ACTIONS

SETTINGS = ProjectSettings(
    model=ModelSettings(width=24, depth=1, heads=2, patch_px=8),
    features=FeatureSettings(frames=4, size_px=16),
    pretrain=PretrainSettings(
        epochs=1, clips=16, batch_size=8, warmup_epochs=0, decay_epochs=(), device="cpu"
    ),
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def make(workspace: Workspace, settings: ProjectSettings = SETTINGS) -> str:
    return stages.pretrain(settings, workspace, Silent())


def test_the_file_has_the_structure_of_the_published_and_says_what_it_is(workspace: Workspace):
    make(workspace)
    path = find("stand_in", None, workspace.weights)
    content = torch.load(path, weights_only=True)
    assert {"model_state", "epoch", "cfg"} <= set(content)
    assert all(name.startswith("model.") for name in content["model_state"])
    weights = load(path, "stand_in")
    assert weights.format == "official"
    assert weights.note.origin.startswith("a stand-in: trained on simulated moving shapes")
    assert weights.sizes.classes == len(ACTIONS)
    assert weights.note.heads == 2
    assert weights.note.learned_from == ()


def test_it_is_made_once_and_again_when_the_recipe_changes(workspace: Workspace):
    make(workspace)
    file = Path(find("stand_in", None, workspace.weights))
    made = file.stat().st_mtime_ns, file.read_bytes()
    assert "is there already" in make(workspace)
    assert (file.stat().st_mtime_ns, file.read_bytes()) == made
    other = SETTINGS.pretrain.model_copy(update={"seed": 1})
    make(workspace, SETTINGS.model_copy(update={"pretrain": other}))
    assert file.read_bytes() != made[1]


def test_two_machines_make_the_same_bytes(workspace: Workspace, tmp_path: Path):
    other = Workspace(tmp_path / "other")
    for place in (workspace, other):
        make(place)
    for name in ("stand_in.pyth", "pretraining.json"):
        assert (workspace.stand_in / name).read_bytes() == (other.stand_in / name).read_bytes()
    assert not list(workspace.pretraining.iterdir())  # what was gone on from is cleared


@pytest.mark.parametrize("pretrained", ["none", "kinetics"])
def test_where_other_weights_are_set_none_is_made_unless_asked(
    workspace: Workspace, pretrained: str
):
    model = SETTINGS.model.model_copy(update={"pretrained": pretrained})
    settings = SETTINGS.model_copy(update={"model": model})
    assert f"'{pretrained}'" in make(workspace, settings)
    record = json.loads((workspace.stand_in / "pretraining.json").read_text())
    assert record == {"made": False, "pretrained": pretrained}
    stages.pretrain(settings, workspace, Silent(), always=True)
    assert (workspace.stand_in / "stand_in.pyth").exists()
    make(workspace, settings)
    assert not (workspace.stand_in / "stand_in.pyth").exists()  # nothing stale is left
