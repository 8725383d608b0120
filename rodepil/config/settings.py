"""The settings of the whole pipeline: frozen, typed, checked when they are made.

One class for each section of ``params.yaml``. Defaults are the demo's. A value that can't
work is refused here, so that no stage starts with it.
"""

from __future__ import annotations

from math import floor, isclose
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rodepil.config.base import (
    NonNegative,
    NonNegativeReal,
    Positive,
    PositiveReal,
    Settings,
    Share,
)
from rodepil.config.imports import ImportSettings
from rodepil.config.localize import (
    DetectorSettings,
    LocalizeSettings,
    LocalizeTrainSettings,
    RatSeizureSettings,
    SequenceSettings,
)
from rodepil.config.modality import FlowInputSettings, Pairs
from rodepil.config.raseformer import RaseformerSettings
from rodepil.config.record import CompareSettings, TrackSettings

_ROUNDING = 1e-9


class SimulateSettings(Settings):
    """Simulated recordings: how many animals, how long, how often they seize."""

    seed: NonNegative = 7
    subjects: Annotated[int, Field(ge=2)] = 14
    recordings: Positive = 8
    cages_min: Annotated[int, Field(ge=1, le=6)] = 3
    cages_max: Annotated[int, Field(ge=1, le=6)] = 6
    duration_s: Annotated[float, Field(ge=30)] = 180.0
    seizures_per_cage_hour: NonNegativeReal = 20.0
    fps: Positive = 30

    @model_validator(mode="after")
    def _cages_in_order(self) -> Self:
        if self.cages_min > self.cages_max:
            msg = f"cages_min {self.cages_min} is above cages_max {self.cages_max}; lower cages_min"
            raise ValueError(msg)
        return self


class DataSettings(Settings):
    """Where recordings come from.

    ``simulated`` makes them; ``tables`` takes the recordings, cages and annotations tables that
    the import commands write into ``folder`` (paths of videos are relative to it).
    """

    source: Literal["simulated", "tables"] = "simulated"
    folder: Annotated[str, Field(min_length=1)] = "data/imported"
    simulate: SimulateSettings = SimulateSettings()


class CurateSettings(Settings):
    """How recordings become clips (FACTS: 10 s, 30 fps, 300 frames, still negatives dropped).

    An overlap of more than 0 s but under ``min_overlap_s`` is neither label: the window is
    dropped with that reason. With 0 every touch of a seizure makes a positive, as published. A
    window in which two source frames stand more than ``max_gap_s`` apart is dropped as well. The
    last window of a recording (or session) that lacks at most ``max_end_gap_s`` shows the last
    frame on; a shorter one is no window.
    ``qp`` is H.264's quantizer, constant so that how fine a clip is does not hang on its content.
    With ``allow_failures`` the pipeline goes on without recordings that could not be curated.
    """

    clip_duration_s: PositiveReal = 10.0
    fps: Positive = 30
    size_px: Annotated[int, Field(ge=16, multiple_of=2)] = 224
    fit: Literal["letterbox", "center_crop"] = "letterbox"
    min_overlap_s: NonNegativeReal = 3.0
    min_agreement: Share = 0.5
    max_gap_s: PositiveReal = 1.0
    max_end_gap_s: NonNegativeReal = 0.1
    motion_pixel_threshold: Annotated[int, Field(ge=1, le=255)] = 25
    motion_min_share: Share = 0.002
    codec: Literal["libx264", "mpeg4", "ffv1", "mjpeg"] = "libx264"
    qp: Annotated[int, Field(ge=0, le=51)] = 18
    allow_failures: bool = False

    @model_validator(mode="after")
    def _whole_frames(self) -> Self:
        frames = self.clip_duration_s * self.fps
        if not isclose(frames, round(frames), rel_tol=1e-9):
            msg = (
                f"clip_duration_s {self.clip_duration_s} at {self.fps} fps is {frames} frames; "
                "make it whole"
            )
            raise ValueError(msg)
        if self.min_overlap_s > self.clip_duration_s:
            msg = (
                f"min_overlap_s {self.min_overlap_s} is longer than a clip of "
                f"{self.clip_duration_s} s"
            )
            raise ValueError(msg)
        if self.max_gap_s >= self.clip_duration_s:
            msg = (
                f"max_gap_s {self.max_gap_s} bridges a whole clip of {self.clip_duration_s} s with "
                "one frame; make it shorter"
            )
            raise ValueError(msg)
        if self.max_end_gap_s >= self.clip_duration_s:
            msg = (
                f"max_end_gap_s {self.max_end_gap_s} is no end of a clip of "
                f"{self.clip_duration_s} s; make it shorter"
            )
            raise ValueError(msg)
        return self

    @property
    def frames_per_clip(self) -> int:
        """Frames in a curated clip."""
        return round(self.clip_duration_s * self.fps)

    @property
    def end_gap_frames(self) -> int:
        """Frames of a clip that its recording's last frame may stand for at the end."""
        return floor(self.max_end_gap_s * self.fps + _ROUNDING)


