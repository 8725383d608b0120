"""Checkpoints of the published code: their average is taken, by name, and nothing is run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from rodepil.config.raseformer import RaseformerSettings
from rodepil.errors import ModelError
from rodepil.localize.official import load_official
from tests.models.raseformer.official import official_shapes

SMALL = RaseformerSettings(
    feature_width=6, classes=3, width=8, heads=2, windows=(5, 3, 1), max_length=8,
    ranges=((0, 4), (4, 8), (8, 100)),
)  # fmt: skip


def state(seed: int, prefix: str = "module.") -> dict[str, Tensor]:
    """Return random weights by official name, as DataParallel writes them."""
    rng = torch.Generator().manual_seed(seed)
    shapes = official_shapes(6, 8, 3, 3)
    return {prefix + name: torch.randn(shape, generator=rng) for name, shape in shapes.items()}


def saved(path: Path, content: Any, **options: Any) -> Path:
    """Write a checkpoint as the published code does."""
    torch.save(content, path, **options)
    return path


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "older"])
def test_the_average_is_taken_before_the_weights(tmp_path: Path, *, zipped: bool):
    content = {
        "epoch": 40,
        "state_dict": state(0),
        "state_dict_ema": state(1),
        "optimizer": {"state": {0: {"step": torch.zeros(())}}, "param_groups": [{"lr": 0.1}]},
        "scheduler": {"last_epoch": 3},
    }
    path = saved(tmp_path / "epoch_040.pth.tar", content, _use_new_zipfile_serialization=zipped)
    network = load_official(path, SMALL)
    assert not network.training
    average = state(1)
    assert torch.equal(
        network.class_head.out.weight, average["module.cls_head.cls_head.conv.weight"]
    )
    assert torch.equal(
        network.encoder.branch[1].attn.query.linear.weight,
        average["module.backbone.branch.1.attn.query.weight"][..., 0],
    )


@pytest.mark.parametrize("wrap", [lambda s: {"state_dict": s}, lambda s: s], ids=["state", "bare"])
def test_without_an_average_the_weights_are_taken(
    tmp_path: Path, wrap: Callable[[dict[str, Tensor]], dict[str, Any]]
):
    path = saved(tmp_path / "m.pt", wrap(state(0, prefix="")))
    got = load_official(path, SMALL).boundary_head.out.bias
    assert torch.equal(got, state(0, "")["reg_head.offset_head.conv.bias"])


def test_missing_extra_and_other_weights_are_named(tmp_path: Path):
    path, weights = tmp_path / "m.pt", state(0)
    short = {k: v for k, v in weights.items() if not k.endswith("cls_head.cls_head.conv.bias")}
    with pytest.raises(ModelError, match=r"lacks 1 tensors .* cls_head.cls_head.conv.bias"):
        load_official(saved(path, {"state_dict": short}), SMALL)
    with pytest.raises(ModelError, match=r"1 unexpected: backbone.more"):
        load_official(saved(path, weights | {"module.backbone.more": torch.zeros(1)}), SMALL)
    with pytest.raises(ModelError, match=r"of another shape: class_head.out.bias"):
        load_official(saved(path, weights), SMALL.model_copy(update={"classes": 4}))


class Code:
    """Runs a command when it is unpickled."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple:
        return os.mkdir, (str(self.touched),)


def test_a_checkpoint_that_asks_for_code_is_refused_and_not_run(tmp_path: Path):
    path = saved(tmp_path / "m.pt", {"state_dict": state(0), "more": Code(tmp_path / "touched")})
    with pytest.raises(ModelError, match="could run code"):
        load_official(path, SMALL)
    assert not (tmp_path / "touched").exists()


def test_files_that_are_missing_or_cut_off_are_refused(tmp_path: Path):
    with pytest.raises(ModelError, match=r"can't be read .*give the path of a checkpoint"):
        load_official(tmp_path / "none.pt", SMALL)
    path = saved(tmp_path / "m.pt", state(0))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ModelError, match="truncated or damaged"):
        load_official(path, SMALL)
