"""A localizer's file: what is written comes back, and what is none is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from rodepil.errors import ModelError
from rodepil.localize.card import (
    LOCALIZER_KEY,
    LocalizerCard,
    load_localizer,
    read_localizer_card,
    save_localizer,
)
from rodepil.localize.sequences import Sequences
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.localize.trial import LocalizeResult
from rodepil.models.card import CARD_KEY
from rodepil.models.raseformer.build import build

Recipe = Callable[..., LocalizeTrialSettings]


@pytest.fixture
def card(recipe: Recipe) -> LocalizerCard:
    """Return the card of a trial."""
    return LocalizerCard.of(
        recipe(), trial_id="ab12", learned_from=["rat-2", "rat-1", "rat-2"], extractor_sha256="cd34"
    )


def test_a_saved_localizer_finds_what_the_trial_found(
    recipe: Recipe,
    made: Callable[..., Sequences],
    run: Callable[..., LocalizeResult],
    card: LocalizerCard,
    tmp_path: Path,
):
    result = run(recipe(epochs=1), tmp_path)
    save_localizer(tmp_path / "model.safetensors", result.model, card)
    back = load_localizer(tmp_path / "model.safetensors")
    testing = made(6, seed=2, side="testing")
    assert back.card == card
    assert not back.network.training
    assert back.find(testing.features, testing.durations_s, testing.ids).equals(result.detections)


def test_a_card_says_what_its_trial_was(recipe: Recipe, card: LocalizerCard):
    settings = recipe()
    assert card.network == settings.network
    assert card.sequence == settings.sequence
    assert card.segments == settings.segments
    assert card.labels == ("others", "staring")
    assert card.learned_from == ("rat-1", "rat-2")
    assert (card.trial_id, card.extractor_sha256, card.data) == ("ab12", "cd34", "simulated")


def test_a_card_is_read_without_the_weights(recipe: Recipe, card: LocalizerCard, tmp_path: Path):
    save_localizer(tmp_path / "m.safetensors", build(recipe().network), card)
    assert read_localizer_card(tmp_path / "m.safetensors") == card


def _rewritten(path: Path, metadata: dict[str, str]) -> Path:
    save_file({"x": torch.zeros(1)}, path, metadata=metadata)
    return path


def test_what_is_no_localizer_is_refused(card: LocalizerCard, tmp_path: Path):
    path = tmp_path / "m.safetensors"
    with pytest.raises(ModelError, match=r"there is no model file .*m.safetensors"):
        load_localizer(path)
    with pytest.raises(ModelError, match=r"classifier .*'rodepil predict'"):
        load_localizer(_rewritten(path, {CARD_KEY: "{}"}))
    with pytest.raises(ModelError, match="without a localizer's card"):
        load_localizer(_rewritten(path, {"about": "nothing"}))
    with pytest.raises(ModelError, match=r"card in .* can't be read \(\d+ faults"):
        load_localizer(_rewritten(path, {LOCALIZER_KEY: '{"labels": 3}'}))
    with pytest.raises(ModelError, match=r"does not fit Raseformer; .* missing"):
        load_localizer(_rewritten(path, {LOCALIZER_KEY: card.model_dump_json()}))


def test_a_card_with_other_labels_than_classes_is_refused(
    recipe: Recipe, card: LocalizerCard, tmp_path: Path
):
    path = tmp_path / "m.safetensors"
    save_localizer(path, build(recipe().network), card)
    said = json.loads(card.model_dump_json()) | {"labels": ["others", "others"]}
    save_file(load_file(path), path, metadata={LOCALIZER_KEY: json.dumps(said)})
    with pytest.raises(ModelError, match="must be 2 different names"):
        load_localizer(path)


def test_a_number_that_is_not_finite_is_refused(
    recipe: Recipe, card: LocalizerCard, tmp_path: Path
):
    network = build(recipe().network)
    with torch.no_grad():
        network.class_head.out.weight[0, 0, 0] = torch.nan
    save_localizer(tmp_path / "m.safetensors", network, card)
    with pytest.raises(ModelError, match=r"NaN or infinite numbers in class_head.out.weight"):
        load_localizer(tmp_path / "m.safetensors")
