"""What controls do to the frames of clips, whole batches at once, on their device.

Shapes: B clips, T frames that a network sees, S frames stored, N frames that come in one row,
C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from rodepil.config.controls import Control
from rodepil.config.modality import Pairs
from rodepil.config.settings import FeatureSettings
from rodepil.errors import SettingError
from rodepil.io.seeds import derive_seed

STILL: Final[frozenset[Control]] = frozenset({"static", "background"})
"""In these nothing moves: motion is shown as none at all."""

LEAST_FRAMES: Final = 4
"""Of fewer, every order leaves two beside each other that followed each other."""

BITS: Final = (128, 64, 32, 16, 8, 4, 2, 1)


def check_control(control: Control, features: FeatureSettings) -> None:
    """Refuse a control that can't be had of such clips.

    Raises
    ------
    SettingError
        They are too short to be shuffled.
    """
    if control == "shuffled" and features.frames < LEAST_FRAMES:
        raise SettingError(
            f"the control 'shuffled' parts frames that follow each other, which wants "
            f"{LEAST_FRAMES} frames or more, and features.frames is {features.frames}; raise it "
            "or leave that control out"
        )


def median(frames: Tensor) -> Tensor:
    """Return the median picture of each clip: what is there for half of its frames or more.

    Parameters
    ----------
    frames
        (B, S, C, H, W) uint8 in [0, 255], or float.

    Returns
    -------
    Tensor
        (B, C, H, W) of the same dtype. Of an even number it is the lower of the two in the
        middle, so that every value is one that was seen.
    """
    if frames.dtype != torch.uint8:
        return frames.median(dim=1).values
    # The bits of the value that so many are below, the highest first: on a processor 2 to 20
    # times as fast as sorting, and nothing as large as the batch is kept.
    middle = (frames.shape[1] - 1) // 2
    found = torch.zeros_like(frames[:, 0])
    for bit in BITS:
        more = found + bit
        below = (frames < more[:, None]).sum(dim=1, dtype=torch.int16)
        found = torch.where(below <= middle, more, found)
    return found


def draw_orders(names: Sequence[str], seed: int, frames: int) -> Tensor:
    """Draw an order of frames for each clip, the same wherever and whenever it is shown.

    Parameters
    ----------
    names
        B ids of clips.
    seed
        The trial's.
    frames
        N, at least 4.

    Returns
    -------
    Tensor
        (B, N) int64 on the CPU: which frame stands at each place. All orders are equally likely
        in which no two frames that follow each other in the clip stand beside each other.
    """
    return torch.stack([_apart(derive_seed("shuffled", seed, name), frames) for name in names])


def shuffled_places(orders: Tensor, pairs: Pairs, *, of_motion: bool) -> Tensor:
    """Return where, in the row of stored frames, those stand that are shown in these orders.

    Colours are shuffled frame by frame. Where motion is shown, a native pair would tell it
    wherever it stood: the neighbours are torn off, and each goes to another frame of the clip,
    so that every stored frame is still shown once and none beside its own neighbour.

    Parameters
    ----------
    orders
        (B, T), of `draw_orders`; (B, T + 1) for motion between sampled pairs.
    pairs
        What is stored.
    of_motion
        Whether two frames are compared.

    Returns
    -------
    Tensor
        (B, T) or, for motion, (B, N) int64: places among the stored frames in one row.
    """
    if pairs == "native":
        firsts = 2 * orders
        if not of_motion:
            return firsts
        torn = 2 * orders.roll(-1, dims=1) + 1
        return torch.stack([firsts, torn], dim=2).flatten(1)
    return orders if of_motion or pairs == "none" else orders + 1


def _apart(seed: int, frames: int) -> Tensor:
    """Draw one order of at least 4 frames; about one draw in seven to twelve is taken."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(frames, generator=generator)
        if bool((order.diff().abs() > 1).all()):
            return order
