"""Who takes which clip when, by enumeration."""

from __future__ import annotations

import pytest
import torch

from rodepil.train.shards import order_of, shards, steps_in_epoch

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


def test_the_order_hangs_on_seed_and_epoch_alone():
    torch.manual_seed(1)
    first = order_of(50, seed=3, epoch=4)
    torch.manual_seed(2)
    assert torch.equal(first, order_of(50, seed=3, epoch=4))
    assert not torch.equal(first, order_of(50, seed=3, epoch=5))
    assert not torch.equal(first, order_of(50, seed=4, epoch=4))
    assert sorted(first.tolist()) == list(range(50))
