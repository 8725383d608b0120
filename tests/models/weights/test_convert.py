"""Weights in other formats: exact both ways, whole or not at all, with what they expect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from transformers import TimesformerForVideoClassification, TimesformerModel

from rodepil.errors import ModelError
from rodepil.models.weights import WeightsNote, convert, digest, load, write_official
from rodepil.models.weights.convert import Target

TARGETS = ("rodepil", "official", "hugging_face")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("source", ["official", "hugging_face", "timm_vit", "rodepil"])
def test_every_format_becomes_every_other_to_the_last_bit(source: str, target: Target, files: Any):
    weights = load(files.make(source))
    path = files.folder / "deep" / "converted"
    convert(weights, path, target, heads=4)
    again = load(path)
    assert again.format == target
    assert again.sizes == weights.sizes
    assert (again.mean, again.std) == (weights.mean, weights.std)
    assert again.note.normalisation == weights.note.normalisation
    assert again.note.heads == 4
    assert again.has_time == (source != "timm_vit")
    assert again.note.origin
    assert again.tensors.keys() == weights.tensors.keys()
    for name, value in weights.tensors.items():
        assert torch.equal(again.tensors[name], value), name


def test_hugging_face_loads_what_is_written_for_it(files: Any, make_clips: Any):
    convert(load(files.official()), files.folder / "theirs", "hugging_face", heads=4)
    theirs, told = TimesformerForVideoClassification.from_pretrained(
        files.folder / "theirs", output_loading_info=True
    )
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]
    clips = make_clips(2, 4, 32)
    with torch.no_grad():
        assert (theirs.eval()(clips).logits - files.network(clips)).abs().max() <= 1e-5


def test_hugging_face_loads_a_backbone(files: Any):
    files.theirs.timesformer.save_pretrained(files.folder / "backbone")
    convert(load(files.folder / "backbone"), files.folder / "theirs", "hugging_face")
    _, told = TimesformerModel.from_pretrained(files.folder / "theirs", output_loading_info=True)
    assert not told["missing_keys"]
    assert not told["unexpected_keys"]


def test_an_official_file_has_the_published_structure(files: Any):
    path = files.folder / "new.pyth"
    extra = {"epoch": 14, "cfg": "MODEL: {}"}
    write_official(path, files.network.state_dict(), WeightsNote(heads=4), extra)
    loaded = torch.load(path, weights_only=True)
    assert {"epoch": 14, "cfg": "MODEL: {}"}.items() <= loaded.items()
    expected = {f"model.{name}": value for name, value in files.network.state_dict().items()}
    assert loaded["model_state"].keys() == expected.keys()
    assert all(torch.equal(loaded["model_state"][name], expected[name]) for name in expected)


def test_the_same_weights_give_the_same_bytes(files: Any):
    for name in ("one.pyth", "other.pyth"):
        write_official(files.folder / name, files.network.state_dict(), WeightsNote(heads=4))
    assert digest(files.folder / "one.pyth") == digest(files.folder / "other.pyth")
    weights = load(files.official())
    for target in TARGETS:
        for name in ("a", "b"):
            convert(weights, files.folder / f"{name}_{target}", target, heads=4)
        assert digest(files.folder / f"a_{target}") == digest(files.folder / f"b_{target}")


def test_a_slice_of_a_large_tensor_is_written_alone(files: Any):
    state = {name: value.clone() for name, value in files.network.state_dict().items()}
    state["norm.bias"] = torch.zeros(1_000_000)[:48]
    write_official(files.folder / "slice.pyth", state)
    assert (files.folder / "slice.pyth").stat().st_size < 1_000_000


@pytest.mark.parametrize("target", TARGETS)
def test_nothing_that_stands_there_is_overwritten(target: Target, files: Any):
    source = files.hugging_face()
    before = digest(source)
    (source / "notes.txt").write_text("mine")
    with pytest.raises(ModelError, match="exists already"):
        convert(load(source), source, target)
    assert digest(source) == before
    assert (source / "notes.txt").read_text() == "mine"


def test_nothing_is_left_of_a_conversion_that_fails(files: Any, monkeypatch: pytest.MonkeyPatch):
    def broken(*_: object, **__: object) -> None:
        raise OSError("no space left on device")

    weights = load(files.official())
    before = set(files.folder.iterdir())
    monkeypatch.setattr("rodepil.models.tensors.save_file", broken)
    monkeypatch.setattr(torch, "save", broken)
    for target in TARGETS:
        with pytest.raises(OSError, match="no space"):
            convert(weights, files.folder / "new", target, heads=4)
    assert set(files.folder.iterdir()) == before


def test_a_hugging_face_folder_wants_heads_and_the_others_do_not(files: Any):
    weights = load(files.official())
    with pytest.raises(ModelError, match="give them with --heads"):
        convert(weights, files.folder / "theirs", "hugging_face")
    assert not (files.folder / "theirs").exists()
    convert(weights, files.folder / "new.safetensors", "rodepil")
    assert load(files.folder / "new.safetensors").note.heads is None


def test_heads_that_contradict_the_weights_are_refused(files: Any):
    with pytest.raises(ModelError, match="has 4 heads, not 6"):
        convert(load(files.hugging_face()), files.folder / "new", "official", heads=6)


@pytest.mark.parametrize("text", ["", "{}}", '{"std": [0, 1, 1]}', '{"unknown": 1}'])
def test_a_note_that_can_not_be_read_is_refused(text: str, files: Any):
    state = files.network.state_dict()
    safetensors.torch.save_file(state, files.folder / "n.safetensors", {"rodepil.weights": text})
    write_official(files.folder / "n.pyth", state, extra={"rodepil.weights": text})
    for name in ("n.safetensors", "n.pyth"):
        with pytest.raises(ModelError, match=rf"the note 'rodepil\.weights' in .*{name}"):
            load(files.folder / name)


def test_a_digest_is_sha256_of_the_file(tmp_path: Path):
    (tmp_path / "abc").write_bytes(b"abc")  # NIST's example
    assert digest(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_a_folders_digest_follows_what_is_read_and_nothing_else(files: Any):
    folder = files.hugging_face()
    first = digest(folder)
    (folder / "README.md").write_text("words")
    assert digest(folder) == first
    folder.rename(files.folder / "moved")
    folder = files.folder / "moved"
    assert digest(folder) == first
    (folder / "config.json").write_text((folder / "config.json").read_text() + " ")
    changed = digest(folder)
    assert changed != first
    state = safetensors.torch.load_file(folder / "model.safetensors")
    state["classifier.bias"][0] += 1
    safetensors.torch.save_file(state, folder / "model.safetensors", {"format": "pt"})
    assert digest(folder) not in {first, changed}


def test_a_digest_of_nothing_is_an_error(tmp_path: Path):
    with pytest.raises(ModelError, match="no weights"):
        digest(tmp_path / "gone.pyth")
