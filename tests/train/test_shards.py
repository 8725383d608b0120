"""Who takes which clip when, by enumeration."""

from __future__ import annotations

import pytest
import torch

from rodepil.errors import TrainingError
from rodepil.store.order import order_of
from rodepil.train.shards import passes_in_step, shards, steps_in_epoch

CASES = [
    (n, batch, size) for n in (1, 2, 5, 8, 17, 24) for batch in (1, 2, 4) for size in (1, 2, 3)
]


@pytest.mark.parametrize(("n", "batch", "size"), CASES)
def test_every_clip_counts_once_and_workers_do_equal_work(n: int, batch: int, size: int):
    order = order_of(n, seed=5, epoch=2)
    workers = [list(shards(order, batch_size=batch, rank=k, size=size)) for k in range(size)]
    counted = [
        int(index)
        for parts in workers
        for part in parts
        for index, counts in zip(part.indices, part.counts, strict=True)
        if counts
    ]
    assert sorted(counted) == list(range(n))
    assert {len(parts) for parts in workers} == {steps_in_epoch(n, batch_size=batch, size=size)}
    for together in zip(*workers, strict=True):
        assert len({len(part.indices) for part in together}) == 1
        assert len(together[0].indices) <= batch


@pytest.mark.parametrize(("n", "batch", "size"), CASES)
def test_workers_see_the_batches_of_one_worker(n: int, batch: int, size: int):
    order = order_of(n, seed=5, epoch=2)
    alone = list(shards(order, batch_size=batch * size, rank=0, size=1))
    workers = [list(shards(order, batch_size=batch, rank=k, size=size)) for k in range(size)]
    for one, *together in zip(alone, *workers, strict=True):
        assert one.counts.all()
        union = torch.cat([part.indices[part.counts > 0] for part in together])
        assert sorted(union.tolist()) == sorted(one.indices.tolist())
        assert all(part.whole.tolist() == one.whole.tolist() for part in together)


@pytest.mark.parametrize("passes", [2, 3])
@pytest.mark.parametrize(("n", "batch", "size"), CASES)
def test_passes_gather_the_steps_of_one_large_batch(n: int, batch: int, size: int, passes: int):
    order = order_of(n, seed=5, epoch=2)
    alone = list(shards(order, batch_size=batch * size * passes, rank=0, size=1))
    assert len(alone) == steps_in_epoch(n, batch_size=batch, size=size, passes=passes)
    for rank in range(size):
        parts = shards(order, batch_size=batch, rank=rank, size=size, passes=passes)
        for step in alone:
            taken = [next(parts)]
            while not taken[-1].ends_step:
                taken.append(next(parts))
            assert len(taken) <= passes
            assert all(part.whole.tolist() == step.whole.tolist() for part in taken)
            own = torch.cat([part.indices[part.counts > 0] for part in taken])
            dealt = [part[rank::size] for part in step.whole.split(batch * size)]
            assert own.tolist() == torch.cat(dealt).tolist()
        assert next(parts, None) is None


@pytest.mark.parametrize(("n", "batch", "size"), CASES)
def test_full_passes_are_the_same_ones_filled_up(n: int, batch: int, size: int):
    order = order_of(n, seed=5, epoch=2)
    for rank in range(size):
        plain = shards(order, batch_size=batch, rank=rank, size=size, passes=2)
        filled = shards(order, batch_size=batch, rank=rank, size=size, passes=2, full=True)
        for one, other in zip(plain, filled, strict=True):
            counting = one.counts > 0
            assert len(other.indices) == len(other.counts) == batch
            assert other.indices[other.counts > 0].tolist() == one.indices[counting].tolist()
            assert (other.whole.tolist(), other.ends_step) == (one.whole.tolist(), one.ends_step)


def test_passes_make_up_the_effective_batch_over_all_workers():
    assert passes_in_step(None, batch_size=3, size=2) == 1
    assert passes_in_step(12, batch_size=2, size=2) == 3
    with pytest.raises(
        TrainingError, match=r"effective_batch 12 .* 5 clips on each of 2 .*take 20"
    ):
        passes_in_step(12, batch_size=5, size=2)


def test_the_order_hangs_on_seed_and_epoch_alone():
    torch.manual_seed(1)
    first = order_of(50, seed=3, epoch=4)
    torch.manual_seed(2)
    assert torch.equal(first, order_of(50, seed=3, epoch=4))
    assert not torch.equal(first, order_of(50, seed=3, epoch=5))
    assert not torch.equal(first, order_of(50, seed=4, epoch=4))
    assert sorted(first.tolist()) == list(range(50))
