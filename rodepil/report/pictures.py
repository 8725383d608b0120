"""Figures drawn for light and for dark screens, as pages show them."""

from __future__ import annotations

from typing import Final, TypeVar

from rodepil.report.figures import Plate
from rodepil.report.page import Picture
from rodepil.report.style import DARK, LIGHT, png

CSS_PX_PER_IN: Final = 125
Shown = TypeVar("Shown")


def picture(plate: Plate[Shown], shown: Shown) -> Picture:
    """Draw a figure of what is shown in both themes."""
    figure = plate.draw(shown, LIGHT)
    width_in, height_in = figure.get_size_inches()
    return Picture(
        light=png(figure),
        dark=png(plate.draw(shown, DARK)),
        width_px=round(CSS_PX_PER_IN * width_in),
        height_px=round(CSS_PX_PER_IN * height_in),
    )
