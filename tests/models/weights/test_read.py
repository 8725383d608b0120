"""Nothing in a file is run, and what is not whole is refused with the file's name."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch

from rodepil.errors import ModelError
from rodepil.models.weights import load


class _Malicious:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


def _write(writer: str, value: object, path: Path) -> None:
    if writer == "pickle":
        path.write_bytes(pickle.dumps(value))
    else:
        torch.save(value, path, _use_new_zipfile_serialization=writer == "zip")


@pytest.mark.parametrize("writer", ["zip", "legacy", "pickle"])
@pytest.mark.parametrize("suffix", [".pyth", ".safetensors"])
def test_a_pickle_with_code_is_refused_and_not_run(writer: str, suffix: str, tmp_path: Path):
    path, target = tmp_path / f"weights{suffix}", tmp_path / "was_run"
    _write(writer, {"model_state": {"a": _Malicious(target)}}, path)
    with pytest.raises(ModelError) as caught:
        load(path)
    assert not target.exists()
    message = str(caught.value)
    assert path.name in message
    assert "could run code" in message
    assert writer == "pickle" or ".mkdir" in message
    assert "safetensors" in message
    with path.open("rb") as stream:  # the file is a real trap
        if writer == "pickle":
            pickle.load(stream)  # noqa: S301 - its code makes a folder
        else:
            torch.load(stream, weights_only=False)
    assert target.is_dir()


@pytest.mark.parametrize("writer", ["zip", "legacy"])
def test_a_whole_network_in_a_pickle_is_refused(writer: str, files: Any):
    path = files.folder / "network.pt"
    _write(writer, files.vit, path)
    with pytest.raises(ModelError, match="could run code"):
        load(path)


def test_code_in_the_file_of_a_folder_is_refused_and_not_run(files: Any):
    folder, target = files.hugging_face(), files.folder / "was_run"
    (folder / "model.safetensors").unlink()
    torch.save(_Malicious(target), folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"pytorch_model\.bin asks for .*could run code"):
        load(folder)
    assert not target.exists()


@pytest.mark.parametrize("share", [0, 0.0001, 0.01, 0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("name", ["official", "legacy", "timm_vit", "rodepil"])
def test_a_truncated_file_is_refused_by_its_name(name: str, share: float, files: Any):
    if name == "legacy":
        path = files.folder / "old.pth"
        _write("legacy", files.vit.state_dict(), path)
    else:
        path = files.make(name)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(ModelError, match=path.name) as caught:
        load(path)
    assert "code" not in str(caught.value).partition(";")[0]


def test_an_old_file_cut_anywhere_in_its_pickles_is_truncated_and_no_threat(tmp_path: Path):
    path = tmp_path / "old.pth"
    _write("legacy", {"a": torch.ones(2), "b": torch.ones(3)}, path)
    content = path.read_bytes()
    for kept in range(1, len(content)):
        path.write_bytes(content[:kept])
        with pytest.raises(ModelError, match="truncated"):
            load(path)


@pytest.mark.parametrize("content", [b"<!DOCTYPE html><html>", b"\x89HDF\r\n\x1a\n\x00\x00", b"{}"])
def test_a_file_of_another_kind_is_refused(content: bytes, tmp_path: Path):
    (tmp_path / "weights.pyth").write_bytes(content)
    with pytest.raises(ModelError, match=r"weights\.pyth starts with .*neither safetensors nor"):
        load(tmp_path / "weights.pyth")


@pytest.mark.parametrize(
    "value",
    [torch.ones(3), [1, 2], {}, {"model_state": {}}, {"model": {"a": 1}}, {"a": "b"}, {1: None}],
    ids=str,
)
def test_a_checkpoint_without_weights_by_name_is_refused(value: object, tmp_path: Path):
    torch.save(value, tmp_path / "odd.pth")
    with pytest.raises(ModelError, match=r"odd\.pth holds a \w+, wanted are tensors by name"):
        load(tmp_path / "odd.pth")


def test_what_is_missing_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no weights .*nothing\.pyth"):
        load(tmp_path / "nothing.pyth")


def test_a_folder_without_weights_says_what_it_should_hold(tmp_path: Path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"neither model\.safetensors .* nor pytorch_model\.bin"):
        load(tmp_path)


def test_a_folder_with_a_broken_config_is_refused(files: Any):
    folder = files.hugging_face()
    for text, words in (('{"model_type": ', "no whole JSON"), ("[1]", "holds a list")):
        (folder / "config.json").write_text(text)
        with pytest.raises(ModelError, match=rf"config\.json.*{words}"):
            load(folder)


@pytest.mark.parametrize("part", ["../model.safetensors", "gone.safetensors", "/etc/hostname"])
def test_parts_that_are_missing_or_lie_elsewhere_are_refused(part: str, files: Any):
    folder = files.hugging_face()
    (folder / "model.safetensors").rename(files.folder / "model.safetensors")
    index = {"weight_map": {"classifier.bias": part}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(ModelError, match="every part must lie beside it"):
        load(folder)


def test_an_index_without_parts_is_refused(files: Any):
    folder = files.hugging_face()
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(ModelError, match="no part"):
        load(folder)
