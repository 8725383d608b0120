"""Weights by name: what is found where, and what is said when it is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from timm import get_pretrained_cfg

from rodepil.errors import ModelError
from rodepil.models.weights import CATALOG, find, locate


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data" / "weights"


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_an_existing_path_wins_over_a_name(folder: Path, tmp_path: Path):
    named = _touch(folder / "TimeSformer_divST_8x32_224_K400.pyth")
    name = "TimeSformer_divST_8x32_224_K400"
    assert find("kinetics", name, folder, tmp_path) == named
    there = _touch(tmp_path / name)
    assert find("kinetics", name, folder, tmp_path) == there
    assert find("kinetics", str(named), folder, tmp_path) == named


def test_relative_paths_start_from_the_root_or_the_folder_of_weights(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    inside = _touch(folder / "own.pyth")
    assert find("kinetics", "own.pyth", folder, tmp_path) == inside
    assert find("kinetics", "data/weights/own.pyth", folder, tmp_path) == inside
    nearer = _touch(tmp_path / "own.pyth")
    assert find("kinetics", "own.pyth", folder, tmp_path) == nearer
    monkeypatch.chdir(tmp_path)
    found = find("kinetics", "data/weights/own.pyth", folder)
    assert found == inside
    assert Path(found).is_absolute()


@pytest.mark.parametrize(
    ("pretrained", "name"),
    [
        ("kinetics", "TimeSformer_divST_8x32_224_K400.pyth"),
        ("stand_in", "simulated_actions/stand_in.pyth"),
    ],
)
def test_the_usual_weights_are_taken_where_none_are_named(
    pretrained: str, name: str, folder: Path, tmp_path: Path
):
    file = _touch(folder / name)
    assert find(pretrained, None, folder, tmp_path) == file


def test_imagenet_is_timms_vit_that_timesformer_starts_from(folder: Path, tmp_path: Path):
    name = "vit_base_patch16_224.orig_in21k_ft_in1k"
    assert find("imagenet", None, folder, tmp_path) == name
    assert "jx_vit_base_p16_224" in str(get_pretrained_cfg(name).url)
    _touch(folder / name / "model.safetensors")
    assert find("imagenet", None, folder, tmp_path) == folder / name


def test_any_name_of_timms_is_taken(folder: Path, tmp_path: Path):
    assert find("imagenet", "deit_tiny_patch16_224", folder, tmp_path) == "deit_tiny_patch16_224"


def test_missing_weights_say_where_to_get_them_and_where_to_put_them(folder: Path, tmp_path: Path):
    with pytest.raises(ModelError) as caught:
        find("kinetics", None, folder, tmp_path)
    message = str(caught.value)
    assert "facebookresearch/TimeSformer" in message
    assert str(folder / "TimeSformer_divST_8x32_224_K400.pyth") in message
    assert "CC BY-NC 4.0" in message
    with pytest.raises(ModelError, match="hf download facebook/timesformer-hr-finetuned-k600 "):
        find("kinetics", "facebook/timesformer-hr-finetuned-k600", folder, tmp_path)
    with pytest.raises(ModelError, match="rodepil weights pretrain"):
        find("stand_in", None, folder, tmp_path)


def test_an_unknown_name_is_refused_with_where_others_are_found(folder: Path, tmp_path: Path):
    with pytest.raises(ModelError, match=r"no weights .*kinetics-500.*trial's id.*weights list"):
        locate("kinetics-500", folder, tmp_path)
    with pytest.raises(ModelError, match=r"did you mean stand_in\?"):
        locate("standin", folder, tmp_path)


def test_no_pretraining_has_no_weights(folder: Path):
    with pytest.raises(ModelError, match="'none' has no weights"):
        find("none", None, folder)


def test_names_and_files_of_the_catalog_differ():
    assert len({entry.name for entry in CATALOG}) == len(CATALOG)
    assert len({entry.file for entry in CATALOG}) == len(CATALOG)
    official = {entry.file for entry in CATALOG if entry.file.endswith("K600.pyth")}
    assert official == {
        f"TimeSformer_divST_{view}_K600.pyth" for view in ("8x32_224", "16x16_448", "96x4_224")
    }


def test_timm_knows_the_vits_of_the_catalog_under_that_licence():
    vits = [entry for entry in CATALOG if entry.learned == "imagenet"]
    assert vits
    for entry in vits:
        cfg = get_pretrained_cfg(entry.name, allow_unregistered=False)
        assert cfg.license == entry.licence.lower()
        assert f"timm/{entry.name}" in entry.source
