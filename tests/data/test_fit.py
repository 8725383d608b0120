"""A cage's box comes into the clip whole, upright and undistorted."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from rodepil.data.fit import Planes, Rect, fit_box


def smooth(height: int, width: int) -> npt.NDArray[np.uint8]:
    """Return a picture without fine detail, whose scaling is not a matter of taste."""
    noise = np.random.default_rng(0).integers(16, 236, (8, 10), dtype=np.uint8)
    return cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.uint8)


def pictured(height: int, width: int) -> Planes:
    half = (height + 1) // 2, (width + 1) // 2
    return smooth(height, width), smooth(*half), smooth(*half)[::-1].copy()


def unpacked(canvas: npt.NDArray[np.uint8], side: int) -> Planes:
    """Take a canvas apart by the layout of I420, as OpenCV documents it."""
    flat, half = canvas.ravel(), side // 2
    y, u, v = np.split(flat, [side * side, side * side + half * half])
    return y.reshape(side, side), u.reshape(half, half), v.reshape(half, half)


@pytest.mark.parametrize(
    "box",
    [(0, 0, 640, 480), (213, 0, 213, 480), (11, 7, 213, 240), (0, 0, 100, 60), (5, 5, 64, 64)],
)
@pytest.mark.parametrize("mode", ["letterbox", "center_crop"])
def test_planes_agree_with_area_scaling_of_the_same_box(box: tuple[int, ...], mode: str):
    side, planes = 224, pictured(480, 640)
    fit = fit_box(box, side, mode)  # type: ignore[arg-type]  # parametrized literals
    canvas = fit.canvas(1)[0]
    fit.draw(planes, canvas)
    x, y, width, height = box
    if mode == "center_crop":
        least = min(width, height)
        x, y = x + (width - least) // 2, y + (height - least) // 2
        width = height = least
    for plane, drawn, by in zip(planes, unpacked(canvas, side), (1, 2, 2), strict=True):
        target = drawn[
            fit.target.y_px // by : (fit.target.y_px + fit.target.height_px) // by,
            fit.target.x_px // by : (fit.target.x_px + fit.target.width_px) // by,
        ]
        crop = plane[y // by : -(-(y + height) // by), x // by : -(-(x + width) // by)]
        wanted = cv2.resize(crop, target.shape[::-1], interpolation=cv2.INTER_AREA)
        difference = np.abs(target.astype(int) - wanted.astype(int))
        assert difference.mean() < 1.5
        assert difference.max() < 12


def test_letterbox_keeps_the_shape_and_the_middle():
    fit = fit_box((213, 0, 213, 480), 224, "letterbox")
    assert fit.source == Rect(213, 0, 213, 480)
    assert fit.target == Rect(62, 0, 100, 224)  # 213 / 480 * 224 = 99.4, made even
    fit = fit_box((0, 0, 640, 480), 224, "letterbox")
    assert fit.target == Rect(0, 28, 224, 168)


def test_bars_are_black_and_stay_so():
    fit = fit_box((0, 0, 640, 480), 224, "letterbox")
    canvas = fit.canvas(1)[0]
    fit.draw(pictured(480, 640), canvas)
    y, u, v = unpacked(canvas, 224)
    assert (y[:28] == 16).all()
    assert (y[196:] == 16).all()
    assert (u[:14] == 128).all()
    assert (v[98:] == 128).all()


def test_a_circle_stays_a_circle():
    frame = np.full((480, 640), 16, np.uint8)
    cv2.circle(frame, (320, 240), 100, 200, -1)
    grey = np.full((240, 320), 128, np.uint8)
    fit = fit_box((100, 20, 440, 440), 224, "letterbox")
    canvas = fit.canvas(1)[0]
    fit.draw((frame, grey, grey), canvas)
    inside = fit.pictures(canvas[None])[0] > 108
    wide, high = inside.any(0).sum(), inside.any(1).sum()
    assert abs(int(wide) - int(high)) <= 1
    assert wide == pytest.approx(201 * 224 / 440, abs=1.5)


def test_every_corner_of_the_box_is_in_the_clip():
    frame = np.full((480, 640), 16, np.uint8)
    for x, y in ((100, 50), (292, 50), (100, 342), (292, 342)):
        frame[y : y + 8, x : x + 8] = 235
    grey = np.full((240, 320), 128, np.uint8)
    fit = fit_box((100, 50, 200, 300), 224, "letterbox")
    canvas = fit.canvas(1)[0]
    fit.draw((frame, grey, grey), canvas)
    picture = fit.pictures(canvas[None])[0]
    for corner in (picture[:4, :4], picture[:4, -4:], picture[-4:, :4], picture[-4:, -4:]):
        assert corner.mean() > 180
