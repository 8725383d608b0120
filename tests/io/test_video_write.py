"""Clips are encoded all in one way: exact rate and number, the same bytes for the same frames."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from rodepil.errors import VideoError
from rodepil.io.video import encode_clip, frames, write_clip
from tests.io.conftest import Picture, corners

PICTURES = [corners(number, (64, 64)) for number in range(40)]


def i420(picture: Picture) -> Picture:
    """Return a picture as Y, U and V one behind the other, by OpenCV."""
    return cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).astype(np.uint8)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mjpeg", "ffv1"])
@pytest.mark.parametrize("fps", [Fraction(30), Fraction(30_000, 1001)], ids=str)
def test_pyav_and_opencv_read_exactly_what_was_written(tmp_path: Path, codec: str, fps: Fraction):
    path = tmp_path / "a.avi"
    write_clip(path, PICTURES, fps, codec)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == fps
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert sum(1 for _ in container.decode(stream)) == len(PICTURES)
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(float(fps), abs=1e-6)
    for wanted in PICTURES:
        found, picture = capture.read()
        assert found
        assert np.abs(picture[..., ::-1].astype(int) - wanted).mean() < 5
    assert not capture.grab()


def test_no_frame_waits_for_a_later_one(tmp_path: Path):
    path = tmp_path / "a.avi"
    write_clip(path, PICTURES, 30)
    with av.open(str(path)) as container:
        kinds = {str(picture.pict_type) for picture in container.decode(video=0)}
    assert not any(kind.endswith("B") for kind in kinds)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mjpeg", "ffv1"])
def test_the_same_frames_give_the_same_bytes(codec: str):
    assert encode_clip(PICTURES, 30, codec) == encode_clip(PICTURES, 30, codec)


def test_planes_are_encoded_as_they_are(tmp_path: Path):
    path = tmp_path / "a.avi"
    packed = [i420(picture) for picture in PICTURES]
    write_clip(path, packed, 30, "ffv1", pixel_format="yuv420p")
    with av.open(str(path)) as container:
        for wanted, picture in zip(packed, container.decode(video=0), strict=True):
            np.testing.assert_array_equal(picture.to_ndarray(format="yuv420p"), wanted)


def test_a_lower_rate_factor_is_finer():
    sizes = [len(encode_clip(PICTURES, 30, "libx264", qp)) for qp in (10, 20, 35)]
    assert sizes == sorted(sizes, reverse=True)


def test_views_that_are_not_contiguous_are_encoded_as_shown(tmp_path: Path):
    path = tmp_path / "a.avi"
    write_clip(path, [picture[:, ::-1] for picture in PICTURES], 30, qp=5)
    for wanted, (_, picture) in zip(PICTURES, frames(path), strict=True):
        assert np.abs(picture.astype(int) - wanted[:, ::-1]).mean() < 5


@pytest.mark.parametrize(
    ("pictures", "says"),
    [
        ([], "without frames"),
        ([PICTURES[0][:63]], "64x63 px can't be encoded; make both even"),
        ([PICTURES[0], PICTURES[0][:32]], "frame 1 is 64x32 px"),
    ],
)
def test_what_cannot_be_encoded_is_refused_and_leaves_no_file(
    tmp_path: Path, pictures: list[Picture], says: str
):
    with pytest.raises(VideoError, match=says):
        write_clip(tmp_path / "a.avi", pictures, 30)
    assert not list(tmp_path.iterdir())
