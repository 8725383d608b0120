"""A model's file: to the last bit, with its settings, and nothing in it is executed."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import torch
from pydantic import ValidationError
from torch import nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.models.card import CARD_KEY, ModelCard, load_model, save_model
from rodepil.models.registry import build
from rodepil.models.tensors import read_tensors, write_tensors

CARD = ModelCard(
    model=ModelSettings(width=24, depth=2, heads=3, patch_px=8, mlp_ratio=1.5, drop_path=0.2),
    features=FeatureSettings(frames=5, size_px=24),
    classes=("normal", "seizure", "grooming"),
    mean=(0.1, 0.2, 0.3),
    std=(0.5, 0.25, 0.125),
    control="static",
    data="simulated",
    trial_id="0123456789abcdef",
    threshold=0.25,
)


@pytest.fixture
def model(randomize: Any) -> nn.Module:
    model = build(CARD.model, CARD.features, classes=3, seed=0)
    randomize(model)
    return model


@pytest.fixture
def file(tmp_path: Path, model: nn.Module) -> Path:
    path = tmp_path / "deep" / "model.safetensors"
    save_model(path, model, CARD)
    return path


def test_weights_and_card_come_back_to_the_last_bit(file: Path, model: nn.Module):
    loaded, card = load_model(file)
    assert card == CARD
    assert not loaded.training
    weights = loaded.state_dict()
    assert list(weights) == list(model.state_dict())
    for name, value in model.state_dict().items():
        assert torch.equal(weights[name], value), name
    clips = torch.rand(2, 5, 3, 24, 24)
    with torch.no_grad():
        assert torch.equal(loaded(clips), model.eval()(clips))


def test_the_same_model_gives_the_same_bytes(file: Path, model: nn.Module, tmp_path: Path):
    save_model(tmp_path / "again.safetensors", model, CARD)
    assert (tmp_path / "again.safetensors").read_bytes() == file.read_bytes()


def test_the_file_is_plain_safetensors_with_the_card_as_json(file: Path, model: nn.Module):
    header_length = int.from_bytes(file.read_bytes()[:8], "little")
    header = json.loads(file.read_bytes()[8 : 8 + header_length])
    assert json.loads(header["__metadata__"][CARD_KEY])["features"]["frames"] == 5
    arrays = safetensors.numpy.load_file(file)
    head = model.get_parameter("head.weight").detach().numpy()
    np.testing.assert_array_equal(arrays["head.weight"], head)


def test_nothing_is_left_beside_the_file(file: Path):
    assert list(file.parent.iterdir()) == [file]


class _Malicious:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("writer", ["pickle", "torch"])
def test_a_pickle_with_code_is_refused_and_not_run(writer: str, tmp_path: Path):
    path, target = tmp_path / "model.safetensors", tmp_path / "was_run"
    if writer == "pickle":
        path.write_bytes(pickle.dumps(_Malicious(target)))
    else:
        torch.save({"model_state": _Malicious(target)}, path)
    with pytest.raises(ModelError, match="can run code"):
        load_model(path)
    assert not target.exists()


@pytest.mark.parametrize("kept", [0, 4, 200, -1])
def test_a_truncated_file_is_refused(file: Path, kept: int):
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(ModelError, match=r"model\.safetensors is no whole safetensors file"):
        load_model(file)


def test_a_missing_file_is_named(tmp_path: Path):
    with pytest.raises(ModelError, match=r"no model file .*nothing\.safetensors"):
        load_model(tmp_path / "nothing.safetensors")


def test_a_folder_is_no_model_file(tmp_path: Path):
    with pytest.raises(ModelError, match="no model file"):
        load_model(tmp_path)


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused_by_name(
    file: Path, model: nn.Module, poison: float
):
    with torch.no_grad():
        model.get_parameter("blocks.1.mlp.fc2.weight")[3, 4] = poison
    save_model(file, model, CARD)
    with pytest.raises(ModelError, match=r"NaN or infinite numbers in blocks\.1\.mlp\.fc2\.weight"):
        load_model(file)


def test_missing_unexpected_and_misshapen_weights_are_all_listed(file: Path):
    tensors, metadata = read_tensors(file)
    del tensors["blocks.0.temporal_fc.bias"], tensors["norm.weight"]
    tensors["decoder.weight"] = torch.zeros(2)
    tensors["head.weight"] = torch.zeros(400, 24)
    write_tensors(file, tensors, metadata)
    with pytest.raises(ModelError) as caught:
        load_model(file)
    message = str(caught.value)
    assert "does not fit TimeSformer" in message
    assert "2 missing: blocks.0.temporal_fc.bias, norm.weight" in message
    assert "1 unexpected: decoder.weight" in message
    assert "1 of another shape: head.weight (400, 24) for (3, 24)" in message


def test_a_long_list_is_cut_with_its_count(file: Path):
    _, metadata = read_tensors(file)
    write_tensors(file, {"other": torch.zeros(1)}, metadata)
    with pytest.raises(ModelError, match=r"missing: blocks\.0.* and \d+ more; 1 unexpected"):
        load_model(file)


def test_weights_without_a_card_are_refused(file: Path):
    tensors, _ = read_tensors(file)
    write_tensors(file, tensors, {})
    with pytest.raises(ModelError, match="without rodepil's card"):
        load_model(file)


@pytest.mark.parametrize(
    ("key", "value"), [("threshold", 1.5), ("colour", "red"), ("classes", ["seizure", "seizure"])]
)
def test_a_card_that_can_not_be_read_is_refused(file: Path, key: str, value: object):
    tensors, metadata = read_tensors(file)
    card = json.dumps({**json.loads(metadata[CARD_KEY]), key: value})
    write_tensors(file, tensors, {CARD_KEY: card})
    with pytest.raises(ModelError, match=r"the card in .* can't be read"):
        load_model(file)


def test_a_card_wants_different_classes_and_a_spread_above_zero():
    with pytest.raises(ValidationError, match="different names"):
        ModelCard(**{**dict(CARD), "classes": ("a", "a")})
    with pytest.raises(ValidationError, match="std"):
        ModelCard(**{**dict(CARD), "std": (0.1, 0.0, 0.1)})
