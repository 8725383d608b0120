from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rodepil.errors import FeatureError, VideoError
from rodepil.io.clip_frames import ClipFrame, ClipSpan
from rodepil.store.decode import decode, decode_one
from rodepil.store.views.base import Row
from rodepil.store.views.frames import FrameView, _FrameTap
from rodepil.store.views.motion import MotionView
from tests.store.conftest import encode, noise

VIEWS = [
    FrameView(frames=4, size_px=32),
    FrameView(frames=3, size_px=24, colour="grey", pairs="native", gap=2),
    FrameView(frames=2, size_px=32, pairs="sampled"),
    MotionView(size_px=24),
]
SPAN = ClipSpan(30, Fraction(30))


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    encode(tmp_path / "clip.avi", noise(4))
    return tmp_path / "clip.avi"


def alike(one: Row | FeatureError, two: Row | FeatureError) -> bool:
    """Say whether two rows hold the same arrays."""
    assert not isinstance(one, FeatureError)
    assert not isinstance(two, FeatureError)
    return one.keys() == two.keys() and all(np.array_equal(one[name], two[name]) for name in one)


def test_one_decode_serves_all_views(clip: Path, opened: list[str]) -> None:
    together = decode(clip, VIEWS, SPAN)
    assert opened == ["clip"]
    for view, row in zip(VIEWS, together, strict=True):
        assert alike(row, decode_one(clip, view, SPAN))


def test_a_frame_is_converted_once_for_all_views(
    clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def noted(self: ClipFrame, colour: str) -> object:
        made.append(colour)
        return whole(self, colour)

    whole = ClipFrame._whole
    monkeypatch.setattr(ClipFrame, "_whole", noted)
    decode(clip, [MotionView(size_px=24), FrameView(frames=30, size_px=24, colour="grey")], SPAN)
    assert made == ["grey"] * 30


def test_without_a_span_the_clip_is_measured(clip: Path, opened: list[str]) -> None:
    measured = decode(clip, VIEWS)
    assert opened == ["clip", "clip"]
    for one, two in zip(measured, decode(clip, VIEWS, SPAN), strict=True):
        assert alike(one, two)


@pytest.mark.parametrize("stated", [0, 29, 31])
def test_a_clip_that_decodes_to_another_number_of_frames_is_refused(
    clip: Path, stated: int
) -> None:
    with pytest.raises(
        FeatureError, match=rf"clip\.avi decodes to 30 frames, wanted {stated or 'at'}"
    ):
        decode(clip, VIEWS, ClipSpan(stated, Fraction(30)))


def test_a_view_that_refuses_a_clip_leaves_the_others(clip: Path) -> None:
    refusing = FrameView(frames=2, size_px=16, pairs="native", gap=30)
    narrow = MotionView(low_hz=1.1, high_hz=1.2)
    first, second, third, fourth = decode(clip, [refusing, VIEWS[0], narrow, VIEWS[3]], SPAN)
    assert isinstance(first, FeatureError)
    assert isinstance(third, FeatureError)
    assert alike(second, decode_one(clip, VIEWS[0]))
    assert alike(fourth, decode_one(clip, VIEWS[3]))
    with pytest.raises(FeatureError, match="no two frames 30 apart"):
        decode_one(clip, refusing)


@pytest.mark.parametrize("wrong", ["type", "shape", "column"])
def test_a_view_that_makes_what_it_does_not_say_is_a_fault_of_the_view(
    clip: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    made: dict[str, Row] = {
        "type": {"frames": np.zeros((4, 3, 32, 32), np.float32)},
        "shape": {"frames": np.zeros((4, 3, 32, 31), np.uint8)},
        "column": {"frame": np.zeros((4, 3, 32, 32), np.uint8)},
    }
    monkeypatch.setattr(_FrameTap, "finish", lambda _: made[wrong])
    with pytest.raises(TypeError, match=r"view 'frames' made .* 'frames', wanted uint8 \(4, 3"):
        decode_one(clip, VIEWS[0])


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip.avi").write_bytes(b"not a video" * 100)
    for span in (None, SPAN):
        with pytest.raises(VideoError, match=r"clip\.avi can't be decoded"):
            decode(tmp_path / "clip.avi", VIEWS, span)
