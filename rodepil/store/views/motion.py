"""How much moves in a clip, frame by frame, and how fast it swings.

Shapes: N frames in the clip.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Annotated, ClassVar

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from rodepil.errors import FeatureError
from rodepil.io.clip_frames import ClipFrame, ClipSpan, Picture, decoder_version
from rodepil.store.views.base import Column, Row, View
from rodepil.store.views.registry import register

Hertz = Annotated[float, Field(gt=0)]
MIN_FRAMES = 3
LEVELS = "levels of 255 a frame"


@register
class MotionView(View):
    """A clip's activity curve at its own frame rate, and what it sums up to.

    Activity is the mean absolute difference in lightness between a frame and the one before it,
    in levels of 255, so that it is in [0, 255]. The spectrum is the periodogram of the curve
    without its mean under a Hann window, scaled so that a sinusoid of amplitude A has power
    A squared over 2; the dominant frequency is that of its highest point in the band.

    A codec that predicts frames draws a clip anew at each key frame, all at once: at such a frame
    the curve takes the mean of the values beside it.

    Attributes
    ----------
    size_px
        Height and width that frames are resized to before they are compared.
    low_hz, high_hz
        The band that is searched; clonic jerks lie at 1 to 15 Hz.
    """

    kind: ClassVar[str] = "motion"
    code_version: ClassVar[int] = 2

    size_px: Annotated[int, Field(gt=0)] = 112
    low_hz: Hertz = 1.0
    high_hz: Hertz = 15.0

    @model_validator(mode="after")
    def _band(self) -> MotionView:
        if self.low_hz >= self.high_hz:
            raise ValueError(f"low_hz {self.low_hz} is not below high_hz {self.high_hz}")
        return self

    @property
    def columns(self) -> Mapping[str, Column]:
        """``activity`` (N - 1,), and ``mean``, ``peak``, ``frequency_hz``, ``power``; float32."""
        scalars = {
            "mean": LEVELS,
            "peak": LEVELS,
            "frequency_hz": "Hz, where the curve swings most",
            "power": "levels squared, of that swing",
        }
        return {"activity": Column("float32", (None,), LEVELS)} | {
            name: Column("float32", (), unit) for name, unit in scalars.items()
        }

    def made_with(self) -> str:
        """Return the versions of decoder and NumPy."""
        return f"{decoder_version()}, numpy {np.__version__}"

    def tap(self, span: ClipSpan) -> _MotionTap:
        """Start on a clip.

        Raises
        ------
        FeatureError
            It is too short, or its frames too few a second, for any frequency of the band.
        """
        return _MotionTap(self, span)


class _MotionTap:
    """Compares each frame with the one before."""

    def __init__(self, view: MotionView, span: ClipSpan) -> None:
        self._view, self._fps = view, span.fps
        self._before: Picture | None = None
        self._activity: list[float] = []
        self._anew: list[bool] = []

    def add(self, frame: ClipFrame) -> None:
        (now,) = frame.pixels(self._view.size_px, "grey")
        if self._before is not None:
            self._activity.append(cv2.norm(now, self._before, cv2.NORM_L1) / now.size)
            self._anew.append(frame.drawn_anew)
        self._before = now

    def finish(self) -> Row:
        curve = smoothed(np.array(self._activity, dtype=np.float64), np.array(self._anew, bool))
        frequency_hz, power = dominant(curve, self._fps, self._view.low_hz, self._view.high_hz)
        numbers = {
            "mean": curve.mean(),
            "peak": curve.max(),
            "frequency_hz": frequency_hz,
            "power": power,
        }
        scalars = {name: np.array(value, dtype=np.float32) for name, value in numbers.items()}
        return {"activity": curve.astype(np.float32), **scalars}


def smoothed(
    curve: npt.NDArray[np.float64], anew: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return a curve with the mean of its neighbours at each frame that was drawn anew.

    Parameters
    ----------
    curve
        (N,) activity.
    anew
        (N,) whether the frame that ends the difference predicts nothing from others. Where the
        neighbours do not either, as in codecs without prediction, a value stays.
    """
    within = np.flatnonzero(anew[1:-1] & ~anew[:-2] & ~anew[2:]) + 1
    mended = curve.copy()
    mended[within] = (curve[within - 1] + curve[within + 1]) / 2
    return mended


def dominant(
    curve: npt.NDArray[np.float64], fps: Fraction, low_hz: float, high_hz: float
) -> tuple[float, float]:
    """Return the frequency in a band at which a curve swings most, and its power there.

    Parameters
    ----------
    curve
        (N,) samples, `fps` a second.
    fps
        Its rate.
    low_hz, high_hz
        The band, both ends included.

    Raises
    ------
    FeatureError
        The curve is too short, or too coarse, to hold a frequency of the band.
    """
    frequencies = np.fft.rfftfreq(len(curve), 1 / float(fps)) if len(curve) else np.empty(0)
    # the tolerance lets 15 Hz count at 30 frames a second
    within = (frequencies >= low_hz * (1 - 1e-9)) & (frequencies <= high_hz * (1 + 1e-9))
    if len(curve) < MIN_FRAMES - 1 or not within.any():
        raise FeatureError(
            f"a clip of {len(curve) + 1} frames at {float(fps):g} fps holds no frequency from "
            f"{low_hz:g} to {high_hz:g} Hz; give a longer clip or another band"
        )
    window = np.hanning(len(curve) + 1)[:-1]
    spectrum = np.abs(np.fft.rfft((curve - curve.mean()) * window)) ** 2 / window.sum() ** 2
    alone = slice(1, -1) if len(curve) % 2 == 0 else slice(1, None)
    spectrum[alone] *= 2  # what stands for a negative frequency as well
    best = int(np.argmax(np.where(within, spectrum, -1)))
    return float(frequencies[best]), float(spectrum[best])
