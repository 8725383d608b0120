"""What a clip's pictures look like, apart from what the animal does in them.

T sampled frames, H W pixels; brightness Y is in video range (16 is black, 235 white), and what
is measured of it is in grey levels of [0, 255].

References
----------
.. [1] Immerkaer (1996). Fast noise variance estimation. Computer Vision and Image Understanding,
   64(2), 300-302: the noise estimate.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.data.fit import BLACK_Y, Rect

Plane = npt.NDArray[np.uint8]

DARK_Y = BLACK_Y + 10
"""A bar's brightness stays under this; an encoder lets its edge ring by a few levels."""

RING_PX = 2
STILL = 0.1
"""A frame repeats the one before it when it differs by less than this share of those near."""

NEAR_FRAMES = 6
"""Film of a sixth of the rate still changes once in so many frames."""

_GREY_PER_Y = 255 / 219
_PERCENTILE = 98
_SMALLEST_PX = 8
_IMMERKAER = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)


def picture_of(samples: Sequence[Plane]) -> Rect:
    """Return where the picture stands between black bars.

    A row or column belongs to a bar when nearly all of it is dark in all samples. Bars count
    from the edges inward; a clip that is dark throughout has none.

    Parameters
    ----------
    samples
        Brightness of T frames, (H, W) uint8 each.
    """
    brightest = samples[0].copy()
    for sample in samples[1:]:
        cv2.max(brightest, sample, dst=brightest)
    spans = []
    for axis in (0, 1):
        lines = np.percentile(brightest, _PERCENTILE, axis=axis)
        lit = np.flatnonzero(lines > DARK_Y)
        whole = len(lines)
        span = (int(lit[0]), int(lit[-1]) + 1) if len(lit) else (0, whole)
        spans.append(span if span[1] - span[0] >= _SMALLEST_PX else (0, whole))
    (left, right), (top, bottom) = spans
    return Rect(left, top, right - left, bottom - top)


def noise_of(picture: npt.NDArray[np.uint8]) -> float:
    """Return the standard deviation of the noise in a picture, (H, W), in its own levels."""
    height, width = picture.shape
    if min(height, width) < _SMALLEST_PX:
        return 0.0
    filtered = cv2.filter2D(picture, cv2.CV_32F, _IMMERKAER)[1:-1, 1:-1]
    return float(np.sqrt(np.pi / 2) / 6 * np.abs(filtered).mean())


def sharpness_of(picture: npt.NDArray[np.uint8]) -> float:
    """Return the standard deviation of the Laplacian of a picture, (H, W), in its own levels."""
    return float(cv2.Laplacian(picture, cv2.CV_32F).std())


def describe(samples: Sequence[Plane], picture: Rect) -> dict[str, float]:
    """Return what the sampled frames look like, each a mean over them.

    Parameters
    ----------
    samples
        Brightness of T frames, (H, W) uint8 each.
    picture
        Where the picture stands, without bars.

    Returns
    -------
    dict
        Bars as shares of width and height; border, brightness, contrast, noise and sharpness in
        grey levels.
    """
    height, width = samples[0].shape
    inner = [np.ascontiguousarray(picture.of(sample)) for sample in samples]
    return {
        "bars_x_share": 1 - picture.width_px / width,
        "bars_y_share": 1 - picture.height_px / height,
        "border_level": _mean(_grey(_ring(sample)) for sample in samples),
        "brightness": _mean(_grey(one.mean()) for one in inner),
        "contrast": _mean(one.std() * _GREY_PER_Y for one in inner),
        "noise": _mean(noise_of(one) * _GREY_PER_Y for one in inner),
        "sharpness": _mean(sharpness_of(one) * _GREY_PER_Y for one in inner),
    }


def repeated_share(changes: npt.NDArray[np.float64]) -> float:
    """Return the share of frames that repeat the one before them.

    A frame repeats where it changes far less than one of the few frames before it does, and one
    of the few behind it: film at a third of the rate still has new frames there, and a still
    animal that bursts into motion has them on one side alone.

    Parameters
    ----------
    changes
        Mean absolute difference of each frame to the one before it, (T - 1,). An encoder leaves
        a trace of a difference even in a repeated frame, so little counts as none. Frames in
        which nothing moves count as well; in noisy film that was encoded again, repeats hide.
    """
    if not len(changes):
        return 0.0
    # An end without so many frames beyond it is judged by its other side, or by all.
    beyond = np.full(NEAR_FRAMES, np.inf)
    padded = np.concatenate([beyond, changes, beyond])
    most = np.lib.stride_tricks.sliding_window_view(padded, NEAR_FRAMES).max(1)
    usual = np.minimum(most[: len(changes)], most[NEAR_FRAMES + 1 :])
    usual = np.minimum(usual, changes.max())
    return float(np.mean(changes <= STILL * usual))


def colour_of(u: Plane, v: Plane) -> float:
    """Return how far a frame's chroma, (H/2, W/2) each, lies from grey; 0 for infrared light."""
    grey = 128.0
    return float(np.hypot(np.mean(u) - grey, np.mean(v) - grey))


def _ring(sample: Plane) -> float:
    """Return the mean of a frame's outermost pixels."""
    ring = np.concatenate(
        [
            sample[:RING_PX].ravel(),
            sample[-RING_PX:].ravel(),
            sample[RING_PX:-RING_PX, :RING_PX].ravel(),
            sample[RING_PX:-RING_PX, -RING_PX:].ravel(),
        ]
    )
    return float(ring.mean())


def _grey(y: float) -> float:
    return (float(y) - BLACK_Y) * _GREY_PER_Y


def _mean(values: object) -> float:
    return float(np.mean(list(values)))  # type: ignore[call-overload]
