"""How well detectors find the animal: their best box in each frame, beside the true one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from rodepil.data.region import Detector, FixedBox
from rodepil.data.region.found import Boxes, Found, overlap
from rodepil.detect.region.recorded import CageView

HIT: Final = 0.5
"""A box that overlaps the true one by more, as intersection over union, has found it."""


@dataclass(frozen=True)
class Finding:
    """How well a detector found the animal.

    Parameters
    ----------
    frames
        Frames that were looked at; each shows one animal.
    found
        Frames in which there was a box.
    hit_share
        Share of the frames whose best box overlaps the true one by more than `HIT`, in [0, 1].
    mean_iou
        Mean intersection over union of the best box and the true one, 0 without a box.
    """

    frames: int
    found: int
    hit_share: float
    mean_iou: float

    def as_json(self) -> Mapping[str, float]:
        """Return it as a record holds it."""
        return asdict(self)


def judge(views: Sequence[CageView], detector_of: Callable[[CageView], Detector]) -> Finding:
    """Judge a detector on views of cages.

    Parameters
    ----------
    views
        One or more cages, an animal in each.
    detector_of
        Returns the detector for a view; it gets all frames of the view at once.
    """
    found = [(detector_of(view).find(view.frames), view.boxes) for view in views]
    ious = np.concatenate([ious_of(boxes, true) for boxes, true in found])
    count = sum(len(one.boxes) > 0 for boxes, _ in found for one in boxes)
    return Finding(len(ious), count, float((ious > HIT).mean()), float(ious.mean()))


def ious_of(found: Sequence[Found], true: Boxes) -> npt.NDArray[np.float64]:
    """Return the overlap of each frame's best box with the true one (T, 4), 0 without a box."""
    return np.array(
        [
            float(overlap(one.boxes[[one.scores.argmax()]], box)[0]) if len(one.boxes) else 0.0
            for one, box in zip(found, true, strict=True)
        ]
    )


def whole_cage(view: CageView) -> FixedBox:
    """Return the detector that always says: all of the cage."""
    return FixedBox((0, 0, view.frames.shape[2], view.frames.shape[1]))
