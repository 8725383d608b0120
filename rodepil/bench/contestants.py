"""The networks that are compared: ours, and Hugging Face's TimeSformer with the same weights.

Shapes: B clips, T frames, H = W pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError
from rodepil.models.registry import build
from rodepil.models.weights.keys import to_hugging_face

CLASSES = 2
LEARNING_RATE = 1e-3
MOMENTUM = 0.9
AGREEMENT = 0.05
"""Largest difference of logits in half precision, as a share of the largest logit."""


@dataclass(frozen=True)
class Case:
    """What is measured: a network, and clips for it.

    Attributes
    ----------
    model, features
        The network, and the clips that it reads.
    batch
        B.
    device
        Where it is measured.
    precision
        ``bf16`` by autocast, or ``fp32``.
    """

    model: ModelSettings
    features: FeatureSettings
    batch: int
    device: torch.device
    precision: str

    @property
    def name(self) -> str:
        """The clips' frames and size, as in ``16x224``."""
        return f"{self.features.frames}x{self.features.size_px}"

    def clips(self) -> Tensor:
        """Return random normalised clips (B, T, 3, H, W) float32, the same every time."""
        size_px = self.features.size_px
        generator = torch.Generator().manual_seed(0)
        shape = (self.batch, self.features.frames, 3, size_px, size_px)
        return torch.randn(shape, generator=generator).to(self.device)

    def autocast(self) -> torch.autocast:
        """Return the context in which networks compute."""
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.precision == "bf16")


class Contestant:
    """A network that scores clips, and takes training steps.

    Parameters
    ----------
    case
        The clips.
    module
        The network, on the case's device.
    logits
        Gets the logits from what the network returns.
    """

    def __init__(
        self, case: Case, module: nn.Module, logits: Callable[[Any], Tensor] = lambda out: out
    ) -> None:
        self.case, self.module, self.logits = case, module, logits
        self.frames = case.clips()
        self.labels = torch.arange(case.batch, device=case.device) % CLASSES
        self.optimizer = torch.optim.SGD(
            module.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM, fused=True
        )

    @torch.no_grad()
    def forward(self) -> Tensor:
        """Return the clips' logits (B, K), as in scoring."""
        self.module.eval()
        with self.case.autocast():
            return self.logits(self.module(self.frames))

    def step(self) -> Tensor:
        """Take one step of SGD and return the loss."""
        self.module.train()
        with self.case.autocast():
            logits = self.logits(self.module(self.frames))
        loss = functional.cross_entropy(logits.float(), self.labels)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        self.optimizer.step()
        return loss.detach()


def ours(case: Case) -> Contestant:
    """Return our network, with random weights that are the same every time."""
    module = build(case.model, case.features, classes=CLASSES, seed=0)
    return Contestant(case, module.to(case.device))


def hugging_face(case: Case, weights: dict[str, Tensor]) -> Contestant:
    """Return Hugging Face's network with `weights`, a state dict of ours.

    Raises
    ------
    ModelError
        Hugging Face's package is not installed.
    """
    try:
        from transformers import (  # noqa: PLC0415 - a peer, not a dependency
            TimesformerConfig,
            TimesformerForVideoClassification,
        )
    except ImportError as error:
        raise ModelError(
            "the benchmark compares with Hugging Face's transformers, which is not installed; "
            "install the project with its extra: pip install -c constraints.txt -e '.[test]'"
        ) from error
    model, features = case.model, case.features
    sizes: dict[str, Any] = {
        "image_size": features.size_px,
        "patch_size": model.patch_px,
        "num_frames": features.frames,
        "hidden_size": model.width,
        "num_hidden_layers": model.depth,
        "num_attention_heads": model.heads,
        "intermediate_size": round(model.width * model.mlp_ratio),
        "num_labels": CLASSES,
        "layer_norm_eps": 1e-6,
        "drop_path_rate": 0,
        "attention_type": "divided_space_time",
    }
    module: nn.Module = TimesformerForVideoClassification(TimesformerConfig(**sizes))
    module.load_state_dict({to_hugging_face(name): value for name, value in weights.items()})
    return Contestant(case, module.to(case.device), lambda out: out.logits)


def check_agreement(one: Contestant, other: Contestant) -> None:
    """Raise ModelError unless both give the same logits, up to rounding in half precision."""
    first, second = one.forward().float(), other.forward().float()
    difference = float((first - second).abs().max() / second.abs().max())
    if difference > AGREEMENT:
        raise ModelError(
            f"the networks that are compared differ by {difference:.1%} of the largest logit; "
            "a comparison of their speed would mean nothing, please report this"
        )
