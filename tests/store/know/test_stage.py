"""The stage of features comes before training: it leaves out what trained networks make."""

from __future__ import annotations

from pathlib import Path

import pytest
from ruamel.yaml import YAML

from rodepil import stages
from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.io import tables
from rodepil.io.progress import Silent
from rodepil.models.registry import build
from rodepil.models.weights import WeightsNote, write_official
from tests.store.know.conftest import Small

MOTION = {"motion": {"kind": "motion", "size_px": 24}}
READS = FeatureSettings(frames=4, size_px=16)


def run(project: Small, *names: str) -> list[str]:
    return stages.features(project.settings, project.workspace, Silent(), names).splitlines()


def views_in(project: Small) -> set[str]:
    return set(tables.read("features", project.workspace.features).column("view").to_pylist())


def write_stand_in(project: Small) -> None:
    network = build(ModelSettings(width=24, depth=1, heads=3, patch_px=8), READS)
    note = WeightsNote(heads=3, learned_from=())
    write_official(project.workspace.stand_in / "stand_in.pyth", network.state_dict(), note)


@pytest.mark.parametrize(
    "model",
    [
        "stand_in",
        "data/weights/simulated_actions/stand_in.pyth",
        "0123456789abcdef",
        "results/trials/0123456789abcdef",
        "./results/../results/trials/x/model.safetensors",
    ],
)
def test_a_view_of_a_network_that_is_yet_to_be_trained_is_left_out_aloud(
    bare: Small, model: str
) -> None:
    bare.change(views={**MOTION, "emb": {"kind": "embedding", "model": model}})
    told = run(bare)[-1]
    assert told.startswith("emb: left out, for its network comes of training")
    assert told.endswith("by hand after training: rodepil features materialize emb")
    assert views_in(bare) == {"frames", "motion"}
    with pytest.raises(ModelError, match=r"there are no weights|are missing"):
        run(bare, "emb")


def test_a_network_from_elsewhere_that_is_missing_is_an_error(bare: Small) -> None:
    for model in ("own/model.safetensors", "results/model.safetensors", "0123"):
        bare.change(views={"emb": {"kind": "embedding", "model": model}})
        with pytest.raises(ModelError, match=f"there are no weights .*{model}"):
            run(bare)


def test_a_view_that_was_made_by_hand_stays_in_the_snapshot(bare: Small) -> None:
    view = {"emb": {"kind": "embedding", "model": "stand_in", "device": "cpu"}}
    bare.change(views={**MOTION, **view})
    write_stand_in(bare)
    assert "left out" in run(bare)[-1]
    assert run(bare, "emb") == ["emb: 16 features, 16 computed, 0 reused"]
    assert views_in(bare) == {"frames", "motion", "emb"}
    bare.change(views=view)
    assert "left out" in run(bare)[-1]
    assert views_in(bare) == {"frames", "emb"}


def test_the_stage_runs_again_when_the_code_of_networks_or_decoding_changes() -> None:
    stage = YAML(typ="safe").load(Path(__file__).parents[3] / "dvc.yaml")["stages"]
    assert {"rodepil/io", "rodepil/models", "rodepil/store"} <= set(stage["features"]["deps"])
