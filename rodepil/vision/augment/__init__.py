"""Random changes of training clips, computed on the clips' device for a whole batch.

A clip gets one draw, the same for all its frames, and the draw hangs on the clip's seed
alone: not on the batch it is in, nor on the number of workers or the device.
"""

from __future__ import annotations

from rodepil.vision.augment.clips import Augment, apply
from rodepil.vision.augment.draws import Draws, clip_seed, draw
from rodepil.vision.augment.mixing import mixup

__all__ = ["Augment", "Draws", "apply", "clip_seed", "draw", "mixup"]
