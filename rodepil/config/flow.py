"""The settings of dense optical flow."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rodepil.config.base import NonNegative, Positive, PositiveReal, Settings

ScaleShare = Annotated[float, Field(gt=0, lt=1)]


class FlowSettings(Settings):
    """How motion between two images is found; the first names are OpenCV's.

    ``levels`` are those beside the full size, each ``pyr_scale`` times the next; one with a side
    under 32 px is left out. At each of them ``iterations`` estimates are made over windows of
    ``winsize`` px, odd or even, no wider than the frame. Farneback takes polynomials of pixels up
    to ``poly_n`` px away, under a Gaussian of ``poly_sigma`` px (OpenCV advises 5 with 1.2 or 7
    with 1.5); ``gaussian`` weighs the window by another one.
    Horn-Schunck takes ``relaxations`` steps an estimate; a larger ``smoothness`` (grey levels)
    gives a smoother flow.
    """

    method: Literal["farneback", "lucas_kanade", "horn_schunck"] = "farneback"
    pyr_scale: ScaleShare = 0.5
    levels: NonNegative = 3
    winsize: Annotated[int, Field(ge=2)] = 15
    iterations: Positive = 3
    poly_n: Positive = 5
    poly_sigma: PositiveReal = 1.2
    gaussian: bool = False
    smoothness: PositiveReal = 15.0
    relaxations: Positive = 10
