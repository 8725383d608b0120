from __future__ import annotations

import pytest
from torch import nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.models import registry
from rodepil.models.timesformer import TimeSformer


def test_timesformer_is_had_by_its_name():
    assert "timesformer" in registry.names()
    model = registry.build(ModelSettings(), FeatureSettings(), classes=3, seed=0)
    assert isinstance(model, TimeSformer)
    assert (model.frames, model.size_px, model.classes) == (16, 32, 3)


def test_an_unknown_name_is_refused_with_the_names_that_exist():
    settings = ModelSettings.model_construct(name="timeformer")
    with pytest.raises(ModelError, match=r"'timeformer'; there are: .*timesformer"):
        registry.build(settings, FeatureSettings(), classes=2, seed=0)


def test_a_name_is_given_once():
    with pytest.raises(ModelError, match="take another name"):
        registry.register("timesformer")(lambda *_: nn.Identity())


def test_without_a_seed_the_weights_are_left_to_be_loaded():
    model = registry.build(ModelSettings(), FeatureSettings(), classes=2, seed=None)
    whole = registry.build(ModelSettings(), FeatureSettings(), classes=2, seed=0)
    assert [value.device.type for value in model.parameters()] == ["cpu"] * len(
        list(whole.parameters())
    )
    model.load_state_dict(whole.state_dict())
