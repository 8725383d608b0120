"""Attention to the K most salient keys of a query, in a window around it or in the whole clip.

Shapes: B clips, H heads, T steps, D features of a head, W keys of a window, K kept keys,
L queries of a part.

Which keys are kept is decided for each head and query by the raw products q . k: the query's own
step and the best K - 1 others, of what is no padding. Ties go to the lowest index. The choice is a
constant for the gradient; the softmax, in float32, is over the kept keys alone, and a row without
any gives 0. Where K covers all that is valid this is dense attention.

The two forms choose alike and differ in what follows: ``masked`` weighs all keys of the window,
the dropped ones by 0; ``gathered`` takes only what is kept through the softmax, and multiplies
values where they lie instead of copying them once for every window.

References
----------
Zhang, Wu, Li: ActionFormer: Localizing Moments of Actions with Transformers. ECCV 2022,
arXiv:2202.07925.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from rodepil.errors import ModelError

Form = Literal["masked", "gathered"]

PART_QUERIES = 32
"""L: queries that meet the keys of all their windows in one product."""


def local_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    valid: Tensor,
    *,
    window: int,
    keep: int,
    form: Form = "gathered",
) -> Tensor:
    """Attend to the best keys of a window centred on each query.

    Parameters
    ----------
    q, k, v
        (B, H, T, D) float.
    valid
        (B, T) bool, False where a step is padding. Padded queries get values too: the caller
        masks them.
    window
        W, odd. At the ends of the clip the window is cut off.
    keep
        K, the query's own step included; W or more keeps all.
    form
        Equal in value and gradient; ``gathered`` is the cheaper one.

    Returns
    -------
    Tensor
        (B, H, T, D) of the dtype of `v`.

    Raises
    ------
    ModelError
        When W is even or below 1, K below 1, or shapes do not fit.
    """
    _check(q, k, v, valid, keep)
    if window < 1 or window % 2 == 0:
        raise ModelError(f"window is {window}; give an odd number, so that it has a centre")
    half = window // 2
    scores = _band(q, k, half)
    usable = _windows(valid, half)[:, None].expand(scores.shape)
    if form == "masked":
        kept = choose(scores, usable, keep, half)
        weights = _softmax(scores, kept, q.shape[-1])
        padded = functional.pad(v, (0, 0, half, half)).unfold(2, window, 1)  # (B, H, T, D, W)
        return torch.einsum("bhtw,bhtdw->bhtd", weights.to(v.dtype), padded)
    if keep >= window:
        return _spread(_softmax(scores, usable, q.shape[-1]).to(v.dtype), v, half)
    index = order(scores, usable, keep, half)
    weights = _softmax(scores.gather(-1, index), usable.gather(-1, index), q.shape[-1])
    dense = torch.zeros_like(scores, dtype=v.dtype).scatter(-1, index, weights.to(v.dtype))
    return _spread(dense, v, half)


def full_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    valid: Tensor,
    *,
    keep: int | None = None,
    form: Form = "gathered",
) -> Tensor:
    """Attend to the best keys of the whole clip.

    Parameters
    ----------
    q, k, v
        (B, H, T, D) float.
    valid
        (B, T) bool, False where a step is padding.
    keep
        K, the query's own step included; None keeps all.
    form
        Equal in value and gradient.

    Returns
    -------
    Tensor
        (B, H, T, D) of the dtype of `v`.

    Raises
    ------
    ModelError
        When K is below 1, or shapes do not fit.
    """
    steps = q.shape[-2]
    keep = steps if keep is None else keep
    _check(q, k, v, valid, keep)
    scores = q @ k.mT
    usable = valid[:, None, None].expand(scores.shape)
    own = torch.arange(steps, device=q.device)
    if form == "masked" or keep >= steps:
        weights = _softmax(scores, choose(scores, usable, keep, own), q.shape[-1])
        return weights.to(v.dtype) @ v
    index = order(scores, usable, keep, own)
    weights = _softmax(scores.gather(-1, index), usable.gather(-1, index), q.shape[-1])
    dense = torch.zeros_like(scores, dtype=v.dtype).scatter(-1, index, weights.to(v.dtype))
    return dense @ v


@torch.no_grad()
def choose(scores: Tensor, usable: Tensor, keep: int, centre: int | Tensor) -> Tensor:
    """Say which keys are kept.

    Parameters
    ----------
    scores
        (..., T, W) float, raw.
    usable
        (..., T, W) bool, False at padding and outside of the clip.
    keep
        K.
    centre
        The index of the query's own step among its W keys: one for all rows, or (T,).

    Returns
    -------
    Tensor
        (..., T, W) bool; min(K, usable) are True in every row.
    """
    if keep >= scores.shape[-1]:
        return usable
    index = order(scores, usable, keep, centre)
    return torch.zeros_like(usable).scatter(-1, index, value=True) & usable


@torch.no_grad()
def order(scores: Tensor, usable: Tensor, keep: int, centre: int | Tensor) -> Tensor:
    """Return the indices (..., T, K) of the best K keys, as `choose`; the unusable come last."""
    first = torch.as_tensor(centre, device=scores.device).expand(scores.shape[-2])
    ranked = scores.scatter(-1, first[:, None].expand(*scores.shape[:-1], 1), torch.inf)
    ranked = ranked.masked_fill(~usable, -torch.inf)
    return torch.sort(ranked, dim=-1, descending=True, stable=True).indices[..., :keep]


def _softmax(scores: Tensor, kept: Tensor, features: int) -> Tensor:
    """Return weights (..., W) in float32, 0 where nothing is kept; no NaN, nor in the gradient."""
    lowest = torch.finfo(torch.float32).min
    scaled = (scores.float() * features**-0.5).masked_fill(~kept, lowest)
    return torch.softmax(scaled, dim=-1).masked_fill(~kept, 0.0)


def _windows(valid: Tensor, half: int) -> Tensor:
    """Return (B, T, W): whether each key of each window is in the clip and no padding."""
    return functional.pad(valid, (half, half)).unfold(1, 2 * half + 1, 1)


def _parts(steps: Tensor, half: int, count: int) -> Tensor:
    """Return (B, H, P, L + W - 1, D): the keys or values (B, H, T, D) that each part meets."""
    behind = count * PART_QUERIES - steps.shape[2] + half
    padded = functional.pad(steps, (0, 0, half, behind))
    return padded.unfold(2, PART_QUERIES + 2 * half, PART_QUERIES).transpose(-1, -2)


def _band(q: Tensor, k: Tensor, half: int) -> Tensor:
    """Return the products (B, H, T, W) of each query with the keys of its window.

    A part of L queries meets all L + W - 1 keys of its windows in one product; with rows one
    longer, what belongs to a query is a rectangle of it.
    """
    steps, wide = q.shape[2], PART_QUERIES + 2 * half
    count = -(-steps // PART_QUERIES)
    queries = functional.pad(q, (0, 0, 0, count * PART_QUERIES - steps))
    queries = queries.reshape(*q.shape[:2], count, PART_QUERIES, -1)
    whole = (queries @ _parts(k, half, count).mT).flatten(-2)  # (B, H, P, L (L + W - 1))
    skewed = functional.pad(whole, (0, PART_QUERIES))
    skewed = skewed.reshape(*q.shape[:2], count * PART_QUERIES, wide + 1)
    return skewed[:, :, :steps, : 2 * half + 1]


def _spread(weights: Tensor, v: Tensor, half: int) -> Tensor:
    """Return the sums (B, H, T, D) of values by weights (B, H, T, W): `_band` turned around."""
    steps, wide = v.shape[2], PART_QUERIES + 2 * half
    count = -(-steps // PART_QUERIES)
    behind = count * PART_QUERIES - steps
    padded = functional.pad(weights, (0, wide - 2 * half, 0, behind))
    rows = padded.reshape(*v.shape[:2], count, -1)[..., : PART_QUERIES * wide]
    mixed = rows.reshape(*rows.shape[:3], PART_QUERIES, wide) @ _parts(v, half, count)
    return mixed.flatten(2, 3)[:, :, :steps]


def _check(q: Tensor, k: Tensor, v: Tensor, valid: Tensor, keep: int) -> None:
    if keep < 1:
        raise ModelError(f"keep is {keep}; give at least 1, the query's own step")
    if not q.shape == k.shape == v.shape or valid.shape != (q.shape[0], q.shape[2]):
        raise ModelError(
            f"q {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)} and valid "
            f"{tuple(valid.shape)} do not fit; give (B, H, T, D) thrice and (B, T)"
        )
