"""Motion, held against OpenCV's differences and SciPy's periodogram."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from pydantic import ValidationError
from scipy.signal import periodogram

from rodepil.errors import FeatureError
from rodepil.store.decode import decode_one
from rodepil.store.views.base import Row
from rodepil.store.views.motion import MotionView, dominant, smoothed
from tests.store.conftest import Video, encode, noise

Curve = npt.NDArray[np.float64]


def made(path: Path, video: Video, view: MotionView, rate: int = 30) -> Row:
    """Encode (F, H, W) lightness without loss and return what the view stores."""
    encode(path, video, pix_fmt="gray", rate=rate)
    return decode_one(path, view)


def by_opencv(video: Video, size_px: int) -> Curve:
    """Return how much each frame differs from the one before."""
    small = [cv2.resize(f, (size_px, size_px), interpolation=cv2.INTER_AREA) for f in video]
    return np.array([cv2.absdiff(one, two).mean() for one, two in pairwise(small)])


def by_scipy(curve: Curve, fps: float, low_hz: float, high_hz: float) -> tuple[float, float]:
    """Return frequency and power of the highest point in a band."""
    frequencies, power = periodogram(
        curve, fs=fps, window="hann", detrend="constant", scaling="spectrum"
    )
    within = (frequencies > low_hz - 1e-6) & (frequencies < high_hz + 1e-6)
    best = np.flatnonzero(within)[power[within].argmax()]
    return float(frequencies[best]), float(power[best])


@pytest.mark.parametrize(("length", "rate", "size_px"), [(60, 30, 48), (45, 25, 20), (9, 30, 64)])
def test_activity_and_spectrum_are_those_of_opencv_and_scipy(
    tmp_path: Path, length: int, rate: int, size_px: int
) -> None:
    video = noise(5, length)[..., 0] // np.uint8(4)
    row = made(tmp_path / "clip.mkv", video, MotionView(size_px=size_px, high_hz=12), rate)
    curve = by_opencv(video, size_px)
    assert row["activity"].dtype == np.float32
    assert row["activity"] == pytest.approx(curve, rel=1e-6)
    frequency_hz, power = by_scipy(curve, rate, 1, 12)
    numbers = {name: float(row[name]) for name in ("mean", "peak", "frequency_hz", "power")}
    assert numbers == pytest.approx(
        {"mean": curve.mean(), "peak": curve.max(), "frequency_hz": frequency_hz, "power": power},
        rel=1e-5,
    )


@pytest.mark.parametrize("hertz", [2, 7, 13])
def test_an_animal_that_jerks_is_found_at_its_frequency(tmp_path: Path, hertz: int) -> None:
    # Lightness climbs by steps that swing around 5 levels: 10 s at 30 frames a second.
    at_s = np.arange(1, 302) / 30
    steps = np.round(5 + 3 * np.sin(2 * np.pi * hertz * at_s)).astype(int)
    levels = np.abs((np.cumsum(steps) + 255) % 510 - 255)  # up and down again within 0 to 255
    video = np.broadcast_to(levels.astype(np.uint8)[:, None, None], (301, 32, 32))
    row = made(tmp_path / "clip.mkv", np.ascontiguousarray(video), MotionView(size_px=32))
    assert float(row["frequency_hz"]) == pytest.approx(hertz, abs=0.05)
    assert float(row["power"]) == pytest.approx(3**2 / 2, rel=0.1)
    assert float(row["mean"]) == pytest.approx(5, rel=0.05)


def test_a_still_clip_does_not_move(tmp_path: Path) -> None:
    row = made(tmp_path / "clip.mkv", np.full((30, 32, 32), 90, np.uint8), MotionView())
    assert not row["activity"].any()
    assert (row["mean"], row["peak"], row["power"]) == (0, 0, 0)


def test_colour_is_compared_by_lightness(tmp_path: Path) -> None:
    video = np.stack([noise(9, 8), noise(10, 8)]).transpose(1, 0, 2, 3, 4).reshape(16, 48, 48, 3)
    encode(tmp_path / "clip.avi", video)
    row = decode_one(tmp_path / "clip.avi", MotionView(size_px=48))
    grey = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in video])
    assert row["activity"] == pytest.approx(by_opencv(grey, 48), rel=0.01)
    with av.open(str(tmp_path / "clip.avi")) as container:  # FFmpeg rounds lightness otherwise
        grey = np.stack([image.to_ndarray(format="gray") for image in container.decode(video=0)])
    assert row["activity"] == pytest.approx(by_opencv(grey, 48), rel=1e-6)


@pytest.mark.parametrize("length", [2, 3, 7, 10, 90, 299])
@pytest.mark.parametrize("fps", [Fraction(30), Fraction(30000, 1001), Fraction(15)])
@pytest.mark.parametrize("band", [(0.1, 15.0), (5.0, 15.0)])
def test_the_highest_point_is_scipys(length: int, fps: Fraction, band: tuple[float, float]) -> None:
    curve = np.random.default_rng(length).normal(size=length).cumsum()
    assert dominant(curve, fps, *band) == pytest.approx(by_scipy(curve, float(fps), *band))


@pytest.mark.parametrize(
    ("length", "rate", "band"), [(1, 30, (1, 15)), (2, 30, (1, 15)), (30, 30, (1.1, 1.2))]
)
def test_a_clip_that_holds_no_frequency_of_the_band_is_refused(
    tmp_path: Path, length: int, rate: int, band: tuple[float, float]
) -> None:
    view = MotionView(size_px=16, low_hz=band[0], high_hz=band[1])
    with pytest.raises(FeatureError, match=rf"{length} frames at {rate} fps holds no frequency"):
        made(tmp_path / "clip.mkv", noise(1, length)[..., 0], view, rate)


def test_a_key_frame_within_a_clip_is_no_motion(tmp_path: Path) -> None:
    still = noise(3, 1)[0].repeat(4, axis=0).repeat(4, axis=1)
    video = np.repeat(still[None], 60, axis=0)
    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"qp": "36", "g": "30"})
        stream.width, stream.height, stream.pix_fmt = 192, 192, "yuv420p"
        for number, frame in enumerate(video):
            moving = np.roll(frame, number // 2, axis=1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(moving, format="rgb24")))
        container.mux(stream.encode())
    row = decode_one(tmp_path / "clip.mp4", MotionView(size_px=192))
    with av.open(str(tmp_path / "clip.mp4")) as container:
        pictures = list(container.decode(video=0))
    grey = np.stack([picture.to_ndarray(format="gray") for picture in pictures])
    (within,) = (number for number, one in enumerate(pictures) if one.key_frame and number)
    curve = by_opencv(grey, 192)
    spot = within - 1  # the difference that ends at the key frame
    assert row["activity"][spot] == pytest.approx((curve[spot - 1] + curve[spot + 1]) / 2)
    others = np.arange(len(curve)) != spot
    assert row["activity"][others] == pytest.approx(curve[others], rel=1e-5, abs=1e-6)


def test_a_codec_without_prediction_loses_nothing() -> None:
    curve = np.array([1.0, 5.0, 2.0, 7.0])
    assert smoothed(curve, np.ones(4, bool)).tolist() == curve.tolist()
    assert smoothed(curve, np.array([True, False, False, True])).tolist() == curve.tolist()
    assert smoothed(curve, np.array([False, True, False, False])).tolist() == [1.0, 1.5, 2.0, 7.0]
    assert smoothed(curve[:1], np.array([True])).tolist() == [1.0]


def test_a_band_has_a_width() -> None:
    with pytest.raises(ValidationError, match=r"low_hz 9\.0 is not below high_hz 9\.0"):
        MotionView(low_hz=9, high_hz=9)
