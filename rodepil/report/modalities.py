"""Modalities beside each other: the result's own, and those that were cross-validated with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rodepil.report import paper
from rodepil.report.inputs import ReportInputs
from rodepil.report.records import Result

ORDER: Final = ("rgb", "flow", "absdiff")
"""The order of the paper's Fig. 2; others follow by name."""

OF_MOTION: Final = ("flow", "absdiff")
"""The project's own modalities that compare two frames, of which equal ones show nothing."""

FRAMES, SIZE_PX, OPTIMIZER, PRETRAINED = 8, 224, "SGD", "Kinetics"
"""The setting in which the paper compares modalities."""

_PRINTED: Final[Mapping[str, str]] = {"rgb": "RGB", "flow": "OpticalFlow", "absdiff": "AbsDiff"}


def compared(inputs: ReportInputs) -> dict[str, Result]:
    """Return the result and the other modalities by name, in the paper's order."""
    own = inputs.result.record.settings.train.modality
    found = {**inputs.modalities, own: inputs.result}
    rest = sorted(set(found) - set(ORDER))
    return {name: found[name] for name in (*ORDER, *rest) if name in found}


def printed(modality: str) -> paper.AblationRow | None:
    """Return what the paper prints of a modality in the setting of its Fig. 2."""
    wanted = (_PRINTED.get(modality), SIZE_PX, FRAMES, OPTIMIZER, PRETRAINED)
    for row in paper.TABLE_3:
        if (row.modality, row.size_px, row.frames, row.optimizer, row.pretrained) == wanted:
            return row
    return None
