"""Clips read frame by frame, held against OpenCV's own decoder and resizer."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from rodepil.errors import VideoError
from rodepil.io.clip_frames import ClipSpan, Picked, clip_frames, decoder_version, measure_span
from tests.io.conftest import Encode, Picture, Turn


def by_opencv(path: Path) -> list[Picture]:
    """Return all frames as RGB, (H, W, 3)."""
    capture, seen = cv2.VideoCapture(str(path)), []
    while (step := capture.read())[0]:
        seen.append(cv2.cvtColor(step[1], cv2.COLOR_BGR2RGB))
    capture.release()
    return seen


@pytest.mark.parametrize("size_px", [64, 20, 100])
def test_every_frame_of_a_lossless_clip_is_opencvs(encode: Encode, size_px: int) -> None:
    path = encode("a.mkv", 6, codec="ffv1", pixels="bgr0", size_px=(64, 64))
    expected = by_opencv(path)
    for number, frame in enumerate(clip_frames(path)):
        resized = cv2.resize(expected[number], (size_px,) * 2, interpolation=cv2.INTER_AREA)
        assert frame.number == number
        assert np.array_equal(frame.pixels(size_px, "rgb"), resized.transpose(2, 0, 1))
    assert number + 1 == len(expected) == 6


@pytest.mark.parametrize(
    ("codec", "name", "pixels"),
    [
        ("libx264", "a.mp4", "yuv420p"),
        ("mpeg4", "a.avi", "yuv420p"),
        ("mjpeg", "a.avi", "yuvj420p"),
        ("ffv1", "a.mkv", "bgr0"),
    ],
)
def test_colours_and_lightness_are_those_of_opencv(
    encode: Encode, codec: str, name: str, pixels: str
) -> None:
    path = encode(name, 8, codec=codec, pixels=pixels)
    expected = by_opencv(path)
    for frame, colour in zip(clip_frames(path), expected, strict=True):
        (grey,) = frame.pixels(96, "grey")
        rgb = frame.pixels(96, "rgb").transpose(1, 2, 0)
        lightness = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
        assert np.abs(rgb[16:80].astype(int) - colour).mean() < 2
        assert np.abs(grey[16:80].astype(int) - lightness).mean() < 2


@pytest.mark.parametrize("size_px", [(64, 32), (32, 64)])
def test_a_frame_that_is_not_square_is_whole_and_in_proportion(
    encode: Encode, size_px: tuple[int, int]
) -> None:
    path = encode("a.mkv", 1, codec="ffv1", pixels="bgr0", size_px=size_px)
    (frame,) = clip_frames(path)
    inner = (32, 16) if size_px == (64, 32) else (16, 32)
    resized = cv2.resize(by_opencv(path)[0], inner, interpolation=cv2.INTER_AREA)
    got = frame.pixels(32, "rgb").transpose(1, 2, 0)
    got = got if size_px == (64, 32) else got.transpose(1, 0, 2)
    resized = resized if size_px == (64, 32) else resized.transpose(1, 0, 2)
    assert np.array_equal(got[8:24], resized)
    assert not got[:8].any()
    assert not got[24:].any()
    assert frame.pixels(32, "grey").shape == (1, 32, 32)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_clip_is_upright(encode: Encode, turned: Turn, degrees: int) -> None:
    path = turned(encode("a.mp4", 3), degrees)
    for frame, colour in zip(clip_frames(path), by_opencv(path), strict=True):
        height, width = colour.shape[:2]
        assert (height, width) == ((64, 96) if degrees == 180 else (96, 64))
        top, left = (96 - height) // 2, (96 - width) // 2
        inside = np.s_[top : top + height, left : left + width]
        rgb = frame.pixels(96, "rgb").transpose(1, 2, 0)
        lightness = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
        assert np.abs(rgb[inside].astype(int) - colour).mean() < 2
        assert np.abs(frame.pixels(96, "grey")[0][inside].astype(int) - lightness).mean() < 2


def test_what_several_ask_of_a_frame_is_made_once(encode: Encode) -> None:
    frame = next(iter(clip_frames(encode("a.mkv", 1, codec="ffv1", pixels="bgr0"))))
    assert frame.pixels(32, "rgb") is frame.pixels(32, "rgb")
    assert frame.pixels(32, "rgb") is not frame.pixels(16, "rgb")
    assert frame.pixels(32, "grey").shape == (1, 32, 32)


def test_pixels_stay_when_the_clip_goes_on(encode: Encode) -> None:
    path = encode("a.mkv", 6, codec="ffv1", pixels="bgr0", size_px=(64, 64))
    taken = [(frame.pixels(64, "rgb"), frame.pixels(64, "grey")) for frame in clip_frames(path)]
    for (rgb, grey), colour in zip(taken, by_opencv(path), strict=True):
        assert np.array_equal(rgb.transpose(1, 2, 0), colour)
        lightness = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
        assert np.abs(grey[0].astype(int) - lightness).max() <= 2


def test_chosen_frames_are_gathered_and_repeated(encode: Encode) -> None:
    path = encode("a.mkv", 6, codec="ffv1", pixels="bgr0", size_px=(64, 64))
    picked = Picked(np.array([0, 2, 2, 5]), 64)
    for frame in clip_frames(path):
        picked.add(frame)
    expected = by_opencv(path)
    assert picked.done == 4
    for got, number in zip(picked.pixels, [0, 2, 2, 5], strict=True):
        assert np.array_equal(got.transpose(1, 2, 0), expected[number])


def test_a_frame_that_never_came_is_black_and_not_counted(encode: Encode) -> None:
    path = encode("a.mkv", 3, codec="ffv1", pixels="bgr0")
    picked = Picked(np.array([1, 2, 3]), 64, "grey")
    for frame in clip_frames(path):
        picked.add(frame)
    assert picked.done == 2
    assert picked.pixels.shape == (3, 1, 64, 64)
    assert picked.pixels[1].any()
    assert not picked.pixels[2].any()


@pytest.mark.parametrize(
    ("name", "codec", "pixels"), [("a.mp4", "libx264", "yuv420p"), ("a.avi", "mjpeg", "yuvj420p")]
)
def test_a_clip_is_measured_without_decoding(
    encode: Encode, name: str, codec: str, pixels: str
) -> None:
    rate = Fraction(30000, 1001)
    path = encode(name, 9, rate=rate, codec=codec, pixels=pixels)
    assert measure_span(path) == ClipSpan(9, rate)
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(float(rate))


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip.avi").write_bytes(b"not a video" * 100)
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    for name, how in {
        "clip.avi": "can't be opened as a video",
        "none.avi": "is not there",
        "sound.wav": "holds no video",
    }.items():
        with pytest.raises(VideoError, match=f"{name} {how}"):
            next(clip_frames(tmp_path / name))
        with pytest.raises(VideoError, match=f"{name} {how}"):
            measure_span(tmp_path / name)


def test_the_decoders_version_names_all_that_shapes_pixels() -> None:
    codec, scale = (
        ".".join(str(number) for number in av.library_versions[name])
        for name in ("libavcodec", "libswscale")
    )
    assert decoder_version() == (
        f"av {av.__version__}, cv2 {cv2.__version__}, libavcodec {codec}, libswscale {scale}"
    )
