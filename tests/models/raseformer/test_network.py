"""The network beside the published one in plain functions, and its sizes as counted by hand."""

from __future__ import annotations

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from rodepil.config.raseformer import RaseformerSettings
from rodepil.errors import ModelError
from rodepil.models.raseformer.build import build
from rodepil.models.raseformer.keys import load_official, to_official
from rodepil.models.raseformer.points import batch
from tests.models.raseformer.official import Official, official_shapes

SMALL = RaseformerSettings(
    feature_width=6,
    classes=3,
    width=8,
    heads=2,
    windows=(5, 3, 1),
    max_length=16,
    ranges=((0, 4), (4, 8), (8, 100)),
)


def _official_state(shapes: dict[str, tuple]) -> dict[str, Tensor]:
    rng = torch.Generator().manual_seed(0)
    return {name: 0.4 * torch.randn(shape, generator=rng) for name, shape in shapes.items()}


@pytest.mark.parametrize("ratio", [0.5, 1.0])
@pytest.mark.parametrize("form", ["masked", "gathered"])
def test_official_weights_give_the_official_numbers(form: str, ratio: float):
    state = _official_state(official_shapes(6, 8, 3, 3))
    settings = SMALL.model_copy(update={"form": form, "keep_ratio": ratio})
    model = build(settings, seed=None).eval()
    load_official(model, {f"module.{name}": tensor for name, tensor in state.items()}, "a test")
    sequences = [torch.randn(length, 6) for length in (11, 16)]
    features, valid = batch(sequences, settings)
    with torch.no_grad():
        out = model(features, valid)
    official = Official(state, 2, (5, 3, 1), ratio)
    for row in range(2):
        wanted = official(features[row].T, valid[row])
        for level, (logits, offsets) in enumerate(wanted):
            torch.testing.assert_close(out.logits[level][row].T, logits, atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(out.offsets[level][row].T, offsets, atol=1e-5, rtol=1e-4)


def test_every_tensor_has_its_official_name_and_size_at_the_official_settings():
    state = build(RaseformerSettings(), seed=None).state_dict()
    shapes = official_shapes(1024, 512, 14, 6)
    assert {to_official(name) for name in state} == shapes.keys()
    for name, tensor in state.items():
        wanted = shapes[to_official(name)]
        assert tensor.numel() == torch.Size(wanted).numel()


def test_the_official_network_has_27_669_526_parameters():
    c, f, k = 512, 1024, 14
    norm = 2 * c
    embed = 3 * f * c + 3 * c * c + 2 * norm
    block = 2 * norm + 3 * (3 * c + norm) + 4 * (c * c + c) + 8 * c * c + 5 * c + 2 * c
    tower = 2 * (3 * c * c + norm)
    heads = 2 * tower + (3 * c * k + k) + (3 * c * 2 + 2) + 6
    by_hand = embed + 7 * block + 6 * norm + heads
    assert by_hand == 27_669_526
    model = build(RaseformerSettings(), seed=None)
    assert sum(parameter.numel() for parameter in model.parameters()) == by_hand


def test_levels_of_the_official_network_halve_96_steps_five_times():
    model = build(RaseformerSettings()).eval()
    features, valid = batch([torch.randn(72, 1024), torch.randn(1, 1024)], RaseformerSettings())
    with torch.no_grad():
        out = model(features, valid)
    lengths = [96, 48, 24, 12, 6, 3]
    assert [tuple(one.shape) for one in out.logits] == [(2, steps, 14) for steps in lengths]
    assert [tuple(one.shape) for one in out.offsets] == [(2, steps, 2) for steps in lengths]
    assert [one.sum(1).tolist() for one in out.valid] == [
        [72, 1], [36, 1], [18, 1], [9, 1], [5, 1], [3, 1]
    ]  # fmt: skip
    joined = out.joined()
    assert [tuple(one.shape) for one in joined] == [(2, 189), (2, 189, 14), (2, 189, 2)]
    assert (joined[2] >= 0).all()
    for part in joined[1:]:
        assert (part[~joined[0]] == 0).all()


def test_a_new_network_gives_every_class_its_prior():
    settings = SMALL.model_copy(update={"class_prior": 0.2})
    model = build(settings, seed=3).eval()
    torch.nn.init.zeros_(model.class_head.out.weight)
    features, valid = batch([torch.randn(16, 6)], settings)
    for logits in model(features, valid).logits:
        torch.testing.assert_close(logits.sigmoid(), torch.full_like(logits, 0.2))


def test_one_seed_gives_one_network_and_leaves_the_global_generator_alone():
    torch.manual_seed(9)
    before = torch.get_rng_state()
    one, same, other = build(SMALL, seed=1), build(SMALL, seed=1), build(SMALL, seed=2)
    assert torch.equal(torch.get_rng_state(), before)
    for name, tensor in one.state_dict().items():
        assert torch.isfinite(tensor).all()
        assert torch.equal(tensor, same.state_dict()[name])
    assert not torch.equal(one.encoder.embed[0].weight, other.encoder.embed[0].weight)


def test_what_stands_at_padding_changes_nothing():
    model = build(SMALL).eval()
    features, valid = batch([torch.randn(9, 6)], SMALL)
    noisy = torch.where(valid[..., None], features, torch.randn(1, 16, 6))
    with torch.no_grad():
        for one, other in zip(
            model(features, valid).joined(), model(noisy, valid).joined(), strict=True
        ):
            assert torch.equal(one, other)


def test_every_parameter_gets_a_gradient():
    model = build(SMALL).train()
    features, valid = batch([torch.randn(16, 6), torch.randn(12, 6)], SMALL)
    torch.manual_seed(0)
    _, logits, offsets = model(features, valid).joined()
    (logits.square().sum() + offsets.sum()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        if not name.endswith("key.linear.bias"):  # shifts all scores of a query alike
            assert parameter.grad.abs().sum() > 0, name


@pytest.mark.parametrize(
    ("shape", "steps", "words"),
    [((1, 16, 5), 16, "wants"), ((1, 10, 6), 10, "multiple of 4"), ((1, 16, 6), 12, "valid is")],
)
def test_features_that_do_not_fit_are_refused(shape: tuple, steps: int, words: str):
    with pytest.raises(ModelError, match=words):
        build(SMALL)(torch.zeros(shape), torch.ones(1, steps, dtype=torch.bool))


def test_a_state_dict_of_other_settings_is_refused():
    state = _official_state(official_shapes(6, 8, 3, 3))
    with pytest.raises(ModelError, match="of another shape"):
        load_official(build(SMALL.model_copy(update={"classes": 4})), state, "a test")
    del state["cls_head.cls_head.conv.bias"]
    with pytest.raises(ModelError, match=r"lacks 1 tensors .* cls_head\.cls_head\.conv\.bias"):
        load_official(build(SMALL), state, "a test")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"windows": (4, 3, 1)}, "have no middle"),
        ({"windows": (9, 9)}, "one of each"),
        ({"max_length": 18}, "take 20"),
        ({"heads": 3}, "no multiple of heads"),
        ({"ranges": ((0, 4), (8, 4), (8, 100))}, "are empty"),
    ],
)
def test_settings_that_can_not_work_are_refused(change: dict, words: str):
    with pytest.raises(ValidationError, match=words):
        RaseformerSettings(**{**SMALL.model_dump(), **change})


def test_half_of_nine_keys_rounded_up_are_five():
    settings = RaseformerSettings()
    assert [settings.keep(window) for window in (9, 19, 1)] == [5, 10, 1]
    assert settings.model_copy(update={"keep_ratio": 1.0}).keep(9) == 9
    assert settings.model_copy(update={"keep_ratio": 0.1}).keep(30) == 3
