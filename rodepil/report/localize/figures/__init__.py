"""The figures of localization, each a function of its inputs and a theme."""

from __future__ import annotations

from typing import Final

from rodepil.report.figures import Plate
from rodepil.report.localize.figures.curves import mean_ap_curves
from rodepil.report.localize.figures.learning import learning
from rodepil.report.localize.figures.split import split_figure
from rodepil.report.localize.figures.timeline import timeline
from rodepil.report.localize.figures.units import ap_bars
from rodepil.report.localize.read import LocalizeInputs

RESULTS: Final[tuple[Plate[LocalizeInputs], ...]] = (
    Plate("localize_map", "mAP by threshold of tIoU, the paper's beside.", mean_ap_curves),
    Plate("localize_ap", "AP of every action unit.", ap_bars),
    Plate("localize_learning", "Loss and mean mAP by epoch.", learning),
)
TIMELINE: Final = Plate("localize_timeline", "True and found action units of some clips.", timeline)
SPLIT: Final = Plate("localize_split", "Action units of all clips, and by side.", split_figure)


def plates_of(inputs: LocalizeInputs) -> tuple[Plate[LocalizeInputs], ...]:
    """Return the figures for which everything is there."""
    if inputs.data is None:
        return RESULTS
    return (*RESULTS, SPLIT) if inputs.result.found is None else (*RESULTS, TIMELINE, SPLIT)
