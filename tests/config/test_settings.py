"""Settings of frames and of what is seen of them: what can't work together is refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from rodepil.config.settings import FeatureSettings, ProjectSettings
from rodepil.store.views import training_view
from rodepil.store.views.frames import FrameView


@pytest.mark.parametrize(
    ("features", "told"),
    [
        ({"oversample": 2}, "oversample 2 has no middle one; make it odd"),
        ({"oversample": 3, "pairs": "sampled"}, "oversample wants pairs native or none"),
        ({"pairs": "next"}, "'none', 'native' or 'sampled'"),
        ({"gap": 0}, "greater than 0"),
    ],
)
def test_frames_that_can_not_be_stored_so_are_refused(features: dict[str, object], told: str):
    with pytest.raises(ValidationError, match=told):
        FeatureSettings.model_validate(features)


def test_jitter_wants_frames_to_choose_among():
    train = {"augment": {"temporal_jitter": 0.5}}
    with pytest.raises(ValidationError, match=r"set features\.oversample to 3 or more"):
        ProjectSettings.model_validate({"train": train})
    features = {"oversample": 3}
    made = ProjectSettings.model_validate({"train": train, "features": features})
    assert made.train.augment.temporal_jitter == 0.5


def test_the_view_that_is_trained_on_holds_the_frames_beside_those_shown():
    features = FeatureSettings(frames=8, size_px=64, pairs="native", gap=2, oversample=3)
    assert training_view(features) == FrameView(
        name="frames", frames=24, size_px=64, pairs="native", gap=2
    )
    assert training_view(FeatureSettings()).identity() == FrameView(size_px=32).identity()
