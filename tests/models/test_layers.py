"""The parts of a block: attention, stochastic depth, and the shortcut of the last block."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from rodepil.models.layers import Block, DropPath, LastBlock


def _block(kind: type, *, dropout: float = 0.0, drop_path: float = 0.0) -> Any:
    return kind(24, 3, 40, dropout=dropout, drop_path=drop_path)


def test_the_last_block_gives_the_cls_of_a_whole_block(randomize: Any):
    whole, last = _block(Block).eval(), _block(LastBlock).eval()
    randomize(whole)
    last.load_state_dict(whole.state_dict())
    patches, cls = torch.randn(2, 5, 9, 24), torch.randn(2, 24)
    torch.testing.assert_close(last(patches, cls), whole(patches, cls)[1], atol=1e-5, rtol=1e-5)


def test_drop_path_keeps_the_mean():
    drop_path, like = DropPath(0.25).train(), torch.zeros(1)
    torch.manual_seed(0)
    lives = drop_path(like, 100_000)
    assert sorted(lives.unique().tolist()) == pytest.approx([0.0, 4 / 3])
    assert (lives == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert lives.mean().item() == pytest.approx(1.0, abs=0.01)


def test_drop_path_does_nothing_when_scoring(randomize: Any):
    block, plain = _block(Block, drop_path=0.9).eval(), _block(Block).eval()
    randomize(block)
    plain.load_state_dict(block.state_dict())
    patches, cls = torch.randn(2, 5, 9, 24), torch.randn(2, 24)
    for one, other in zip(block(patches, cls), plain(patches, cls), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("dropout", [0.0, 0.2])
def test_attention_over_time_keeps_its_mean_under_drop_path(randomize: Any, dropout: float):
    block = _block(Block, drop_path=0.3, dropout=dropout)
    randomize(block)
    patches = torch.randn(1, 4, 2, 24)
    torch.manual_seed(0)
    with torch.no_grad():
        expected = block.eval().attend_time(patches)
        many = block.train().attend_time(patches.expand(20_000, -1, -1, -1))
    moved = (expected - patches).abs().max()
    assert (many.mean(dim=0) - expected).abs().max() < 0.03 * moved


def test_drop_path_leaves_out_a_place_for_the_whole_clip(randomize: Any):
    block = _block(Block, drop_path=0.5).train()
    randomize(block)
    patches = torch.randn(8, 4, 9, 24)
    torch.manual_seed(0)
    with torch.no_grad():
        moved = block.attend_time(patches) - patches - block.temporal_fc.bias
    still = (moved.abs() < 1e-5).all(dim=-1)  # (B, T, N)
    assert (still.all(dim=1) == still.any(dim=1)).all()
    assert 0.3 < still.float().mean() < 0.7


def test_drop_path_leaves_out_whole_clips_of_the_last_mlp(randomize: Any):
    """With both attentions silent, a clip is either untouched or moved by the scaled MLP."""
    block = _block(LastBlock, drop_path=0.5).train()
    randomize(block)
    with torch.no_grad():
        block.attn.proj.weight.zero_()
        block.attn.proj.bias.zero_()
        cls = torch.randn(64, 24)
        torch.manual_seed(0)
        moved = block(torch.randn(64, 2, 3, 24), cls) - cls
        full = 2 * block.mlp(block.norm2(cls))
    lives = [torch.allclose(one, other, atol=1e-5) for one, other in zip(moved, full, strict=True)]
    stays = [bool((one.abs() < 1e-6).all()) for one in moved]
    assert all(live != stay for live, stay in zip(lives, stays, strict=True))
    assert 16 < sum(lives) < 48
