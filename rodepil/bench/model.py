"""TimeSformer against Hugging Face's: scoring and training, and how near both come to a GEMM.

Shapes: B clips, T frames, N patches of a frame, C width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from rodepil.bench.contestants import Case, Contestant, check_agreement, hugging_face, ours
from rodepil.bench.memory import measurable, step_memory_mib
from rodepil.bench.rows import Row, less_is_better, more_is_better
from rodepil.bench.timing import time_by_turns
from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.io.progress import Advance, Progress, Silent

PUBLISHED = ModelSettings(
    width=768, depth=12, heads=12, patch_px=16, drop_path=0.0, temporal_init="zero"
)
"""TimeSformer-B; without stochastic depth, so that both sides compute the same."""

CLIPS = ((8, 224), (16, 224), (16, 112))
"""Frames and size of the clips that are measured."""

OURS = "rodepil"
EAGER = "Hugging Face eager"
COMPILED = "Hugging Face compiled"
GEMM = "GEMM"
GPU_PRODUCTS = 256
"""Products in a row on a GPU, so that starting one and waiting for it does not count."""

TRAINING = 3
"""A training step computes three times what scoring does."""


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes
    ----------
    device
        Where.
    batch
        Clips of a batch.
    repeats
        Rounds of every comparison; the median counts.
    precision
        ``bf16`` or ``fp32``.
    compiled
        Whether Hugging Face's network is measured compiled as well, which takes minutes.
    model
        The network.
    clips
        Pairs of frames and size.
    """

    device: torch.device
    batch: int = 2
    repeats: int = 5
    precision: str = "bf16"
    compiled: bool = True
    model: ModelSettings = PUBLISHED
    clips: Sequence[tuple[int, int]] = CLIPS

    def cases(self) -> list[Case]:
        """Return the cases in order."""
        return [
            Case(
                self.model,
                FeatureSettings(frames=frames, size_px=size_px),
                self.batch,
                self.device,
                self.precision,
            )
            for frames, size_px in self.clips
        ]


def bench_model(plan: Plan, progress: Progress | None = None) -> list[Row]:
    """Measure every case of `plan`.

    Parameters
    ----------
    plan
        What to measure.
    progress
        Told of every call that is timed.

    Returns
    -------
    list of Row
        For every case, for scoring and for training: clips/s beside each peer's, and the share
        of the GEMM's speed beside that of the peer; then the peak memory of a training step.

    Raises
    ------
    ModelError
        Hugging Face's package is not there, or the two networks disagree.
    """
    cases = plan.cases()
    contestants = 3 + plan.compiled  # ours, eager, the product, and compiled
    calls = len(cases) * 2 * contestants * (plan.repeats + 1)
    rows: list[Row] = []
    with (progress or Silent()).task("bench model", calls, "calls") as advance:
        for case in cases:
            rows += _speeds(case, plan, advance)
            if measurable(case.device):
                taken = (step_memory_mib(case, peer=peer) for peer in (False, True))
                mine, theirs = taken
                rows.append(
                    less_is_better(f"step {case.name} peak memory", mine, "MiB", EAGER, theirs)
                )
    return rows


def forward_flop(case: Case) -> float:
    """Return the floating-point operations of scoring one clip, two for a multiply and add.

    Those of the network as it is published are counted, whatever a side saves of them.
    """
    model, frames = case.model, case.features.frames
    width, hidden = model.width, round(model.width * model.mlp_ratio)
    patches = (case.features.size_px // model.patch_px) ** 2
    tokens = frames * patches
    time = tokens * 5 * width**2 + 2 * tokens * frames * width
    space = (tokens + frames) * 4 * width**2 + 2 * frames * (patches + 1) ** 2 * width
    mlp = (tokens + 1) * 2 * width * hidden
    embedding = tokens * width * 3 * model.patch_px**2
    return 2.0 * (embedding + model.depth * (time + space + mlp))


def _speeds(case: Case, plan: Plan, advance: Advance) -> Iterator[Row]:
    """Yield the rows of scoring and of training."""
    sides = _sides(case, compiled=plan.compiled)
    check_agreement(sides[OURS], sides[EAGER])
    product, product_flop = _gemm(case)
    for kind, share in (("forward", 1), ("step", TRAINING)):
        calls: dict[str, Callable[[], object]] = {
            name: getattr(side, kind) for name, side in sides.items()
        }
        seconds = time_by_turns(
            {**calls, GEMM: product},
            repeats=plan.repeats,
            device=case.device,
            after=partial(advance, 1),
        )
        speeds = {name: case.batch / seconds[name] for name in sides}
        peak = product_flop / seconds[GEMM]
        name = f"{kind} {case.name}"
        for peer in [side for side in sides if side != OURS]:
            yield more_is_better(name, speeds[OURS], "clips/s", peer, speeds[peer])
        shares = {side: speeds[side] * share * forward_flop(case) / peak for side in sides}
        yield more_is_better(
            f"{name} share of a GEMM's {peak / 1e12:.2f} TFLOP/s",
            shares[OURS],
            "1",
            EAGER,
            shares[EAGER],
        )


def _sides(case: Case, *, compiled: bool) -> dict[str, Contestant]:
    own = ours(case)
    weights = own.module.state_dict()
    sides = {OURS: own, EAGER: hugging_face(case, weights)}
    if compiled:
        sides[COMPILED] = hugging_face(case, weights)
        sides[COMPILED].module.compile()
    return sides


def _gemm(case: Case) -> tuple[Callable[[], object], float]:
    """Return products of the size of an MLP's first layer, and their operations."""
    model = case.model
    rows = case.batch * case.features.frames * (case.features.size_px // model.patch_px) ** 2
    hidden = round(model.width * model.mlp_ratio)
    dtype = torch.bfloat16 if case.precision == "bf16" else torch.float32
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randn(rows, model.width, generator=generator).to(case.device, dtype)
    weight = torch.randn(model.width, hidden, generator=generator).to(case.device, dtype)
    times = GPU_PRODUCTS if case.device.type == "cuda" else 1

    def multiply() -> None:
        for _ in range(times):
            tokens @ weight

    return multiply, 2.0 * times * rows * model.width * hidden
