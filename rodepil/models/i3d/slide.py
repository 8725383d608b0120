"""I3D's features of windows that slide along a clip, where what windows share is computed once.

Shapes: W windows, N frames of the clip, G pairs of frames, C channels, H W pixels.

What is exact. The zeros that 'same' padding puts at a window's two ends are the window's own, so
an output may be shared only where none of them is seen:

- ``Conv3d_1a_7x7`` halves time: a window of 16 frames has outputs 0 to 7; 0, 6 and 7 see zeros.
  Yet zeros add nothing: those three are sums over fewer taps of the same products. Each product
  of a tap and a frame is made once for all windows, pairs of taps at a time, and all outputs are
  sums of those.
- ``MaxPool3d_2a_3x3`` and ``Conv3d_2b_1x1`` do not mix frames: outputs 1 to 5 are shared.
- ``Conv3d_2c_3x3``: outputs 2, 3 and 4 see shared inputs alone. Again each product of a tap with a
  shared input is made once.
- ``MaxPool3d_3a_3x3`` does not mix frames, but at a stride of 4 frames each window's outputs move
  by 2, so that after the next 3x3x3 only output 3 is free of the ends, at another place in every
  window: from ``Mixed_3b``'s 3x3x3 on nothing is left to share.

How much it can be. Of the 27.8 G multiply-adds of a window at 224 px, 12.8 come after the stem and
are each window's own; of the stem's 15.0, 7.2 are left. So the whole can be 1.39 times as fast by
arithmetic, and 2.17 times were the stem for nothing: twice would need all but a free one.
Measured on one core of a busy CPU, seconds of processor time for 8 windows, each alone and
sharing, best of three: width 64 at 224 px 5.2 and 4.8 (after the stem alone: 3.2 to 3.6, so that at
most 1.6 times can be had), 4.0 where the allocator keeps its pages (glibc with a high
``MALLOC_MMAP_THRESHOLD_``: the sums are moved through hundreds of MB); width 8 at 224 px 0.60 and
0.44; width 8 at 64 px, as in the demo, 0.077 and 0.044. The stem alone is 1.3 to 3.5 times as fast
at width 8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from rodepil.models.i3d.stem import SHORTEST, TIME_STRIDE, SharedStem

if TYPE_CHECKING:
    from rodepil.models.i3d.network import I3D

WINDOWS_AT_ONCE = 8
"""Windows that share their stem."""

WITHIN_CACHE = 2
"""Windows that a CPU brings through the rest together; more are slower."""


def shares(network: I3D, stride_frames: int) -> bool:
    """Tell whether windows at that stride have anything in common that `slide` makes once."""
    even = network.frames % TIME_STRIDE == 0 and stride_frames % TIME_STRIDE == 0
    return even and SHORTEST <= network.frames > stride_frames


@torch.no_grad()
def slide(network: I3D, clip: Tensor, stride_frames: int = 4) -> Tensor:
    """Return the features of every window that fits whole.

    Parameters
    ----------
    network
        In evaluation mode.
    clip
        (N, 3, H, W) float, RGB, range [-1, 1]; N at least the network's frames.
    stride_frames
        Frames from a window's start to the next one's.

    Returns
    -------
    Tensor
        (W, C), of the dtype that the network computes in.
    """
    frames = network.frames
    starts = range(0, len(clip) - frames + 1, stride_frames)
    if not shares(network, stride_frames):
        return torch.cat([network.pooled(clip[s : s + frames][None]) for s in starts])
    stem = SharedStem(network.stem(), frames, stride_frames)
    made = []
    together = WITHIN_CACHE if clip.device.type == "cpu" else WINDOWS_AT_ONCE
    for first in range(0, len(starts), WINDOWS_AT_ONCE):
        some = starts[first : first + WINDOWS_AT_ONCE]
        volumes = stem(clip[some[0] : some[-1] + frames].to(network.dtype))
        made += [network.after_stem(part) for part in torch.split(volumes, together)]
    return torch.cat(made)
