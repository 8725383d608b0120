"""Windows that slide over frames that come one by one; features that grow on the disk; gaps."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import av
import numpy as np
import pytest

from rodepil.config.settings import FeatureSettings
from rodepil.data.cages import Cage
from rodepil.detect.localize.pieces import Seen, pieces
from rodepil.detect.localize.sliding import Slider
from rodepil.detect.localize.spool import Spool
from rodepil.errors import FeatureError
from rodepil.models.extract import Extractor
from tests.detect.localize.conftest import CURATE

SIZE = 2


class Means:
    """Stands for a network: the first and the last frame of each window that it is given."""

    def __init__(self, frames: int, *, together: bool) -> None:
        self.recipe = SimpleNamespace(features=FeatureSettings(frames=frames, size_px=SIZE))
        self._frames, self._together = frames, together
        self.longest = 0

    def slides(self, window_frames: int, stride_frames: int) -> bool:
        del window_frames, stride_frames
        return self._together

    def slide(self, frames: np.ndarray[Any, Any], stride: int) -> np.ndarray[Any, Any]:
        self.longest = max(self.longest, len(frames))
        starts = range(0, len(frames) - self._frames + 1, stride)
        return np.stack([self(frames[start : start + self._frames]) for start in starts])

    def __call__(self, frames: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        assert not self._together or len(frames) == self._frames
        self.longest = max(self.longest, len(frames))
        return frames[[0, -1], 0, 0, 0].astype(np.float32)


def frame(number: int) -> Any:
    """A frame whose pixels are its number."""
    return SimpleNamespace(
        number=number,
        pixels=lambda size, _: np.full((3, size, size), number, dtype=np.uint8),
    )


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 20, 40, 41, 47, 200])
@pytest.mark.parametrize("stride", [1, 3, 4, 7])
def test_every_window_that_fits_whole_comes_once_and_in_order(
    count: int, stride: int, *, together: bool
) -> None:
    network = Means(8, together=together)
    slider = Slider(cast("Extractor", network), 8, stride)
    made = [rows for number in range(count) for rows in slider.add(frame(number))]
    made += list(slider.finish())
    found = np.concatenate(made).tolist() if made else []
    assert found == [[start, start + 7] for start in range(0, count - 8 + 1, stride)]
    assert network.longest <= 8 + 7 * stride  # however many frames come


@pytest.mark.parametrize("stride", [8, 11])
def test_windows_may_stand_apart(stride: int) -> None:
    slider = Slider(cast("Extractor", Means(8, together=False)), 8, stride)
    made = [rows for number in range(60) for rows in slider.add(frame(number))]
    made += list(slider.finish())
    assert np.concatenate(made)[:, 0].tolist() == list(range(0, 60 - 8 + 1, stride))


def test_a_spool_gives_back_what_was_added_and_lies_on_the_disk(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(10, 5)).astype(np.float32)
    with Spool(tmp_path / "0.f32", 5) as spool:
        spool.add(rows[:3])
        spool.add(rows[3:])
        with pytest.raises(FeatureError, match=r"wanted \(T, 5\)"):
            spool.add(rows[:, :4])
    read = spool.read()
    assert isinstance(read, np.memmap)
    np.testing.assert_array_equal(read, rows)


def test_a_spool_of_nothing_has_no_rows(tmp_path: Path) -> None:
    with Spool(tmp_path / "0.f32", 5) as spool:
        pass
    assert spool.read().shape == (0, 5)


def holed(path: Path) -> Path:
    """Encode 4 s at 25 frames a second of which 1.2 to 3.0 s is missing."""
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream("libx264", rate=Fraction(25)))
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for number in range(100):
            if not 30 <= number < 75:
                made = np.full((64, 64, 3), number, dtype=np.uint8)
                picture = av.VideoFrame.from_ndarray(made, format="rgb24")
                picture.pts = number
                container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def test_pieces_follow_the_clock_and_say_where_frames_are_missing(tmp_path: Path) -> None:
    seen, cage = Seen(), Cage("v", 0, "a", 0, 0, 64, 64)
    found = []
    for piece in pieces(holed(tmp_path / "v.mp4"), [cage], CURATE, seen):
        (frames,) = piece.clips(tmp_path, CURATE)
        found.append((piece.number, piece.frames, len(list(frames)), piece.in_gap))
    assert found == [(0, 60, 60, True), (1, 60, 60, True)]
    assert (seen.frames, float(seen.end_s)) == (55, 4.0)


def test_the_last_piece_is_as_short_as_what_is_left(
    tmp_path: Path, make_film: Callable[..., Path]
) -> None:
    cage = Cage("v", 0, "a", 0, 0, 64, 64)
    lengths = []
    for piece in pieces(make_film("v.mp4", 65), [cage], CURATE, Seen()):
        lengths += [len(list(frames)) for frames in piece.clips(tmp_path, CURATE)]
    assert lengths == [60, 18]  # 65 frames at 25 a second are 78 at 30
