"""Speed of what localizes action units: attention to salient keys, the whole network, and I3D.

Shapes: B clips, H heads, T steps, D features of a head, N frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from rodepil.bench.rows import Row, less_is_better, more_is_better
from rodepil.bench.timing import time_by_turns
from rodepil.config.raseformer import RaseformerSettings
from rodepil.io.progress import Progress
from rodepil.models.i3d.network import I3D
from rodepil.models.i3d.slide import slide
from rodepil.models.i3d.weights import initialize
from rodepil.models.raseformer.build import build
from rodepil.models.raseformer.topk import Form, full_attention, local_attention

FULL_I3D = (64, 224)
"""Width and pixels of the published network."""
DEMO_I3D = (8, 64)
STRIDE_FRAMES = 4


@dataclass(frozen=True)
class RaseformerPlan:
    """What is timed.

    Parameters
    ----------
    device
        Where.
    steps, window
        T and the window of the attention alone, half of whose keys are kept.
    windows
        Windows that slide over a clip of I3D's.
    networks
        Width and pixels of each I3D.
    network
        The localizer.
    repeats
        Rounds of timing.
    """

    device: torch.device
    steps: int = 2304
    window: int = 19
    windows: int = 16
    networks: tuple[tuple[int, int], ...] = (FULL_I3D, DEMO_I3D)
    network: RaseformerSettings = field(default_factory=RaseformerSettings)
    repeats: int = 5


def bench_raseformer(plan: RaseformerPlan, progress: Progress) -> list[Row]:
    """Return the rows: attention, the network, then I3D."""
    parts = [partial(_attention, plan), partial(_network, plan)]
    parts += [partial(_sliding, plan, width, size_px) for width, size_px in plan.networks]
    rows = []
    with progress.task("action units", len(parts), "parts") as advance:
        for part in parts:
            rows += part()
            advance(1)
    return rows


def _timed(plan: RaseformerPlan, **calls: Callable[[], object]) -> dict[str, float]:
    return time_by_turns(calls, repeats=plan.repeats, device=plan.device, after=lambda: None)


def _attention(plan: RaseformerPlan) -> list[Row]:
    """Top-K attention in both forms and, beside them, dense attention in the same window."""
    settings = plan.network
    shape = (1, settings.heads, plan.steps, settings.width // settings.heads)
    draws = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(shape, generator=draws).to(plan.device) for _ in range(3))
    valid = torch.ones(1, plan.steps, dtype=torch.bool, device=plan.device)
    keep = -(-plan.window // 2)

    def learn(attend: Callable[[Tensor, Tensor, Tensor], Tensor]) -> None:
        one, two, three = (part.detach().requires_grad_() for part in (q, k, v))
        torch.autograd.backward(attend(one, two, three).sum())

    def local(form: Form, kept: int) -> None:
        learn(
            lambda one, two, three: local_attention(
                one, two, three, valid, window=plan.window, keep=kept, form=form
            )
        )

    seconds = _timed(
        plan,
        ours=partial(local, "gathered", keep),
        masked=partial(local, "masked", keep),
        dense=partial(local, "gathered", plan.window),
        full=lambda: learn(lambda one, two, three: full_attention(one, two, three, valid)),
    )
    name = f"top-{keep} of a window of {plan.window}, {plan.steps} steps, forward and backward"
    peers = {
        "masked": "the masked form",
        "dense": "all keys of the window",
        "full": "attention to the whole clip",
    }
    return [
        less_is_better(name, 1e3 * seconds["ours"], "ms", peers[peer], 1e3 * seconds[peer])
        for peer in peers
    ]


def _network(plan: RaseformerPlan) -> list[Row]:
    """Return how fast the localizer learns a batch, its attention in either form."""
    found = {}
    for form in ("gathered", "masked"):
        settings = plan.network.model_copy(update={"form": form})
        network = build(settings).to(plan.device).train()
        found[form] = partial(_learn, network, settings)
    seconds = _timed(plan, **found)
    name = (
        f"RaSeformer of width {plan.network.width}, {plan.network.max_length} steps, "
        "two clips forward and backward"
    )
    speeds = {form: 2 / each for form, each in seconds.items()}
    return [
        more_is_better(name, speeds["gathered"], "clips/s", "the masked form", speeds["masked"])
    ]


def _learn(network: torch.nn.Module, settings: RaseformerSettings) -> None:
    device = next(network.parameters()).device
    steps = torch.ones(2, settings.max_length, settings.feature_width, device=device)
    _, logits, offsets = network(steps, steps[..., 0] > 0).joined()
    network.zero_grad()
    torch.autograd.backward(logits.sum() + offsets.sum())


def _sliding(plan: RaseformerPlan, width: int, size_px: int) -> list[Row]:
    """Windows that share their stem beside windows that are each computed alone."""
    network = I3D(width, size_px=size_px, classes=0)
    initialize(network, torch.Generator().manual_seed(0))
    network = network.to(plan.device).eval()
    frames = network.frames + STRIDE_FRAMES * (plan.windows - 1)
    clip = torch.rand(frames, 3, size_px, size_px, device=plan.device) * 2 - 1
    seconds = _timed(
        plan,
        ours=partial(slide, network, clip, STRIDE_FRAMES),
        alone=partial(one_by_one, network, clip),
    )
    name = f"I3D of width {width} at {size_px} px, windows of 16 frames every {STRIDE_FRAMES}"
    speeds = {who: plan.windows / each for who, each in seconds.items()}
    return [more_is_better(name, speeds["ours"], "windows/s", "each window alone", speeds["alone"])]


@torch.no_grad()
def one_by_one(network: I3D, clip: Tensor) -> Tensor:
    """Return the features (W, C) of every window of (N, 3, H, W) frames, each computed alone."""
    starts = range(0, len(clip) - network.frames + 1, STRIDE_FRAMES)
    return torch.cat([network.pooled(clip[s : s + network.frames][None]) for s in starts])
