"""Top-K attention beside one that is written as plain loops over clips, heads and queries."""

from __future__ import annotations

import math
from typing import Literal

import pytest
import torch
from torch import Tensor

from rodepil.errors import ModelError
from rodepil.models.raseformer.topk import choose, full_attention, local_attention

FORMS: tuple[Literal["masked", "gathered"], ...] = ("masked", "gathered")


def _kept(scores: dict[int, float], own: int, keep: int) -> list[int]:
    """Return the kept ones of the valid keys, whose raw scores are given by index."""
    kept = [own] if own in scores else []
    for index in sorted(scores, key=lambda one: (-scores[one], one)):
        if index not in kept and len(kept) < keep:
            kept.append(index)
    return kept


def _by_loops(q: Tensor, k: Tensor, v: Tensor, valid: Tensor, half: int, *, keep: int) -> Tensor:
    """Attend query by query; the gradient flows through all but the choice."""
    out = torch.zeros_like(v)
    clips, heads, steps, features = q.shape
    for b in range(clips):
        for h in range(heads):
            for t in range(steps):
                near = [s for s in range(max(t - half, 0), min(t + half + 1, steps)) if valid[b, s]]
                raw = {s: float(q[b, h, t].detach() @ k[b, h, s].detach()) for s in near}
                kept = _kept(raw, t, keep)
                if not kept:
                    continue
                logits = torch.stack([q[b, h, t] @ k[b, h, s] for s in kept]).float()
                weights = (logits / math.sqrt(features)).softmax(0)
                out[b, h, t] = sum(w * v[b, h, s] for w, s in zip(weights, kept, strict=True))
    return out