class AuditSettings(Settings):
    """When the audit stops the pipeline, and what it calls a near-duplicate.

    ``container_auroc_max`` is how well an attribute of the files may tell the label by itself
    (0.5 is chance). One that tells it better fails where that is no chance (p under 0.01), or
    where its values part the labels completely; else the verdict is left open. Two clips are
    near-duplicates when what changes in them, and where, correlates by at least
    ``duplicate_likeness_min``.
    """

    container_auroc_max: Annotated[float, Field(ge=0.5, le=1)] = 0.6
    duplicate_likeness_min: Annotated[float, Field(ge=0.75, le=1)] = 0.9


class FoldSettings(Settings):
    """How subjects are dealt to folds.

    ``table`` is the path of a CSV or Parquet file with subject_id and fold, read where the method
    is ``table``; a ``folds.parquet`` that the pipeline wrote does as well.
    """

    method: Literal["stratified", "leave_one_subject_out", "table"] = "stratified"
    k: Annotated[int, Field(ge=2)] = 5
    seed: NonNegative = 0
    table: str | None = None

    @model_validator(mode="after")
    def _table_for_table(self) -> Self:
        if self.method == "table" and not self.table:
            msg = "method 'table' wants the path of a CSV or Parquet table with subject_id and fold"
            raise ValueError(msg)
        return self


class FeatureSettings(Settings):
    """The stored view of a clip that models train on.

    ``pairs`` stores a neighbour with each of the ``frames``, by which motion is told: ``native``
    the frame ``gap`` frames later in the clip, ``sampled`` the one a sampling step earlier (the
    clip's first for the first of them). Of ``oversample`` frames that are stored for each one
    shown, training may take another than the middle one.
    """

    view: Literal["frames"] = "frames"
    frames: Positive = 16
    size_px: Positive = 32
    pairs: Pairs = "none"
    gap: Positive = 1
    oversample: Positive = 1

    @model_validator(mode="after")
    def _a_middle(self) -> Self:
        if self.oversample % 2 == 0:
            msg = f"oversample {self.oversample} has no middle one; make it odd"
            raise ValueError(msg)
        if self.oversample > 1 and self.pairs == "sampled":
            msg = "oversample wants pairs native or none: sampled pairs are a whole step apart"
            raise ValueError(msg)
        return self


class StoreSettings(Settings):
    """Where stored features lie.

    ``url`` is a folder (relative to the project's) or an address of a file system that fsspec or
    pyarrow knows, for example ``s3://bucket/rodepil``; null stands for ``data/store``. Of what is
    read over a network ``cache_gb`` GB are kept in ``cache``.
    """

    url: str | None = None
    cache: Annotated[str, Field(min_length=1)] = "data/store_cache"
    cache_gb: PositiveReal = 20.0


class ModelSettings(Settings):
    """TimeSformer with divided space-time attention (Bertasius et al., 2021).

    ``temporal_init`` is how time starts without a checkpoint: ``zero`` as in the published
    network, which then sees each frame alone; ``mimetic`` as a difference to the mean over time.
    ``pretrained`` is what the weights learned before; ``weights`` is their file or folder, or a
    name that ``rodepil weights list`` prints, and null the usual one. Where frames or size differ
    from the file's, ``embed_resize`` says how place and time are resized: ``official`` takes the
    nearest, as the published loader does, ``bicubic`` interpolates.
    """

    name: Literal["timesformer"] = "timesformer"
    width: Positive = 96
    depth: Positive = 2
    heads: Positive = 4
    patch_px: Positive = 16
    mlp_ratio: PositiveReal = 4.0
    drop_path: Annotated[float, Field(ge=0, lt=1)] = 0.0
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    temporal_init: Literal["zero", "mimetic"] = "mimetic"
    pretrained: Literal["none", "imagenet", "kinetics", "stand_in"] = "stand_in"
    weights: Annotated[str, Field(min_length=1)] | None = None
    embed_resize: Literal["official", "bicubic"] = "bicubic"

    @model_validator(mode="after")
    def _heads_divide_width(self) -> Self:
        if self.width % self.heads:
            msg = f"width {self.width} is no multiple of heads {self.heads}"
            raise ValueError(msg)
        if self.weights is not None and self.pretrained == "none":
            msg = f"weights '{self.weights}' are named, but pretrained is 'none'; say what they are"
            raise ValueError(msg)
        return self


def _check_rising(decay_epochs: tuple[int, ...]) -> None:
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
        _check_rising(self.decay_epochs)
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
    epochs: Positive = 8
    batch_size: Positive = 8
    optimizer: Literal["sgd", "adamw"] = "adamw"
    learning_rate: PositiveReal = 2e-4
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    nesterov: bool = False
    weight_decay: NonNegativeReal = 0.2
    warmup_epochs: NonNegative = 1
    decay_epochs: tuple[Positive, ...] = (4, 6, 7)
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
        _check_rising(self.decay_epochs)
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


def _demo_views() -> dict[str, dict[str, Any]]:
    """Return the demo's views beside the one that models train on."""
    return {"motion": {"kind": "motion", "size_px": 112}}


def _demo_localizer() -> LocalizeSettings:
    """Return the demo's localizer: official but for its size and the length of its training."""
    return LocalizeSettings(
        network=RaseformerSettings(feature_width=128, width=64),
        train=LocalizeTrainSettings(
            epochs=12, warmup_epochs=3, batch_size=8, learning_rate=1e-3, ema_decay=0.98
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
