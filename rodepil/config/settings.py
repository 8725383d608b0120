"""The settings of the whole pipeline: frozen, typed, checked when they are made.

One class for each section of ``params.yaml``, each in the module of its subject and all to be had
here. Defaults are the demo's. A value that can't work is refused when settings are made, so that
no stage starts with it.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from rodepil.config.base import Settings
from rodepil.config.clips import AuditSettings, CurateSettings, FoldSettings
from rodepil.config.features import FeatureSettings, StoreSettings
from rodepil.config.imports import ImportSettings
from rodepil.config.localize import (
    DetectorSettings,
    LocalizeSettings,
    LocalizeTrainSettings,
    RatSeizureSettings,
    SequenceSettings,
)
from rodepil.config.model import ModelSettings
from rodepil.config.raseformer import RaseformerSettings
from rodepil.config.record import CompareSettings, TrackSettings
from rodepil.config.source import DataSettings, SimulateSettings
from rodepil.config.train import AugmentSettings, PretrainSettings, TrainSettings

__all__ = [
    "AuditSettings",
    "AugmentSettings",
    "CurateSettings",
    "DataSettings",
    "FeatureSettings",
    "FoldSettings",
    "ModelSettings",
    "PretrainSettings",
    "ProjectSettings",
    "SimulateSettings",
    "StoreSettings",
    "TrainSettings",
]


def _demo_views() -> dict[str, dict[str, Any]]:
    """Return the demo's views beside the one that models train on."""
    return {"motion": {"kind": "motion", "size_px": 112}}


def _demo_localizer() -> LocalizeSettings:
    """Return the demo's localizer: official but for its size and the length of its training."""
    return LocalizeSettings(
        network=RaseformerSettings(feature_width=128, width=64),
        train=LocalizeTrainSettings(
            epochs=12,
            warmup_epochs=3,
            batch_size=8,
            learning_rate=1e-3,
            ema_decay=0.98,
            score_every=3,
        ),
    )


class ProjectSettings(Settings):
    """Everything: the sections of params.yaml under the chosen profile."""

    profile: str = "demo"
    data: DataSettings = DataSettings()
    imports: ImportSettings = ImportSettings()
    curate: CurateSettings = CurateSettings()
    audit: AuditSettings = AuditSettings()
    folds: FoldSettings = FoldSettings()
    features: FeatureSettings = FeatureSettings(pairs="native")
    views: dict[str, dict[str, Any]] = Field(default_factory=_demo_views)
    store: StoreSettings = StoreSettings()
    model: ModelSettings = ModelSettings()
    pretrain: PretrainSettings = PretrainSettings()
    train: TrainSettings = TrainSettings()
    compare: CompareSettings = CompareSettings()
    ratseizure: RatSeizureSettings = RatSeizureSettings()
    sequence: SequenceSettings = SequenceSettings()
    localize: LocalizeSettings = Field(default_factory=_demo_localizer)
    detector: DetectorSettings = DetectorSettings()
    track: TrackSettings = TrackSettings()

    @model_validator(mode="after")
    def _jitter_has_frames(self) -> Self:
        jitter, stored = self.train.augment.temporal_jitter, self.features.oversample
        if jitter > 0 and stored == 1:
            msg = (
                f"train.augment.temporal_jitter is {jitter}, and only the frame shown is stored; "
                "set features.oversample to 3 or more, or temporal_jitter to 0"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _gap_within_clip(self) -> Self:
        gap, frames = self.features.gap, self.curate.frames_per_clip
        if self.features.pairs == "native" and gap >= frames:
            msg = (
                f"features.gap {gap} leaves no two frames in clips of {frames} frames "
                f"(curate.clip_duration_s {self.curate.clip_duration_s:g} at curate.fps "
                f"{self.curate.fps}); make it smaller"
            )
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _patches_fit(self) -> Self:
        if self.features.size_px % self.model.patch_px:
            msg = (
                f"features.size_px {self.features.size_px} is no multiple of "
                f"model.patch_px {self.model.patch_px}"
            )
            raise ValueError(msg)
        return self
