"""Boxes by a detector of the animal: a crop of what a video shows of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from rodepil.config.workspace import Workspace
from rodepil.data.region import Region, locate
from rodepil.detect.region.usual import detector_of
from rodepil.errors import ModelError


def by_detector(
    name: Literal["motion", "yolo"] | None, weights: Path | None, workspace: Workspace
) -> tuple[Callable[[Path], Region] | None, tuple[str, ...]]:
    """Return what finds the one animal of a video, and what to know of it; without a name, None.

    Parameters
    ----------
    name, weights, workspace
        As in `rodepil.detect.region.usual.detector_of`.

    Raises
    ------
    ModelError
        The network's file is missing or wrong, or one is given that is not wanted.
    """
    if name is None:
        if weights is not None:
            raise ModelError(f"no detector is named that reads {weights}; add --detector yolo")
        return None, ()
    detector, notes = detector_of(name, workspace, weights=weights)
    # Where there is no animal, events would mean nothing: that video fails with the reason.
    return lambda video: locate(video, detector, missing="error"), notes
