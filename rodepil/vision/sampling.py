"""Which frames of a clip a model sees.

Shapes: B clips, T frames shown, k frames stored for each of them, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from rodepil.io.sampling import uniform_indices
from rodepil.io.seeds import derive_seed

__all__ = ["choose", "draw_jitter", "static", "take", "uniform_indices"]


def static(frames: Tensor) -> Tensor:
    """Repeat the middle frame of each clip, which leaves no motion in it.

    Parameters
    ----------
    frames
        (B, T, C, H, W), any dtype.

    Returns
    -------
    Tensor
        The same shape and dtype; a view of frame T // 2, not to be written to.
    """
    return frames[:, frames.shape[1] // 2, None].expand_as(frames)


def draw_jitter(
    temporal_jitter: float, seeds: Sequence[int] | Tensor, shown: int, oversample: int
) -> Tensor:
    """Draw which of the stored frames stands for each one shown, from each clip's own seed.

    Parameters
    ----------
    temporal_jitter
        In [0, 1]: the share of the way to the outermost of the k that an offset may go, rounded
        to whole frames, a half up. 0 leaves the middle ones.
    seeds
        One for each clip, from `rodepil.vision.augment.clip_seed`; these numbers are independent
        of those that `rodepil.vision.augment.draw` takes from them.
    shown
        T.
    oversample
        k, odd.

    Returns
    -------
    Tensor
        (B, T) int64 on the CPU: steps from the middle frame, uniform in [-m, m] with
        ``m = floor(temporal_jitter (k - 1) / 2 + 1/2)``.
    """
    reach = int(temporal_jitter * (oversample - 1) / 2 + 0.5)
    if reach == 0:
        return torch.zeros(len(seeds), shown, dtype=torch.int64)
    choices = 2 * reach + 1
    units = torch.stack([_units(int(seed), shown) for seed in seeds])
    return (units * choices).long() - reach


def choose(frames: Tensor, shown: int, jitter: Tensor | None = None) -> Tensor:
    """Return the frames shown of those stored.

    Frames are stored at the centres of T k equal parts of a clip. The middle one of each k is
    then the frame at the centre of one of T equal parts: what is shown without jitter.

    Parameters
    ----------
    frames
        (B, T k, ...), any dtype, k odd.
    shown
        T.
    jitter
        (B, T) int64 on the CPU, steps from the middle frame, from `draw_jitter`; None, as in
        testing, takes the middle ones.

    Returns
    -------
    Tensor
        (B, T, ...), a view where no frame is another than the middle one.

    Raises
    ------
    ValueError
        The stored frames are no odd number for each one shown, or `jitter` does not fit them.
    """
    stored = frames.shape[1]
    oversample, rest = divmod(stored, max(shown, 1))
    if shown < 1 or rest or oversample % 2 == 0:
        raise ValueError(
            f"{stored} stored frames are no odd number for each of {shown} shown; store "
            "features.frames times an odd features.oversample"
        )
    middle = oversample // 2
    if jitter is None or not jitter.any():
        return frames[:, middle::oversample]
    if jitter.shape != (len(frames), shown) or jitter.abs().max() > middle:
        raise ValueError(
            f"jitter of shape {tuple(jitter.shape)} reaches {int(jitter.abs().max())} frames; "
            f"give ({len(frames)}, {shown}) steps of at most {middle}"
        )
    return take(frames, torch.arange(middle, stored, oversample) + jitter)


def take(frames: Tensor, places: Tensor) -> Tensor:
    """Return frames of each clip by their places.

    Parameters
    ----------
    frames
        (B, N, ...), any dtype.
    places
        (B, n) int64 on the CPU, in [0, N).

    Returns
    -------
    Tensor
        (B, n, ...), a copy.
    """
    rows = torch.arange(0, frames.shape[0] * frames.shape[1], frames.shape[1])[:, None] + places
    rows = rows.flatten().to(frames.device, non_blocking=frames.is_cuda)
    # Rows of one long list are copied whole, 10 times as fast as frames that are gathered.
    taken = frames.flatten(0, 1).index_select(0, rows)
    return taken.view(*places.shape, *frames.shape[2:])


def _units(seed: int, count: int) -> Tensor:
    """Return (count,) float64 in [0, 1), in which a product with a count never rounds up to it."""
    generator = torch.Generator().manual_seed(derive_seed("temporal jitter", seed))
    return torch.rand(count, generator=generator, dtype=torch.float64)
