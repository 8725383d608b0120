"""A video is described by what decodes, read upright with exact times, and refused with reason."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from rodepil.errors import VideoError
from rodepil.io.video import VideoReader, frames, planes, probe
from tests.io.conftest import Encode, Turn, lose_second_key

RATES = [Fraction(15), Fraction(25), Fraction(30_000, 1001), Fraction(30), Fraction(60)]


@pytest.mark.parametrize("rate", RATES, ids=str)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.mov", "a.ts"])
def test_rate_and_number_are_exact_in_every_container(encode: Encode, name: str, rate: Fraction):
    info = probe(encode(name, 31, rate=rate))
    assert info.fps == rate
    assert info.n_frames == 31
    assert (info.width_px, info.height_px, info.codec) == (96, 64, "h264")
    assert info.duration_s == pytest.approx(float(31 / rate), abs=2e-3)  # Matroska holds ms
    assert info.damaged_packets == 0


def test_time_begins_with_the_first_frame(encode: Encode):
    path = encode("a.mkv", 10, start=50)
    assert probe(path).start_s == pytest.approx(2.0)
    assert [float(time_s) for time_s, _ in frames(path)] == pytest.approx(
        [number / 25 for number in range(10)]
    )


def test_a_headers_number_of_frames_is_not_believed(encode: Encode):
    path = encode("a.avi", 20)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):
        at = data.index(mark) + offset
        assert struct.unpack_from("<I", data, at) == (20,)
        struct.pack_into("<I", data, at, 9999)
    path.write_bytes(data)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FRAME_COUNT) == 9999
    assert probe(path).n_frames == 20


def test_a_declared_rate_that_its_times_deny_is_not_believed(tmp_path: Path):
    with av.open(str(tmp_path / "a.mkv"), "w") as container:
        stream = container.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for number in range(25):
            picture = av.VideoFrame.from_ndarray(np.full((64, 96), number, np.uint8), format="gray")
            picture.pts, picture.time_base = number * 80, Fraction(1, 1000)
            container.mux(stream.encode(picture.reformat(format="yuv420p")))
        container.mux(stream.encode(None))
    assert probe(tmp_path / "a.mkv").fps == Fraction(25, 2)


@pytest.mark.parametrize("name", ["a.mp4", "a.avi"])
def test_frames_are_those_that_opencv_reads(encode: Encode, name: str):
    path = encode(name, 30)
    capture = cv2.VideoCapture(str(path))
    read = list(frames(path))
    assert len(read) == 30
    for number, (time_s, picture) in enumerate(read):
        assert time_s == Fraction(number, 25)
        _, wanted = capture.read()
        difference = np.abs(picture.astype(int) - wanted[..., ::-1])
        assert difference.mean() < 1.0
    assert not capture.grab()
    grey = next(frames(path, pixel_format="gray"))[1]
    assert grey.shape == (64, 96)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_video_is_set_upright_as_opencv_does(encode: Encode, turned: Turn, degrees: int):
    path = turned(encode("a.mp4", 3), degrees)
    _, wanted = cv2.VideoCapture(str(path)).read()
    info = probe(path)
    assert (info.height_px, info.width_px) == wanted.shape[:2]
    assert (info.width_px, info.height_px) == ((96, 64) if degrees == 180 else (64, 96))
    picture = next(frames(path))[1]
    assert np.abs(picture.astype(int) - wanted[..., ::-1]).mean() < 2.0
    with VideoReader(path) as reader:
        y, u, v = planes(next(iter(reader)).picture)
    grey = cv2.cvtColor(wanted, cv2.COLOR_BGR2YUV_I420)[: wanted.shape[0]]
    assert np.abs(y.astype(int) - grey).mean() < 2.0
    assert u.shape == v.shape == (y.shape[0] // 2, y.shape[1] // 2)


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mp4", "libx264", "yuv444p"),
        ("a.avi", "mjpeg", "yuvj420p"),
        ("a.mkv", "ffv1", "bgr0"),
    ],
)
def test_planes_are_alike_whatever_the_source_holds(
    encode: Encode, name: str, codec: str, pixels: str
):
    path = encode(name, 2, codec=codec, pixels=pixels)
    with VideoReader(path) as reader:
        y, u, v = planes(next(iter(reader)).picture)
        # BT.601 in video range, from the colours that were drawn.
        for at, (red, green, blue) in {
            (24, 24): (200, 60, 60),
            (24, 72): (60, 180, 60),
            (48, 24): (60, 60, 200),
            (48, 72): (180, 180, 180),
        }.items():
            luma = 16 + (65.738 * red + 129.057 * green + 25.064 * blue) / 256
            cb = 128 + (-37.945 * red - 74.494 * green + 112.439 * blue) / 256
            cr = 128 + (112.439 * red - 94.154 * green - 18.285 * blue) / 256
            half = at[0] // 2, at[1] // 2
            assert (y[at], u[half], v[half]) == pytest.approx((luma, cb, cr), abs=5)


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "is not there"), (b"", r"empty \(0 bytes\)"), (b"not a video" * 99, "can't be opened")],
)
def test_what_is_no_video_is_named_with_a_remedy(tmp_path: Path, content: bytes | None, says: str):
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VideoError, match=says) as caught:
        probe(path)
    assert str(path) in str(caught.value)


def test_an_mp4_cut_off_ahead_of_its_index_is_named(encode: Encode):
    path = encode("a.mp4", 50)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(VideoError, match=r"a\.mp4 can't be opened.*Copy it again"):
        probe(path)


@pytest.mark.parametrize("name", ["a.mkv", "a.avi", "a.ts"])
def test_of_a_file_cut_off_what_decodes_counts(encode: Encode, name: str):
    path = encode(name, 200)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    info = probe(path)
    assert 50 < info.n_frames < 200
    assert info.n_frames == sum(1 for _ in frames(path))


def test_a_file_with_sound_alone_is_named(tmp_path: Path):
    path = tmp_path / "a.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(VideoError, match=r"a\.wav holds no video stream"):
        probe(path)


def test_a_picture_that_changes_its_size_is_named(encode: Encode, tmp_path: Path):
    path = tmp_path / "both.ts"
    first, second = encode("1.ts", 10), encode("2.ts", 10, start=100, size_px=(128, 96))
    path.write_bytes(first.read_bytes() + second.read_bytes())
    with pytest.raises(VideoError, match=r"changes from \(96, 64\) to \(128, 96\) px at frame"):
        probe(path)


def test_times_that_go_back_are_named(encode: Encode, tmp_path: Path):
    path = tmp_path / "both.ts"
    first, second = encode("1.ts", 10, start=500), encode("2.ts", 10)
    path.write_bytes(first.read_bytes() + second.read_bytes())
    with pytest.raises(VideoError, match="time of frame 10 lies before"):
        probe(path)


def test_a_hole_of_broken_bytes_costs_only_what_it_hit(encode: Encode):
    path = encode("a.mkv", 500)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = bytes(200)
    path.write_bytes(data)
    read = [time_s for time_s, _ in frames(path)]
    assert 250 < len(read) < 500
    assert read[-1] == Fraction(499, 25)
    assert read == sorted(read)


def test_frames_that_come_late_behind_a_damaged_key_frame_are_passed_over(encode: Encode):
    path = encode("a.mp4", 150)
    lose_second_key(path)
    with VideoReader(path) as reader:
        read = [(frame.index, frame.time_s) for frame in reader]
        assert reader.late_frames > 0
    assert [index for index, _ in read] == list(range(len(read)))
    assert [time_s for _, time_s in read] == sorted(time_s for _, time_s in read)
    assert len(read) > 90
    assert read[-1][1] == Fraction(149, 25)
    assert probe(path).damaged_packets > 0
