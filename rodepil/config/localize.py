"""The settings of the second task: RatSeizure's clips, features of sliding windows, localization.

References
----------
Tsai et al.: RatSeizure: A Benchmark and Saliency-Context Transformer for Rat Seizure
Localization, and its public evaluation code.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from rodepil.config.base import NonNegative, NonNegativeReal, Positive, PositiveReal, Settings
from rodepil.config.raseformer import LocalizeLossSettings, RaseformerSettings, SegmentSettings


def each_once(tious: tuple[float, ...]) -> tuple[float, ...]:
    """Refuse thresholds of which two get one name in records and runs."""
    names = [f"{tiou:g}" for tiou in tious]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        msg = f"tious name {', '.join(twice)} more than once; give each threshold once"
        raise ValueError(msg)
    return tious


Thresholds = Annotated[
    tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1), AfterValidator(each_once)
]
"""Thresholds of tIoU, one or more, each once by the name that numbers get: ``0.5``."""

Comparison = Literal["dense", "shuffled"]
"""What is trained beside the result: dense local attention, and segments of other clips."""


class UnitSimulationSettings(Settings):
    """Simulated clips of action units, in the form of RatSeizure's files.

    A third of the subjects, rounded down, is tested on; units last two whole seconds at least.
    """

    seed: NonNegative = 11
    subjects: Annotated[int, Field(ge=3)] = 10
    clips: Annotated[int, Field(ge=3)] = 168
    duration_s: Annotated[float, Field(ge=2, le=3600)] = 10.0
    fps: Positive = 30
    size_px: Annotated[int, Field(ge=16, multiple_of=2)] = 64


class RatSeizureSettings(Settings):
    """Which clips are localized in.

    ``source`` is ``simulated``, or ``imported``: what 'rodepil import ratseizure' wrote.
    ``split`` is the given one (trained on its training side, scored on its testing side), or
    ``subject``: ``k`` folds by subject.
    """

    source: Literal["simulated", "imported"] = "simulated"
    split: Literal["given", "subject"] = "given"
    k: Annotated[int, Field(ge=2)] = 5
    seed: NonNegative = 0
    simulate: UnitSimulationSettings = UnitSimulationSettings()


class UnitStandInSettings(Settings):
    """How the stand-in learns: to name the unit of short windows of other simulated subjects.

    ``stretches`` are short clips of one unit each; every epoch shows ``windows`` of them, drawn
    anew.
    """

    seed: NonNegative = 7
    subjects: Annotated[int, Field(ge=3)] = 20
    stretches: Annotated[int, Field(ge=28)] = 336
    stretch_s: Annotated[float, Field(ge=2, le=3600)] = 2.0
    epochs: Positive = 5
    windows: Positive = 800
    batch_size: Annotated[int, Field(ge=2)] = 8
    learning_rate: PositiveReal = 0.002
    weight_decay: NonNegativeReal = 0.02
    warmup_epochs: NonNegative = 1
    decay_epochs: tuple[NonNegative, ...] = (3, 4)
    decay_factor: Annotated[float, Field(gt=0, le=1)] = 0.3
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    threads: Positive = 2


class SequenceSettings(Settings):
    """Features over windows that slide along a clip.

    ``model`` is the network that makes them: a file of I3D's weights, ``i3d_stand_in`` (a narrow
    one that the project makes itself, see ``stand_in``), or ``imported``: features that came as
    files, of ``imported_width`` numbers each.
    """

    model: Annotated[str, Field(min_length=1)] = "i3d_stand_in"
    fps: PositiveReal = 30.0
    window_frames: Positive = 16
    stride_frames: Positive = 4
    size_px: Positive = 48
    width: Annotated[int, Field(ge=4, multiple_of=4)] = 8
    imported_width: Positive = 1024
    stand_in: UnitStandInSettings = UnitStandInSettings()


class LocalizeTrainSettings(Settings):
    """How RaSeformer is trained; the defaults are the official ones.

    ``warmup_epochs`` come before ``epochs``; then the rate falls along a cosine. Tested clips are
    scored after every ``score_every`` epochs and after the last; they choose nothing.
    """

    seed: NonNegative = 0
    epochs: Positive = 20
    warmup_epochs: NonNegative = 20
    batch_size: Positive = 2
    learning_rate: PositiveReal = 1e-4
    weight_decay: NonNegativeReal = 0.05
    clip_norm: NonNegativeReal = 1.0
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = 0.999
    precision: Literal["bf16", "fp32"] = "fp32"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    workers: Literal[1] = 1
    threads_per_worker: Positive = 1
    score_every: Positive = 1


class LocalizeSettings(Settings):
    """The localizer: network, training, losses, and how points become segments."""

    network: RaseformerSettings = RaseformerSettings()
    train: LocalizeTrainSettings = LocalizeTrainSettings()
    loss: LocalizeLossSettings = LocalizeLossSettings()
    segments: SegmentSettings = SegmentSettings()
    tious: Thresholds = (0.3, 0.4, 0.5, 0.6, 0.7)
    compare: tuple[Comparison, ...] = ("dense", "shuffled")


class DetectorSettings(Settings):
    """How the demo's tiny detector learns where the animal of a cage is.

    It learns from simulated recordings, ``recordings`` of them at most, and is tested on
    ``tested`` others, whose animals it never saw. Of each, ``frames`` are looked at, evenly over
    its time; each is shown in ``crops`` random parts of its cage.
    """

    seed: NonNegative = 0
    recordings: Positive = 6
    tested: Positive = 2
    frames: Annotated[int, Field(ge=2)] = 48
    crops: Positive = 4
    steps: Positive = 600
    batch_size: Annotated[int, Field(ge=2)] = 16
    learning_rate: PositiveReal = 0.01
