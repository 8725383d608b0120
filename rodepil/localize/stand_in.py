"""A stand-in for I3D's published weights: a narrow I3D that learned simulated action units.

Shapes: N stretches, B windows, T frames of a window, S pixels, K units.

What it learns is made for it, of subjects that no dataset holds. Where the published weights are
at hand, a file of them takes its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from rodepil.config.localize import SequenceSettings, UnitSimulationSettings
from rodepil.config.settings import AugmentSettings, TrainSettings
from rodepil.errors import SettingError
from rodepil.io.labels import ACTION_UNITS
from rodepil.io.progress import Progress, Silent
from rodepil.io.seeds import derive_seed
from rodepil.models.i3d.network import I3D, STEM
from rodepil.models.i3d.weights import HALF, initialize
from rodepil.simulate.units.stretches import make_stretches
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.course import Course
from rodepil.train.learner import Learner, make_learner
from rodepil.train.loader import Batch
from rodepil.train.loss import one_hot
from rodepil.train.memory import named_pretraining_errors
from rodepil.train.process import reproducible
from rodepil.train.world import World, choose_device

UNSEEN_PART = 0.2
"""Share of the stretches, the last ones, that nothing is learned from."""
CALIBRATED = 24
"""Batches over which batch norm is measured at the end: its running means lag behind."""

CHANGES = 0.75
"""Share of the first filters that begin blind to what stands still."""
_BRIGHTNESS = 0.2


@dataclass(frozen=True)
class TaughtI3D:
    """A stand-in.

    Attributes
    ----------
    network
        On the CPU, in evaluation mode, with K logits.
    windows
        How many it was shown.
    accuracy
        The share of windows of unseen stretches whose unit it names.
    by_unit
        The same by unit.
    """

    network: I3D
    windows: int
    accuracy: float
    by_unit: dict[str, float]


class UnitWindows:
    """Windows of stretches in batches, drawn anew in every epoch.

    Parameters
    ----------
    settings
        ``window_frames``, and of ``stand_in`` seed, windows and batch size.
    stretches
        (N, frames, S, S) uint8.
    labels
        (N,) int64.
    device
        Where the batches go.
    """

    def __init__(
        self, settings: SequenceSettings, stretches: Tensor, labels: Tensor, device: torch.device
    ) -> None:
        self.settings, self.device = settings, device
        self.stretches, self.labels = stretches, labels

    def __len__(self) -> int:
        return max(self.settings.stand_in.windows // self.settings.stand_in.batch_size, 1)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, which hang on the seed and `epoch` alone."""
        wanted = self.settings.stand_in
        rng = np.random.default_rng(derive_seed("unit windows", wanted.seed, epoch))
        count = len(self) * wanted.batch_size
        rounds = -(-count // len(self.labels))
        order = np.concatenate([rng.permutation(len(self.labels)) for _ in range(rounds)])[:count]
        for places in np.split(order, len(self)):
            frames = torch.stack([self._window(int(place), rng) for place in places])
            labels = self.labels[torch.from_numpy(places)]
            yield Batch(
                frames=frames[:, :, None].expand(-1, -1, 3, -1, -1).to(self.device),
                targets=one_hot(labels, len(ACTION_UNITS)).to(self.device),
                counts=torch.ones(len(labels), device=self.device),
                whole=labels,
            )

    def _window(self, place: int, rng: np.random.Generator) -> Tensor:
        """Return one window (T, S, S) float32 in [0, 1], perhaps mirrored, its light changed."""
        stretch, length = self.stretches[place], self.settings.window_frames
        start = int(rng.integers(0, len(stretch) - length + 1))
        window = stretch[start : start + length].float() / 255
        if rng.random() < 0.5:  # noqa: PLR2004 - a fair coin
            window = window.flip(-1)
        return (window * float(1 + rng.uniform(-_BRIGHTNESS, _BRIGHTNESS))).clamp(0, 1)


def teach(
    settings: SequenceSettings,
    *,
    identity: str,
    checkpoints: CheckpointFolder,
    progress: Progress | None = None,
    processes: int | None = None,
) -> TaughtI3D:
    """Let a narrow I3D learn to name the units of windows.

    Stopped at any moment and called again, it goes on from its last epoch, on the CPU to the same
    bits.

    Parameters
    ----------
    settings
        Window, size, width, and how it learns (``stand_in``).
    identity
        The mark of the checkpoints.
    checkpoints
        Where to go on from.
    progress
        Told of stretches and epochs.
    processes
        In which stretches are made; by default one for each CPU.

    Raises
    ------
    SettingError
        Stretches are shorter than a window.
    TrainingError
        The loss is not finite, memory runs out, or the checkpoints are another training's.
    """
    wanted, units = settings.stand_in, len(ACTION_UNITS)
    frames, labels = map(torch.from_numpy, _stretches(settings, progress, processes))
    held = -(-round(len(labels) * UNSEEN_PART) // units) * units
    world = World(device=choose_device(wanted.device))
    with reproducible(world.device, wanted.threads), named_pretraining_errors(wanted.batch_size):
        module = _network(settings)
        weights = torch.ones(units)
        learner = make_learner(module, weights, _recipe(settings), world, mean=HALF, std=HALF)
        batches = UnitWindows(settings, frames[:-held], labels[:-held], world.device)
        course = Course(learner, batches, identity, checkpoints)
        with (progress or Silent()).task("stand-in", wanted.epochs, "epochs") as advance:
            advance(len(course.history))
            while not course.is_over:
                course.advance(dict)
                course.keep()
                advance(1)
        calibrate(learner, batches, wanted.epochs)
        found = _named(learner, frames[-held:], settings.window_frames)
    right = (found == labels[-held:, None]).double().mean(dim=1)
    shown = wanted.epochs * len(batches) * wanted.batch_size
    rates = {name: float(right[labels[-held:] == n].mean()) for n, name in enumerate(ACTION_UNITS)}
    return TaughtI3D(module.cpu().eval(), shown, float(right.mean()), rates)


def _network(settings: SequenceSettings) -> I3D:
    """Return an I3D of random weights, most of whose first filters see only what changes.

    With filters that sum to 0 over time nothing of a still picture comes through, and a network
    as narrow as this one begins to learn in half the steps.
    """
    sizes = {"frames": settings.window_frames, "size_px": settings.size_px}
    network = I3D(settings.width, **sizes, classes=len(ACTION_UNITS))
    initialize(network, torch.Generator().manual_seed(settings.stand_in.seed))
    filters = network.get_submodule(STEM[0]).get_parameter("conv3d.weight").data
    moved = filters[: round(len(filters) * CHANGES)]
    moved -= moved.mean(dim=2, keepdim=True)
    filters[:] = filters.mean(dim=1, keepdim=True) * filters.shape[1] ** 0.5  # all pixels are grey
    return network


def _stretches(
    settings: SequenceSettings, progress: Progress | None, processes: int | None
) -> tuple[np.ndarray, np.ndarray]:
    wanted = settings.stand_in
    fps = round(settings.fps)
    simulation = UnitSimulationSettings(
        seed=derive_seed("unit stand-in", wanted.seed),
        subjects=wanted.subjects,
        duration_s=wanted.stretch_s,
        fps=fps,
        size_px=max(settings.size_px + settings.size_px % 2, 64),
    )
    if simulation.duration_s * fps < settings.window_frames:
        raise SettingError(
            f"stretches of {simulation.duration_s:g} s at {fps} fps are shorter than a window of "
            f"{settings.window_frames} frames; raise sequence.stand_in.stretch_s"
        )
    return make_stretches(
        simulation, settings.size_px, wanted.stretches, progress=progress, processes=processes
    )


@torch.no_grad()
def calibrate(learner: Learner, batches: UnitWindows, epoch: int) -> None:
    """Measure batch norm's means and variances anew, as plain means over batches, in place."""
    norms = [part for part in learner.scored.modules() if isinstance(part, nn.BatchNorm3d)]
    usual = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    network = learner.scored.train()
    for number, batch in enumerate(batches.epoch(epoch)):
        if number == CALIBRATED:
            break
        network(learner.normalize(batch.frames))
    for norm, momentum in zip(norms, usual, strict=True):
        norm.momentum = momentum
    network.eval()


@torch.inference_mode()
def _named(learner: Learner, stretches: Tensor, length: int) -> Tensor:
    """Return the unit that is named in windows at the start, the middle and the end: (N, 3)."""
    room = stretches.shape[1] - length
    found = []
    for start in (0, room // 2, room):
        windows = stretches[:, start : start + length, None].expand(-1, -1, 3, -1, -1)
        parts = [
            learner.scored(learner.normalize(part.to(learner.world.device))).argmax(dim=1).cpu()
            for part in torch.split(windows, 16)
        ]
        found.append(torch.cat(parts))
    return torch.stack(found, dim=1)


def _recipe(settings: SequenceSettings) -> TrainSettings:
    """Return the recipe in the words of a trial's."""
    left = {"subjects", "stretches", "stretch_s", "windows", "threads"}
    still = AugmentSettings(
        flip_probability=0.0, translate_share=0.0, rotate_deg=0.0, brightness=0.0, contrast=0.0
    )
    return TrainSettings(
        **settings.stand_in.model_dump(exclude=left), optimizer="adamw", augment=still
    )
