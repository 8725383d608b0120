"""All parts together: points, assignment, losses and decoding teach a small network."""

from __future__ import annotations

import torch
from torch import Tensor

from rodepil.config.raseformer import (
    LocalizeLossSettings,
    RaseformerSettings,
    SegmentSettings,
)
from rodepil.models.raseformer.assign import assign
from rodepil.models.raseformer.build import build
from rodepil.models.raseformer.decode import localize
from rodepil.models.raseformer.losses import LocalizeLoss
from rodepil.models.raseformer.nms import tiou
from rodepil.models.raseformer.points import batch, points

SETTINGS = RaseformerSettings(
    feature_width=4,
    classes=2,
    width=16,
    heads=2,
    stem_layers=1,
    windows=(5, 5, 1),
    max_length=24,
    drop_path=0.0,
    ranges=((0, 4), (4, 8), (8, 100)),
)


def _clips(number: int, rng: torch.Generator) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
    """Make noise with one step function in the channel of its class."""
    clips, segments, labels = [], [], []
    for _ in range(number):
        start = int(torch.randint(1, 9, (1,), generator=rng))
        length = int(torch.randint(3, 14, (1,), generator=rng))
        label = int(torch.randint(0, 2, (1,), generator=rng))
        clip = 0.3 * torch.randn(24, 4, generator=rng)
        clip[start : start + length, label] += 2
        clips.append(clip)
        segments.append(torch.tensor([[start - 0.5, start + length - 0.5]]))
        labels.append(torch.tensor([label]))
    return clips, segments, labels


def test_a_small_network_learns_to_localize_steps_of_two_classes():
    rng = torch.Generator().manual_seed(0)
    model, loss = build(SETTINGS).train(), LocalizeLoss(LocalizeLossSettings(positives=20.0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    made = points(24, SETTINGS)
    for _ in range(60):
        clips, segments, labels = _clips(8, rng)
        pairs = [
            assign(made, *pair, classes=2, center_radius=1.5)
            for pair in zip(segments, labels, strict=True)
        ]
        classes, offsets = (torch.stack(one) for one in zip(*pairs, strict=True))
        optimizer.zero_grad()
        loss(model(*batch(clips, SETTINGS)), classes, offsets).total.backward()
        optimizer.step()
    clips, segments, labels = _clips(30, rng)
    found = localize(model.eval()(*batch(clips, SETTINGS)), SETTINGS, SegmentSettings())
    right = [one.labels[0] == label[0] for one, label in zip(found, labels, strict=True)]
    overlap = [tiou(one.segments[0], true[0]) for one, true in zip(found, segments, strict=True)]
    assert sum(right) >= 27
    assert torch.stack(overlap).mean() > 0.7


def test_training_in_half_precision_has_finite_float32_gradients():
    model, loss = build(SETTINGS).train(), LocalizeLoss(LocalizeLossSettings())
    clips, segments, labels = _clips(1, torch.Generator().manual_seed(1))
    classes, offsets = assign(
        points(24, SETTINGS), segments[0], labels[0], classes=2, center_radius=1.5
    )
    with torch.autocast("cpu", torch.bfloat16):
        levels = model(*batch(clips, SETTINGS))
    got = loss(levels, classes[None], offsets[None])
    assert got.total.dtype == torch.float32
    got.total.backward()
    for parameter in model.parameters():
        assert parameter.grad is None or torch.isfinite(parameter.grad).all()
