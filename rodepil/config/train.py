"""Settings of training: before it on simulated actions, and of a trial itself."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rodepil.config.base import (
    NonNegative,
    NonNegativeReal,
    Positive,
    PositiveReal,
    Settings,
    Share,
)
from rodepil.config.modality import FlowInputSettings


def check_rising(decay_epochs: tuple[int, ...]) -> None:
    """Refuse epochs of decay that are out of order or doubled."""
    if list(decay_epochs) != sorted(set(decay_epochs)):
        msg = f"decay_epochs {list(decay_epochs)} must rise, for example [11, 14]"
        raise ValueError(msg)


class PretrainSettings(Settings):
    """Stand-in pretraining on simulated actions, where Kinetics weights can't be had.

    Every epoch makes ``clips`` new ones. AdamW, a warm-up and steps down, as in `TrainSettings`.
    """

    seed: NonNegative = 0
    epochs: Positive = 10
    clips: Positive = 3000
    batch_size: Positive = 16
    learning_rate: PositiveReal = 7e-4
    weight_decay: NonNegativeReal = 0.05
    warmup_epochs: NonNegative = 1
    decay_epochs: tuple[Positive, ...] = (5, 7, 8, 9)
    decay_factor: Annotated[float, Field(gt=0, le=1)] = 0.4
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: Positive = 1

    @model_validator(mode="after")
    def _a_batch_at_least(self) -> Self:
        if self.clips < self.batch_size:
            msg = f"clips {self.clips} make no batch of {self.batch_size}; raise clips"
            raise ValueError(msg)
        check_rising(self.decay_epochs)
        return self


class AugmentSettings(Settings):
    """Random changes of a training clip; one draw a clip, the same for all its frames.

    A crop keeps at least ``crop_area_min`` of the frame's area (1 crops nothing), and its aspect
    is at most ``crop_aspect_max`` times the frame's, or so many times less. Of the frames that
    ``features.oversample`` stores for each one shown, ``temporal_jitter`` is the share that may
    stand in the middle one's place: 0 takes that one, 1 any of them.
    """

    flip_probability: Share = 0.5
    translate_share: Annotated[float, Field(ge=0, le=0.5)] = 0.08
    rotate_deg: Annotated[float, Field(ge=0, le=180)] = 8.0
    brightness: Share = 0.15
    contrast: Share = 0.15
    crop_area_min: Annotated[float, Field(gt=0, le=1)] = 1.0
    crop_aspect_max: Annotated[float, Field(ge=1)] = 1.333
    temporal_jitter: Share = 0.0


class TrainSettings(Settings):
    """One trial's recipe; ``batch_size`` is per worker, as in the paper's 8 a GPU.

    ``effective_batch`` clips make one optimizer step, gathered over workers and as many passes
    as it takes; null makes a step of every pass. ``ema_decay`` above 0 tests and keeps an
    exponential moving average of the weights. ``early_stop_epochs`` ends training when the
    training loss has not fallen for so many epochs; the test fold is never asked. ``compile``
    and ``activation_checkpointing`` trade start-up or time for speed or memory. ``modality`` is
    what the network sees of the frames: ``rgb``, ``absdiff`` or ``flow``, or another of
    `rodepil.vision.modality`.
    """

    seed: NonNegative = 0
    epochs: Positive = 6
    batch_size: Positive = 8
    optimizer: Literal["sgd", "adamw"] = "adamw"
    learning_rate: PositiveReal = 2e-4
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    nesterov: bool = False
    weight_decay: NonNegativeReal = 0.2
    warmup_epochs: NonNegative = 1
    decay_epochs: tuple[Positive, ...] = (3, 4, 5)
    decay_factor: Annotated[float, Field(gt=0, le=1)] = 0.4
    clip_norm: NonNegativeReal = 1.0
    class_weights: Literal["balanced", "none"] = "balanced"
    mixup_alpha: NonNegativeReal = 0.0
    effective_batch: Positive | None = None
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.0
    early_stop_epochs: Positive | None = None
    compile: bool = False
    activation_checkpointing: bool = False
    precision: Literal["bf16", "fp32"] = "fp32"
    modality: Annotated[str, Field(min_length=1)] = "rgb"
    flow: FlowInputSettings = FlowInputSettings(winsize=5)
    augment: AugmentSettings = AugmentSettings()
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    workers: Positive = 1
    threads_per_worker: Positive = 1

    @model_validator(mode="after")
    def _decay_in_order(self) -> Self:
        check_rising(self.decay_epochs)
        if self.nesterov and self.momentum == 0:
            msg = "nesterov wants a momentum above 0"
            raise ValueError(msg)
        whole = self.batch_size * self.workers
        if self.effective_batch is not None and self.effective_batch % whole:
            msg = (
                f"effective_batch {self.effective_batch} is no multiple of batch_size "
                f"{self.batch_size} times workers {self.workers}; take "
                f"{-(-self.effective_batch // whole) * whole}"
            )
            raise ValueError(msg)
        return self
