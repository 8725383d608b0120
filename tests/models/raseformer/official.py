"""The published network in plain functions over its own names, in columns (C, T), clip by clip.

Written from its description, with a loop over heads and queries, to be independent of ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass
class Official:
    """State by official names, and the sizes that the names do not tell."""

    state: dict[str, Tensor]
    heads: int
    windows: tuple[int, ...]
    ratio: float

    def conv(self, name: str, x: Tensor, valid: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
        """Convolve x (C, T) and mask what comes out."""
        weight, bias = self.state[f"{name}.conv.weight"], self.state.get(f"{name}.conv.bias")
        return functional.conv1d(x[None], weight, bias, stride, 1, groups=groups)[0] * valid

    def norm(self, name: str, x: Tensor) -> Tensor:
        """Normalise each column by hand."""
        centred = x - x.mean(0)
        unit = centred / (centred.square().mean(0) + 1e-5).sqrt()
        return unit * self.state[f"{name}.weight"][0] + self.state[f"{name}.bias"][0]

    def linear(self, name: str, x: Tensor) -> Tensor:
        """Multiply each column."""
        weight, bias = self.state[f"{name}.weight"][..., 0], self.state[f"{name}.bias"]
        return weight @ x + bias[:, None]

    def attend(self, name: str, x: Tensor, valid: Tensor, window: int, stride: int) -> Tensor:
        """Attend, query by query."""
        q, k, v = (
            self.linear(
                f"{name}.{part}",
                self.norm(
                    f"{name}.{part}_norm",
                    self.conv(f"{name}.{part}_conv", x, valid, stride, len(x)),
                ),
            )
            for part in ("query", "key", "value")
        )
        steps, size = q.shape[1], len(q) // self.heads
        half = window // 2 if window > 1 else steps
        keep = math.ceil(window * self.ratio) if window > 1 else steps
        out = torch.zeros_like(v)
        for head in range(self.heads):
            rows = slice(head * size, (head + 1) * size)
            for t in range(steps):
                near = [s for s in range(steps) if abs(s - t) <= half and valid[s]]
                raw = {s: float(q[rows, t] @ k[rows, s]) for s in near}
                others = sorted((s for s in near if s != t), key=lambda s: (-raw[s], s))
                kept = ([t] if t in near else []) + others
                kept = kept[:keep]
                if kept:
                    weights = torch.tensor([raw[s] / math.sqrt(size) for s in kept]).softmax(0)
                    out[rows, t] = v[rows][:, kept] @ weights
        return self.linear(f"{name}.proj", out) * valid

    def block(
        self, name: str, x: Tensor, valid: Tensor, window: int, stride: int
    ) -> tuple[Tensor, Tensor]:
        """Run one block."""
        kept = valid[::stride]
        mixed = self.attend(f"{name}.attn", self.norm(f"{name}.ln1", x), kept, window, stride)
        skip = functional.max_pool1d(x[None], 3, 2, 1)[0] if stride == 2 else x
        x = skip * kept + self.state[f"{name}.drop_path_attn.scale"][0] * mixed
        hidden = functional.gelu(self.linear(f"{name}.mlp.0", self.norm(f"{name}.ln2", x)))
        change = self.linear(f"{name}.mlp.3", hidden) * kept
        return x + self.state[f"{name}.drop_path_mlp.scale"][0] * change, kept

    def head(self, name: str, last: str, x: Tensor, valid: Tensor) -> Tensor:
        """Run one head's two hidden convolutions and its last."""
        for i in range(2):
            x = self.norm(f"{name}.norm.{i}", self.conv(f"{name}.head.{i}", x, valid)).relu()
        return self.conv(f"{name}.{last}", x, valid)

    def __call__(self, x: Tensor, valid: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return logits (K, T_i) and offsets (2, T_i) by level, of x (F, T)."""
        for i in range(2):
            x = self.norm(
                f"backbone.embd_norm.{i}", self.conv(f"backbone.embd.{i}", x, valid)
            ).relu()
        for i in range(2):
            x, valid = self.block(f"backbone.stem.{i}", x, valid, self.windows[0], 1)
        levels = [(x, valid)]
        for i, window in enumerate(self.windows[1:]):
            x, valid = self.block(f"backbone.branch.{i}", x, valid, window, 2)
            levels.append((x, valid))
        found = []
        for i, (steps, kept) in enumerate(levels):
            y = self.norm(f"neck.fpn_norms.{i}", steps)
            offsets = self.head("reg_head", "offset_head", y, kept)
            scaled = (offsets * self.state[f"reg_head.scale.{i}.scale"]).relu()
            found.append((self.head("cls_head", "cls_head", y, kept), scaled))
        return found


def official_shapes(features: int, width: int, classes: int, levels: int) -> dict[str, tuple]:
    """Return the official names and shapes of a network with two stem blocks."""
    column = (1, width, 1)
    shapes: dict[str, tuple] = {}
    for i, wide in enumerate((features, width)):
        shapes[f"backbone.embd.{i}.conv.weight"] = (width, wide, 3)
        shapes[f"backbone.embd_norm.{i}.weight"] = shapes[f"backbone.embd_norm.{i}.bias"] = column
    for block in ["stem.0", "stem.1"] + [f"branch.{i}" for i in range(levels - 1)]:
        shapes |= _block_shapes(f"backbone.{block}", width)
    for i in range(levels):
        shapes[f"neck.fpn_norms.{i}.weight"] = shapes[f"neck.fpn_norms.{i}.bias"] = column
        shapes[f"reg_head.scale.{i}.scale"] = ()
    for head, last, outputs in (("cls_head", "cls_head", classes), ("reg_head", "offset_head", 2)):
        for i in range(2):
            shapes[f"{head}.head.{i}.conv.weight"] = (width, width, 3)
            shapes[f"{head}.norm.{i}.weight"] = shapes[f"{head}.norm.{i}.bias"] = column
        shapes[f"{head}.{last}.conv.weight"] = (outputs, width, 3)
        shapes[f"{head}.{last}.conv.bias"] = (outputs,)
    return shapes


def _block_shapes(block: str, width: int) -> dict[str, tuple]:
    column, shapes = (1, width, 1), {}
    for part in ("query", "key", "value"):
        shapes[f"{block}.attn.{part}_conv.conv.weight"] = (width, 1, 3)
        for kind in ("weight", "bias"):
            shapes[f"{block}.attn.{part}_norm.{kind}"] = column
    for part in ("query", "key", "value", "proj"):
        shapes[f"{block}.attn.{part}.weight"] = (width, width, 1)
        shapes[f"{block}.attn.{part}.bias"] = (width,)
    for norm in ("ln1", "ln2"):
        shapes[f"{block}.{norm}.weight"] = shapes[f"{block}.{norm}.bias"] = column
    for layer, (out, into) in ((0, (4 * width, width)), (3, (width, 4 * width))):
        shapes[f"{block}.mlp.{layer}.weight"] = (out, into, 1)
        shapes[f"{block}.mlp.{layer}.bias"] = (out,)
    for part in ("attn", "mlp"):
        shapes[f"{block}.drop_path_{part}.scale"] = column
    return shapes
