"""A tiny detector of rats in cages, of YOLOv8's output layout, and its ONNX file.

Shapes: B pictures, S cells a side, stride 8.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from rodepil.data.region.onnx_write import OnnxGraph
from rodepil.io.files import publish

SIZE_PX: Final = 96
STRIDE: Final = 8
CELLS: Final = SIZE_PX // STRIDE
USUAL_PX: Final = 32.0
"""The side of a box whose logarithm is 0."""
PRIOR: Final = 0.02
"""How likely a cell shows an animal, before anything is learned."""
_EPSILON: Final = 1e-5
_STEPS: Final = ((3, 12, 2, 1), (12, 20, 2, 1), (20, 32, 2, 1), (32, 32, 1, 2), (32, 32, 1, 3))
"""Channels given and made, stride and dilation: a cell sees 95 px, all of the picture."""


class TinyDetector(nn.Module):
    """Five convolutions and three heads: where, how large, and whether; under 50,000 weights."""

    grid: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.steps = nn.ModuleList(
            nn.Conv2d(given, made, 3, stride=stride, padding=dilation, dilation=dilation)
            for given, made, stride, dilation in _STEPS
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(made, _EPSILON) for _, made, _, _ in _STEPS)
        width = _STEPS[-1][1]
        self.middle, self.size, self.there = (nn.Conv2d(width, out, 1) for out in (2, 2, 1))
        for weights in (*self.middle.parameters(), *self.size.parameters()):
            nn.init.zeros_(weights)
        *_, bias = self.there.parameters()
        nn.init.constant_(bias, float(np.log(PRIOR / (1 - PRIOR))))
        self.register_buffer("grid", torch.from_numpy(_grid()), persistent=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return boxes and scores.

        Parameters
        ----------
        pictures
            (B, 3, 96, 96) float32 RGB, range [0, 1].

        Returns
        -------
        Tensor
            (B, 5, S * S): centre x and y, width and height in pixels, score in [0, 1].
        """
        seen = pictures
        for step, norm in zip(self.steps, self.norms, strict=True):
            seen = torch.relu(norm(step(seen)))
        middle = self.middle(seen) * STRIDE + self.grid
        size = torch.exp(self.size(seen)) * USUAL_PX
        return torch.cat([middle, size, torch.sigmoid(self.there(seen))], dim=1).flatten(2)


def save_onnx(path: Path, network: TinyDetector) -> None:
    """Write a detector as ONNX; the file appears when it is whole."""
    graph = OnnxGraph("tiny_detector")
    seen = "images"
    for step, norm, (_, _, stride, dilation) in zip(
        network.steps, network.norms, _STEPS, strict=True
    ):
        weight, bias = _folded(step, norm)
        made = graph.conv(seen, weight, bias, stride=stride, padding=dilation, dilation=dilation)
        seen = graph.node("Relu", [made])
    # The heads' constants are folded into their weights: a stride is a factor of the convolution.
    weight, bias = _numbers(network.middle)
    middle = graph.conv(seen, weight * np.float32(STRIDE), bias * np.float32(STRIDE))
    middle = graph.node("Add", [middle, graph.weight(_grid())])
    weight, bias = _numbers(network.size)
    size = graph.conv(seen, weight, bias + np.float32(np.log(USUAL_PX)))
    size = graph.node("Exp", [size])
    score = graph.node("Sigmoid", [graph.conv(seen, *_numbers(network.there))])
    joined = graph.node("Concat", [middle, size, score], {"axis": 1})
    shape = (1, 5, CELLS * CELLS)
    graph.node("Reshape", [joined, graph.weight(np.array(shape, np.int64))], output="output0")
    data = graph.to_bytes(("images", (1, 3, SIZE_PX, SIZE_PX)), ("output0", shape), "rodepil")
    with publish(path) as beside:
        beside.write_bytes(data)


def _folded(
    step: nn.Module, norm: nn.Module
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return weight and bias of a convolution that does its batch-norm's work as well."""
    weight, bias = (values.astype(np.float64) for values in _numbers(step))
    gain, shift = (values.astype(np.float64) for values in _numbers(norm))
    mean, variance = (
        dict(norm.named_buffers())[name].cpu().numpy().astype(np.float64)
        for name in ("running_mean", "running_var")
    )
    factor = gain / np.sqrt(variance + _EPSILON)
    folded = weight * factor[:, None, None, None], (bias - mean) * factor + shift
    return folded[0].astype(np.float32), folded[1].astype(np.float32)


def _numbers(step: nn.Module) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return weight and bias of a convolution, or gain and shift of a batch-norm."""
    weight, bias = (
        tensor.detach().cpu().numpy().astype(np.float32) for tensor in step.parameters()
    )
    return weight, bias


def _grid() -> npt.NDArray[np.float32]:
    """Return the middle of each cell in pixels, (1, 2, S, S): x, then y."""
    rows, columns = np.mgrid[0:CELLS, 0:CELLS].astype(np.float32)
    middles = np.stack([columns, rows])[None] * STRIDE + STRIDE / 2
    return np.asarray(middles, np.float32)
