"""Looking at any moment of a video."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from rodepil.errors import VideoError
from rodepil.io import video_look
from rodepil.io.video_look import VideoLook
from tests.data.boxes.conftest import encode, number_of, picture


@pytest.fixture(scope="module", params=["mp4", "mkv", "avi"])
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return 200 numbered frames at 30 fps with a key frame every 15 and B-frames between."""
    path = tmp_path_factory.mktemp("look") / f"numbers.{request.param}"
    return encode(path, [picture(number, (160, 128)) for number in range(200)])


def told(look: video_look.Look) -> int:
    return number_of(np.asarray(cv2.cvtColor(look.image(), cv2.COLOR_BGR2GRAY), np.uint8))


def test_frames_near_and_far_are_those_of_their_time(film: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(video_look, "NEAR_S", Fraction(1, 2))  # so that most are sought
    with VideoLook(film) as video:
        for number in (0, 3, 150, 149, 20, 199, 100, 101, 7, 180):
            look = video.at(Fraction(number, 30) + Fraction(1, 100))
            assert told(look) == number
            assert abs(look.time_s - Fraction(number, 30)) < Fraction(1, 500)
            assert look.index in (number, None)


def test_steps_go_through_every_frame_and_back(film: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(video_look, "NEAR_S", Fraction(1, 2))
    monkeypatch.setattr(video_look, "_HELD_BYTES", 8 * 2 * 160 * 128)  # few are held
    with VideoLook(film) as video:
        look = video.at(Fraction(100, 30) + Fraction(1, 100))
        for number in range(101, 140):
            look = video.after(look)
            assert told(look) == number
        for number in range(138, 80, -1):
            look = video.before(look)
            assert told(look) == number


def test_the_ends_are_ends(film: Path):
    with VideoLook(film) as video:
        last = video.last()
        assert told(last) == 199
        assert told(video.after(last)) == 199
        assert told(video.at(Fraction(10_000))) == 199
        first = video.at(Fraction(-5))
        assert (told(first), first.index, first.time_s) == (0, 0, 0)
        assert told(video.before(first)) == 0


def test_a_frame_by_number_is_that_frame_and_one_past_the_end_is_an_error(film: Path):
    with VideoLook(film) as video:
        for number in (5, 163, 40):
            look = video.frame(number)
            assert (told(look), look.index) == (number, number)
        with pytest.raises(VideoError, match="has no frame 200"):
            video.frame(200)


def test_files_that_are_no_videos_say_so(tmp_path: Path):
    for name, data, reason in (
        ("none.mp4", None, "is not there"),
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"no video" * 100, "can't be opened"),
    ):
        if data is not None:
            (tmp_path / name).write_bytes(data)
        with pytest.raises(VideoError, match=reason):
            VideoLook(tmp_path / name)
