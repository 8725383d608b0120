"""Boxes by a detector of the animal: a crop of what a video shows of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from rodepil.data.region import Detector, Motion, Yolo, locate
from rodepil.detect.localize.boxes import Box
from rodepil.errors import ModelError


def by_detector(
    name: Literal["motion", "yolo"] | None, weights: Path | None
) -> Callable[[Path], Box] | None:
    """Return what finds the one animal of a video; without a name, None.

    Parameters
    ----------
    name
        ``motion``: what was not there for most of the time. ``yolo``: a network.
    weights
        Its ONNX file.

    Raises
    ------
    ModelError
        The network's file is missing or wrong, or one is given that is not wanted.
    """
    detector: Detector
    if name is None:
        if weights is not None:
            raise ModelError(f"no detector is named that reads {weights}; add --detector yolo")
        return None
    if name == "yolo":
        if weights is None:
            raise ModelError(
                "a YOLO detector wants its network; give it with --weights FILE.onnx, or make the "
                "demo's (dvc repro detector)"
            )
        detector = Yolo(weights)
    elif weights is not None:
        raise ModelError(f"the detector '{name}' has no network; leave --weights out")
    else:
        detector = Motion()
    # Where there is no animal, events would mean nothing: that video fails with the reason.
    return lambda video: locate(video, detector, missing="error").box
