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
from tests.store.conftest import noise
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
    assert told.startswith("emb: left out, for this project trains its network; once that is")
    assert told.endswith("make it by 'rodepil features materialize emb'")
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
    told = run(bare)
    assert told[1] == "emb: 16 features, 0 computed, 16 reused"
    assert told[2].startswith(
        "left the snapshot, for the settings have no such view: motion (16 features); 'rodepil"
    )
    assert views_in(bare) == {"frames", "emb"}


def test_stored_features_of_a_trained_network_are_taken_up_again(bare: Small) -> None:
    view = {"emb": {"kind": "embedding", "model": "stand_in", "device": "cpu"}}
    write_stand_in(bare)
    bare.change(views=view)
    run(bare, "emb")
    bare.change(views={})
    assert "such view: emb (16 features); " in run(bare)[-1]
    bare.change(views=view)
    assert run(bare)[-1] == "emb: 16 features, 0 computed, 16 reused"
    assert views_in(bare) == {"frames", "emb"}
    bare.clips.add(16, noise(16))
    bare.write_clips()
    assert run(bare)[-1].startswith("emb: left out")
    (bare.workspace.stand_in / "stand_in.pyth").unlink()
    assert run(bare)[-1].startswith("emb: left out")


def test_windows_that_no_clip_fills_are_told(bare: Small) -> None:
    wide = {"kind": "sequence", "model": "stand_in", "device": "cpu", "window_frames": 31}
    write_stand_in(bare)
    bare.change(views={"wide": wide, "whole": {**wide, "window_frames": 30}})
    told = run(bare, "wide", "whole")
    assert len(told) == 3
    assert told[2].startswith("wide: windows of 31 frames are longer than 16 clips of 16; of each")


def test_the_stage_runs_again_when_the_code_of_networks_or_decoding_changes() -> None:
    stage = YAML(typ="safe").load(Path(__file__).parents[3] / "dvc.yaml")["stages"]
    assert {"rodepil/io", "rodepil/models", "rodepil/store"} <= set(stage["features"]["deps"])