def _inputs(steps: int, *, whole: bool, seed: int = 0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Make q, k, v; small whole numbers make many ties, all of them exact."""
    rng = torch.Generator().manual_seed(seed)
    shape = (3, 2, steps, 4)
    if whole:
        made = [torch.randint(-1, 2, shape, generator=rng).float() for _ in range(3)]
    else:
        made = [torch.randn(shape, generator=rng) for _ in range(3)]
    valid = torch.arange(steps) < torch.tensor([[steps], [steps // 2], [1]])
    valid[0, 3] = False  # a gap, which padding seldom is
    return made[0], made[1], made[2], valid


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("whole", [True, False], ids=["ties", "no ties"])
@pytest.mark.parametrize(("window", "keep"), [(9, 5), (9, 1), (5, 4), (3, 3), (9, 12), (1, 1)])
def test_local_attention_is_that_of_the_loops(
    form: Literal["masked", "gathered"], window: int, keep: int, *, whole: bool
):
    q, k, v, valid = _inputs(37, whole=whole)
    out = local_attention(q, k, v, valid, window=window, keep=keep, form=form)
    wanted = _by_loops(q, k, v, valid, window // 2, keep=keep)
    torch.testing.assert_close(out, wanted, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("whole", [True, False], ids=["ties", "no ties"])
@pytest.mark.parametrize("keep", [1, 4, 9, None])
def test_full_attention_is_that_of_the_loops(
    form: Literal["masked", "gathered"], keep: int | None, *, whole: bool
):
    q, k, v, valid = _inputs(11, whole=whole)
    out = full_attention(q, k, v, valid, keep=keep, form=form)
    wanted = _by_loops(q, k, v, valid, 11, keep=keep or 11)
    torch.testing.assert_close(out, wanted, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("window", [7, 0], ids=["local", "full"])
def test_the_gradient_takes_the_choice_as_a_constant(
    form: Literal["masked", "gathered"], window: int
):
    *ours, valid = _inputs(19, whole=True, seed=2)
    theirs = [tensor.clone().requires_grad_() for tensor in ours]
    ours = [tensor.requires_grad_() for tensor in ours]
    pull = torch.randn(ours[0].shape, generator=torch.Generator().manual_seed(3))
    q, k, v = ours
    if window:
        out = local_attention(q, k, v, valid, window=window, keep=3, form=form)
    else:
        out = full_attention(q, k, v, valid, keep=3, form=form)
    wanted = _by_loops(*theirs, valid, window // 2 if window else 19, keep=3)
    got = torch.autograd.grad((out * pull).sum(), ours)
    want = torch.autograd.grad((wanted * pull).sum(), theirs)
    for one, other in zip(got, want, strict=True):
        torch.testing.assert_close(one, other, atol=5e-6, rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_both_forms_give_one_value_and_one_gradient(dtype: torch.dtype):
    *inputs, valid = _inputs(101, whole=False, seed=4)
    tensors = [tensor.to(dtype).requires_grad_() for tensor in inputs]
    found = []
    for form in FORMS:
        out = local_attention(*tensors, valid, window=19, keep=10, form=form)
        found.append((out, *torch.autograd.grad(out.float().square().sum(), tensors)))
    close = {"atol": 1e-5, "rtol": 1e-5} if dtype == torch.float32 else {"atol": 0.1, "rtol": 0.02}
    for one, other in zip(*found, strict=True):
        assert one.dtype == dtype
        torch.testing.assert_close(one, other, **close)


@pytest.mark.parametrize("form", FORMS)
def test_to_keep_all_is_torchs_own_attention_under_a_band(form: Literal["masked", "gathered"]):
    q, k, v, _ = _inputs(40, whole=False, seed=5)
    valid = torch.ones(3, 40, dtype=torch.bool)
    place = torch.arange(40)
    band = (place[:, None] - place).abs() <= 4
    wanted = torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=band)
    out = local_attention(q, k, v, valid, window=9, keep=9, form=form)
    torch.testing.assert_close(out, wanted, atol=2e-6, rtol=1e-5)
    dense = full_attention(q, k, v, valid, form=form)
    wanted = torch.nn.functional.scaled_dot_product_attention(q, k, v)
    torch.testing.assert_close(dense, wanted, atol=2e-6, rtol=1e-5)


def test_no_more_valid_keys_than_k_is_dense_to_the_last_bit():
    q, k, v, _ = _inputs(40, whole=False, seed=6)
    valid = torch.arange(40) % 3 == 0  # at most three of nine
    sparse = local_attention(q, k, v, valid.expand(3, 40), window=9, keep=4, form="masked")
    dense = local_attention(q, k, v, valid.expand(3, 40), window=9, keep=9, form="masked")
    assert torch.equal(sparse, dense)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("steps", [4, 31, 32, 33])
def test_a_clip_may_be_shorter_than_a_window_and_of_any_length(
    form: Literal["masked", "gathered"], steps: int
):
    q, k, v, valid = _inputs(steps, whole=True)
    out = local_attention(q, k, v, valid, window=15, keep=6, form=form)
    wanted = _by_loops(q, k, v, valid, 7, keep=6)
    torch.testing.assert_close(out, wanted, atol=2e-6, rtol=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_a_fully_masked_row_gives_zero_and_no_nan_in_the_gradient(
    form: Literal["masked", "gathered"],
):
    *inputs, _ = _inputs(20, whole=False)
    q, k, v = (tensor.requires_grad_() for tensor in inputs)
    valid = torch.zeros(3, 20, dtype=torch.bool)
    for out in (
        local_attention(q, k, v, valid, window=5, keep=2, form=form),
        full_attention(q, k, v, valid, keep=2, form=form),
    ):
        assert torch.equal(out, torch.zeros_like(out))
        for grad in torch.autograd.grad(out.sum(), (q, k, v)):
            assert torch.equal(grad, torch.zeros_like(grad))


def test_exactly_the_smaller_of_k_and_the_valid_keys_are_kept_and_ties_go_to_the_lowest():
    scores = torch.tensor([[1.0, 7.0, 7.0, -5.0, 7.0], [2.0, 2.0, 2.0, 2.0, 2.0]])
    usable = torch.tensor([[True] * 5, [False, True, True, False, False]])
    kept = choose(scores, usable, 3, 3)
    assert kept.tolist() == [
        [False, True, True, True, False],  # the centre though it is worst, then the first two 7s
        [False, True, True, False, False],  # the two that are valid; the centre is padding
    ]


def test_heads_choose_apart():
    q = torch.ones(1, 2, 3, 1)
    k = torch.tensor([[[5.0], [0.0], [1.0]], [[1.0], [0.0], [5.0]]])[None]
    v = torch.tensor([10.0, 20.0, 30.0])[None, None, :, None].expand(1, 2, 3, 1)
    out = local_attention(q, k, v, torch.ones(1, 3, dtype=torch.bool), window=3, keep=2)
    share = 1 / (1 + math.exp(-5))
    assert out[0, 0, 1].item() == pytest.approx(10 * share + 20 * (1 - share), rel=1e-6)
    assert out[0, 1, 1].item() == pytest.approx(30 * share + 20 * (1 - share), rel=1e-6)


@pytest.mark.parametrize(
    ("window", "keep", "steps", "words"),
    [(4, 2, 6, "window is 4"), (3, 0, 6, "keep is 0"), (3, 1, 5, "do not fit")],
)
def test_what_can_not_work_is_refused(window: int, keep: int, steps: int, words: str):
    q = torch.zeros(1, 1, 6, 2)
    with pytest.raises(ModelError, match=words):
        local_attention(q, q, q, torch.ones(1, steps, dtype=torch.bool), window=window, keep=keep)
