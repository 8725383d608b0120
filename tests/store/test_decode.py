from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rodepil.errors import FeatureError, ModelError, RodepilError, VideoError
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


def alike(one: Row | RodepilError, two: Row | RodepilError) -> bool:
    """Say whether two rows hold the same arrays."""
    assert not isinstance(one, RodepilError)
    assert not isinstance(two, RodepilError)
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


class Failing(FrameView):
    """A view that does not work, for example for want of memory on the GPU."""

    step: str

    def tap(self, span: ClipSpan) -> _FrameTap:
        self.fail("tap")
        tap = super().tap(span)
        for step in ("add", "finish"):
            if step == self.step:
                setattr(tap, step, lambda *_: self.fail(self.step))
        return tap

    def fail(self, step: str) -> None:
        if step == self.step:
            raise ModelError(f"no network to {step}")


@pytest.mark.parametrize("step", ["tap", "add", "finish"])
def test_a_view_that_does_not_work_leaves_the_others(clip: Path, step: str) -> None:
    first, second = decode(clip, [Failing(frames=2, step=step), VIEWS[0]], SPAN)
    assert isinstance(first, ModelError)
    assert alike(second, decode_one(clip, VIEWS[0]))
    with pytest.raises(ModelError, match=f"no network to {step}"):
        decode_one(clip, Failing(frames=2, step=step))


class Faulty(Failing):
    """A view whose own code is wrong somewhere."""

    def fail(self, step: str) -> None:
        if step == self.step:
            int("no number")


@pytest.mark.parametrize("step", ["tap", "add", "finish"])
def test_a_fault_in_a_views_code_is_named_with_its_line(clip: Path, step: str) -> None:
    first, second = decode(clip, [Faulty(frames=2, step=step), VIEWS[0]], SPAN)
    source = Path(__file__).read_text(encoding="utf-8").splitlines()
    line = 1 + source.index('            int("no number")')
    assert isinstance(first, FeatureError)
    assert str(first).startswith("Faulty (kind 'frames') ended with ValueError: invalid literal")
    assert str(first).endswith(f"({__file__}:{line}); mend that line")
    assert isinstance(first.__cause__, ValueError)
    assert alike(second, decode_one(clip, VIEWS[0]))


def test_a_clip_that_no_view_can_take_is_not_decoded(clip: Path, opened: list[str]) -> None:
    wide = FrameView(frames=2, size_px=16, pairs="native", gap=30)
    first, second = decode(clip, [wide, Failing(frames=2, step="tap")], SPAN)
    assert isinstance(first, FeatureError)
    assert isinstance(second, ModelError)
    assert opened == []


@pytest.mark.parametrize("stated", ["25", "30000/1001", "60"])
def test_a_clip_of_another_rate_is_refused(clip: Path, stated: str) -> None:
    with pytest.raises(
        VideoError, match=rf"clip\.avi has 30 frames a second, wanted {stated}; make"
    ):
        decode(clip, VIEWS, ClipSpan(30, Fraction(stated)))


@pytest.mark.parametrize(
    "rate", [Fraction(30), Fraction(25), Fraction(30000, 1001), Fraction(15, 2)]
)
@pytest.mark.parametrize("suffix", ["avi", "mkv", "mp4"])
def test_a_rate_is_compared_exactly(tmp_path: Path, rate: Fraction, suffix: str) -> None:
    codec = "mpeg4" if suffix == "mp4" else "ffv1"
    pix_fmt = "yuv420p" if suffix == "mp4" else "bgr0"
    encode(tmp_path / f"clip.{suffix}", noise(4), codec=codec, pix_fmt=pix_fmt, rate=rate)
    (row,) = decode(tmp_path / f"clip.{suffix}", [VIEWS[0]], ClipSpan(30, rate))
    assert not isinstance(row, RodepilError)


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
    with pytest.raises(FeatureError, match=r"FrameView made .* 'frames', wanted uint8 \(4, 3"):
        decode_one(clip, VIEWS[0])


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip.avi").write_bytes(b"not a video" * 100)
    for span in (None, SPAN):
        with pytest.raises(VideoError, match=r"clip\.avi can't be opened as a video"):
            decode(tmp_path / "clip.avi", VIEWS, span)
