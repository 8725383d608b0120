"""Train the tiny detector on simulated cages.

Shapes: B pictures, S cells a side, P pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torchvision.ops import (  # type: ignore[import-untyped]
    complete_box_iou_loss,
    sigmoid_focal_loss,
)

from rodepil.detect.region.pictures import Pictures, make_pictures
from rodepil.detect.region.tiny import CELLS, SIZE_PX, STRIDE, TinyDetector, save_onnx
from rodepil.io.progress import Progress, Silent
from rodepil.io.seeds import derive_seed

_NEAR_CELLS = 1.5
"""A cell learns the box whose middle is less far than this from its own, in both directions."""
_MOST_GRADIENT = 10.0


@dataclass(frozen=True)
class Lessons:
    """How the detector is trained.

    Parameters
    ----------
    steps, batch_size
        Of so many pictures each.
    learning_rate
        The highest; it falls to 0 along a cosine.
    seed
        Of first weights and order.
    """

    steps: int = 300
    batch_size: int = 32
    learning_rate: float = 1e-2
    seed: int = 0


def train(pictures: Pictures, lessons: Lessons, progress: Progress | None = None) -> TinyDetector:
    """Return a detector that learned from pictures; on one machine always the same.

    Parameters
    ----------
    pictures
        What it learns from.
    lessons
        How.
    progress
        Shown the steps.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive_seed("tiny detector", lessons.seed))
        network = TinyDetector()
    order = torch.Generator().manual_seed(derive_seed("order", lessons.seed))
    pixels, boxes = torch.from_numpy(pictures.pixels), torch.from_numpy(pictures.boxes)
    optimizer = torch.optim.AdamW(network.parameters(), lessons.learning_rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, lessons.steps)
    with (progress or Silent()).task("train the detector", lessons.steps, "steps") as advance:
        for _ in range(lessons.steps):
            chosen = torch.randint(len(pixels), (lessons.batch_size,), generator=order)
            given = pixels[chosen, None].expand(-1, 3, -1, -1).float() / 255
            optimizer.zero_grad()
            loss_of(network(given), boxes[chosen]).backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(network.parameters(), _MOST_GRADIENT)
            optimizer.step()
            schedule.step()
            advance(1)
    return network.eval()


def loss_of(output: Tensor, boxes: Tensor) -> Tensor:
    """Return focal loss of the scores and CIoU loss of the boxes, by the number of positives.

    Parameters
    ----------
    output
        (B, 5, S * S) of the network.
    boxes
        (B, 4) left, top, right, bottom in pixels, not a number for an empty cage.
    """
    positive = cells_of(boxes)
    count = positive.sum().clamp(min=1)
    score = torch.logit(output[:, 4], eps=1e-6)
    focal = sigmoid_focal_loss(score, positive.float(), reduction="sum")
    middle, half = output[:, :2], output[:, 2:4] / 2
    found = torch.cat([middle - half, middle + half], dim=1).transpose(1, 2)[positive]
    truth = boxes[:, None].expand(-1, positive.shape[1], -1)[positive]
    place = complete_box_iou_loss(found, truth, reduction="sum")
    loss: Tensor = (focal + place) / count
    return loss


def cells_of(boxes: Tensor) -> Tensor:
    """Return which cells learn the box, (B, S * S) bool; none where it is not a number."""
    middle = (torch.arange(CELLS) + 0.5) * STRIDE
    near = _NEAR_CELLS * STRIDE
    x, y = ((boxes[:, side, None] + boxes[:, side + 2, None]) / 2 for side in (0, 1))
    inside = (x.abs() <= SIZE_PX) & (y.abs() <= SIZE_PX)
    columns, rows = (x - middle).abs() < near, (y - middle).abs() < near
    return (rows[:, :, None] & columns[:, None, :] & inside[:, :, None]).flatten(1)


def learn_tiny(
    out: Path, recordings: int, lessons: Lessons, progress: Progress | None = None
) -> TinyDetector:
    """Simulate cages, train the detector on them and write it as ONNX.

    Parameters
    ----------
    out
        The ONNX file; it appears when it is whole.
    recordings
        How many are simulated.
    lessons
        How it is trained.
    progress
        Shown the recordings and the steps.
    """
    network = train(make_pictures(lessons.seed, recordings, progress=progress), lessons, progress)
    save_onnx(out, network)
    return network
