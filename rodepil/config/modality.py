"""The settings of what a network sees of a clip's frames."""

from __future__ import annotations

from typing import Literal

from rodepil.config.base import PositiveReal
from rodepil.config.flow import FlowSettings

Pairs = Literal["none", "native", "sampled"]
"""What is stored beside each frame that a network sees: nothing, the frame of the clip ``gap``
frames later, or one frame more, ahead of the first."""

MODALITIES = ("rgb", "absdiff", "flow")
"""The project's own modalities."""

BOUND_AT_PX = 224
"""The side of a frame that ``bound_px`` is measured on."""

FLOWLESS = ("rgb", "absdiff")
"""Modalities that do not read ``train.flow``, so that it is no part of their trials."""


class FlowInputSettings(FlowSettings):
    """Optical flow as a network sees it.

    ``bound_px`` is the motion between two frames, in px of a frame of 224 px, that the end of the
    scale stands for; what moves faster is shown as that. ``picture`` is ``vectors`` (motion right,
    motion down, speed) or ``hsv`` (direction as hue, speed as brightness).
    """

    bound_px: PositiveReal = 20.0
    picture: Literal["vectors", "hsv"] = "vectors"
