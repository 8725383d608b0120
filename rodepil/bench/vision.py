"""What is computed of a batch on its device, beside OpenCV and kornia on the same clips."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import torch
from torch import Tensor

from rodepil.bench.contestants import Case
from rodepil.bench.model import PUBLISHED
from rodepil.bench.rows import Row
from rodepil.bench.vision_batch import MODALITIES, augment_rows, preparing_rows
from rodepil.bench.vision_flow import change_row, flow_rows, parity_rows
from rodepil.bench.vision_peers import threads_kept
from rodepil.cluster import cpu_count
from rodepil.config.settings import (
    CurateSettings,
    FeatureSettings,
    ModelSettings,
    SimulateSettings,
)
from rodepil.data.curate import curate
from rodepil.io.progress import Advance, Progress
from rodepil.simulate import simulate
from rodepil.store.decode import decode_one
from rodepil.store.views.frames import FrameView

SIMULATED_S = 30.0
"""Three clips of 10 s a cage."""
CONTESTANTS = 3
STEPS = 3
SIMULATED = "simulated"


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes
    ----------
    device
        Where ours computes.
    videos
        Clips on which vectors are compared besides the simulated ones.
    repeats
        Rounds; their median counts. Of training steps, which take seconds, there are 3 at most.
    cages
        Of the simulated recording, 2 or more.
    batch, step_batch
        Clips of a batch of flow and augmentation, and of one that is trained on.
    frames, size_px
        Of a clip.
    model
        The network beside whose training step a batch is prepared.
    precision
        In which it computes, ``bf16`` or ``fp32``.
    """

    device: torch.device
    videos: tuple[Path, ...] = ()
    repeats: int = 5
    cages: int = 3
    batch: int = 8
    step_batch: int = 2
    frames: int = 16
    size_px: int = 224
    model: ModelSettings = PUBLISHED
    precision: str = "bf16"

    @property
    def calls(self) -> int:
        """Calls that are timed."""
        alone = 2 * (self.device.type == "cpu")
        speeds = (3 * CONTESTANTS + alone) * (self.repeats + 1)
        return speeds + (len(MODALITIES) + 1) * (self.steps + 1)

    @property
    def steps(self) -> int:
        """Training steps that are timed."""
        return min(self.repeats, STEPS)


def bench_vision(plan: Plan, progress: Progress) -> list[Row]:
    """Measure flow, differences, augmentation and the preparing of a batch.

    Raises
    ------
    VideoError
        A video can't be read.
    """
    clips = {SIMULATED: _simulated(plan, progress)}
    clips |= {path.stem: _stored([path], plan) for path in plan.videos}
    with threads_kept(), progress.task("vision beside others", plan.calls, "calls") as advance:
        return list(_rows(plan, clips, advance))


def machine() -> dict[str, object]:
    """Return what the figures hang on besides processor and device; rows of one thread say so."""
    return {"opencv": cv2.__version__, "threads": cpu_count()}


def _rows(plan: Plan, clips: dict[str, Tensor], advance: Advance) -> Iterator[Row]:
    found = clips[SIMULATED]
    pairs = found[torch.arange(plan.batch) % len(found)]
    yield from flow_rows(pairs, plan.device, plan.repeats, advance)
    yield from parity_rows(clips, plan.device)
    yield change_row(pairs, plan.device, plan.repeats, advance)
    yield from augment_rows(pairs[:, :, 0], plan.device, plan.repeats, advance)
    features = FeatureSettings(frames=plan.frames, size_px=plan.size_px)
    case = Case(plan.model, features, plan.step_batch, plan.device, plan.precision)
    yield from preparing_rows(pairs[: plan.step_batch], case, plan.steps, advance)


def _simulated(plan: Plan, progress: Progress) -> Tensor:
    """Simulate a recording, curate it as the project's own settings do, and store its clips."""
    settings = SimulateSettings(
        recordings=1,
        subjects=plan.cages,
        cages_min=plan.cages,
        cages_max=plan.cages,
        duration_s=SIMULATED_S,
    )
    all_kept = CurateSettings(motion_min_share=0.0, min_overlap_s=0.0)
    with TemporaryDirectory() as made:
        folder = Path(made)
        simulate(settings, folder / "raw", progress=progress)
        table = folder / "clips.parquet"
        curate(folder / "raw", all_kept, folder / "clips", table, progress=progress)
        return _stored(sorted((folder / "clips").rglob("*.avi")), plan)


def _stored(paths: list[Path], plan: Plan) -> Tensor:
    """Return what training on motion stores of clips: (B, T, 2, 3, H, W) uint8."""
    view = FrameView(frames=plan.frames, size_px=plan.size_px, pairs="native")
    return torch.stack([torch.from_numpy(decode_one(path, view)["frames"]) for path in paths])
