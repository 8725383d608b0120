"""Every format is recognised by content and read to the last bit; faults are all listed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor

from rodepil.errors import ModelError
from rodepil.models.weights import load
from rodepil.models.weights.keys import from_hugging_face, to_hugging_face

FORMATS = ("official", "hugging_face", "timm_vit", "rodepil")


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_of_every_format_is_recognised_with_its_sizes(name: str, files: Any):
    weights = load(files.make(name))
    assert weights.format == name
    sizes = weights.sizes
    assert (sizes.width, sizes.depth, sizes.hidden, sizes.patch_px) == (48, 3, 96, 8)
    assert (sizes.size_px, sizes.classes) == (32, 5)
    assert sizes.frames == (1 if name == "timm_vit" else 4)
    assert weights.has_time == (name != "timm_vit")


@pytest.mark.parametrize("name", ["official", "hugging_face", "rodepil"])
def test_every_tensor_is_read_to_the_last_bit(name: str, files: Any):
    weights = load(files.make(name))
    expected = files.network.state_dict()
    assert weights.tensors.keys() == expected.keys()
    for key, value in expected.items():
        assert torch.equal(weights.tensors[key], value), key


def test_the_key_map_goes_both_ways_and_is_hugging_faces_own(files: Any):
    theirs = set(files.theirs.state_dict())
    mapped = {name: to_hugging_face(name) for name in files.network.state_dict()}
    assert set(mapped.values()) == theirs
    assert all(from_hugging_face(name) == ours for ours, name in mapped.items())


def test_what_is_unknown_keeps_its_name():
    for name in ("vit.encoder.layer.0.attention.query.weight", "encoder.layer.0.other.weight", "x"):
        assert from_hugging_face(name) == name
    with pytest.raises(KeyError):
        to_hugging_face("blocks.0.ls1.gamma")


def test_a_backbone_without_head_is_read(files: Any):
    files.theirs.timesformer.save_pretrained(files.folder / "backbone")
    weights = load(files.folder / "backbone")
    assert weights.sizes.classes is None
    assert set(files.network.state_dict()) - set(weights.tensors) == {"head.weight", "head.bias"}


@pytest.mark.parametrize("wrap", ["model_state", "state_dict", "model", None])
@pytest.mark.parametrize("prefix", ["", "model.", "module.", "module.model."])
@pytest.mark.parametrize("age", ["zip", "legacy"])
def test_pytorch_files_of_any_layout_are_read(wrap: str | None, prefix: str, age: str, files: Any):
    state = {prefix + name: value for name, value in files.network.state_dict().items()}
    path = files.folder / "any.name"
    whole = state if wrap is None else {wrap: state, "epoch": 3, "args": ["--lr", 0.1]}
    torch.save(whole, path, _use_new_zipfile_serialization=age == "zip")
    weights = load(path)
    assert weights.format == "official"
    assert torch.equal(weights.tensors["head.bias"], files.network.head.bias)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_become_float32(dtype: torch.dtype, files: Any):
    state = {name: value.to(dtype) for name, value in files.vit.state_dict().items()}
    safetensors.torch.save_file(state, files.folder / "half.safetensors")
    weights = load(files.folder / "half.safetensors")
    assert {value.dtype for value in weights.tensors.values()} == {torch.float32}
    norm = files.vit.norm.weight.detach().to(dtype).float()
    assert torch.equal(weights.tensors["norm.weight"], norm)


def test_a_folder_of_several_parts_is_read_whole(files: Any):
    folder = files.folder / "parts"
    files.theirs.save_pretrained(folder, max_shard_size="50KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 1
    weights = load(folder)
    assert torch.equal(weights.tensors["norm.bias"], files.network.norm.bias)
    assert len(weights.tensors) == len(files.network.state_dict())


def test_a_folder_with_a_pytorch_file_is_read(files: Any):
    folder = files.hugging_face()
    state = safetensors.torch.load_file(folder / "model.safetensors")
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    weights = load(folder)
    assert weights.format == "hugging_face"
    assert weights.note.heads == 4


def test_heads_are_read_where_they_stand(files: Any):
    assert load(files.hugging_face()).note.heads == 4
    assert load(files.rodepil()).note.heads == 4
    assert load(files.official()).note.heads is None
    assert load(files.timm_vit()).note.heads is None


def test_published_normalisation_goes_with_timesformers_whatever_hugging_face_says(files: Any):
    folder = files.hugging_face()
    processor = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor))
    for path in (folder, files.official()):
        weights = load(path)
        assert weights.mean == (0.45,) * 3
        assert weights.std == (0.225,) * 3


def test_a_vit_brings_timms_normalisation_where_it_is_told(files: Any):
    folder = load(files.timm_folder())
    assert folder.format == "timm_vit"
    assert folder.mean == (0.485, 0.456, 0.406)  # torchvision's, with which DeiT was trained
    assert folder.std == (0.229, 0.224, 0.225)
    assert "deit_tiny_patch16_224" in folder.note.normalisation
    alone = load(folder.source / "model.safetensors")  # type: ignore[operator]
    assert alone.mean == (0.45,) * 3
    assert "names none" in alone.note.normalisation


def test_a_model_of_our_own_brings_its_cards_normalisation(files: Any):
    weights = load(files.rodepil())
    assert weights.mean == (0.1, 0.2, 0.3)
    assert weights.std == (0.4, 0.5, 0.6)
    assert weights.note.origin == "trial t1, simulated data"


def _edited(files: Any, name: str, state: dict[str, Tensor]) -> Path:
    """Write `state` in the place of the file of format `name`."""
    path: Path = files.make(name)
    if name == "official":
        torch.save({"model_state": state}, path)
    else:
        file = path / "model.safetensors" if path.is_dir() else path
        safetensors.torch.save_file(state, file, metadata=_metadata(file))
    return path


def _metadata(path: Path) -> dict[str, str]:
    with safetensors.safe_open(path, framework="pt") as stream:
        return dict(stream.metadata() or {})


def _state(files: Any, name: str) -> dict[str, Tensor]:
    network = {"hugging_face": files.theirs, "timm_vit": files.vit}.get(name, files.network)
    return dict(network.state_dict())


@pytest.mark.parametrize("name", FORMATS)
def test_missing_and_unexpected_tensors_are_all_listed_by_the_files_names(name: str, files: Any):
    state = _state(files, name)
    gone = [key for key in state if key.endswith(("fc1.bias", "intermediate.dense.bias"))]
    norm = "timesformer.layernorm.weight" if name == "hugging_face" else "norm.weight"
    assert len(gone) == 3
    for key in (*gone, norm):
        del state[key]
    added = ("fc_norm.weight", "dist_token", "blocks.0.ls1.gamma", "blocks.2.ls1.gamma")
    for number, key in enumerate(added):
        state[key] = torch.full((4,), float(number))
    with pytest.raises(ModelError) as caught:
        load(_edited(files, name, state))
    message = str(caught.value)
    assert "4 missing: " in message
    assert gone[0].replace(".0.", ".*.") + " (3 of them)" in message
    assert norm in message
    assert "4 unexpected: blocks.*.ls1.gamma (2 of them), dist_token, fc_norm.weight" in message


@pytest.mark.parametrize("name", FORMATS)
def test_a_head_may_be_missing_as_a_whole_and_not_in_part(name: str, files: Any):
    state = _state(files, name)
    head = [key for key in state if key.startswith(("head", "classifier"))]
    del state[head[0]]
    with pytest.raises(ModelError, match=f"1 missing: {head[0]}"):
        load(_edited(files, name, state))
    del state[head[1]]
    assert load(_edited(files, name, state)).sizes.classes is None


def test_shapes_that_contradict_each_other_are_listed(files: Any):
    state = _state(files, "official")
    state["blocks.1.attn.qkv.weight"] = torch.zeros(100, 48)
    state["norm.bias"] = torch.zeros(47)
    with pytest.raises(ModelError) as caught:
        load(_edited(files, "official", state))
    message = str(caught.value)
    assert "2 of another shape" in message
    assert "blocks.1.attn.qkv.weight (100, 48) for (144, 48)" in message
    assert "norm.bias (47,) for (48,)" in message


def test_whole_numbers_are_no_weights(files: Any):
    state = _state(files, "official")
    state["norm.bias"] = torch.zeros(48, dtype=torch.int64)
    with pytest.raises(ModelError, match=r"1 not of floats: norm\.bias"):
        load(_edited(files, "official", state))


@pytest.mark.parametrize(
    ("name", "shape"),
    [("pos_embed", (1, 16, 48)), ("pos_embed", (17, 48)), ("patch_embed.proj.weight", (48, 192))],
)
def test_embeddings_of_another_kind_of_network_are_refused(
    name: str, shape: tuple[int, ...], files: Any
):
    state = _state(files, "timm_vit")
    state[name] = torch.zeros(shape)
    with pytest.raises(ModelError, match=r"vit\.safetensors.*(other dimensions|square)"):
        load(_edited(files, "timm_vit", state))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("poison", [float("nan"), float("-inf")])
def test_numbers_that_are_not_finite_are_refused_by_name(name: str, poison: float, files: Any):
    state = {key: value.clone() for key, value in _state(files, name).items()}
    key = next(key for key in state if "mlp.fc2.weight" in key or ".output.dense.weight" in key)
    state[key][2, 3] = poison
    with pytest.raises(ModelError, match=f"NaN or infinite numbers in {key}"):
        load(_edited(files, name, state))


def test_another_architecture_is_refused_with_its_first_names_and_the_formats(tmp_path: Path):
    from torchvision.models import resnet18  # noqa: PLC0415 - one test wants it

    torch.save(resnet18().state_dict(), tmp_path / "resnet18.pth")
    with pytest.raises(ModelError) as caught:
        load(tmp_path / "resnet18.pth")
    message = str(caught.value)
    assert "conv1.weight" in message
    assert "122 tensors" in message
    assert all(name in message for name in FORMATS)


def test_hugging_faces_own_vit_is_another_architecture(tmp_path: Path):
    from transformers import ViTConfig, ViTModel  # noqa: PLC0415

    config = ViTConfig(hidden_size=48, num_hidden_layers=1, num_attention_heads=4, image_size=32)
    ViTModel(config).save_pretrained(tmp_path / "vit")
    with pytest.raises(ModelError, match=r"which are\s+none of"):
        load(tmp_path / "vit")


@pytest.mark.parametrize(
    ("key", "value"),
    [("hidden_act", "relu"), ("layer_norm_eps", 1e-12), ("attention_type", "space_only")],
)
def test_a_hugging_face_config_that_asks_for_another_function_is_refused(
    key: str, value: object, files: Any
):
    folder = files.hugging_face()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, key: value}))
    with pytest.raises(ModelError, match=rf"config\.json asks for .*{key}"):
        load(folder)


def test_images_where_clips_are_asked_for_are_refused_and_the_other_way_round(files: Any):
    with pytest.raises(ModelError, match=r"single images .*set model\.pretrained to imagenet"):
        load(files.timm_vit(), "kinetics")
    with pytest.raises(ModelError, match=r"network of clips .*kinetics or stand_in"):
        load(files.official(), "imagenet")
    assert load(files.timm_vit(), "imagenet").format == "timm_vit"
    assert load(files.official(), "stand_in").format == "official"
