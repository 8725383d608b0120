"""Planes of brightness become H.264 video and come back."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rodepil.errors import VideoError
from rodepil.io.luma import Plane, write_luma


def _planes(count: int = 12) -> list[Plane]:
    rows, columns = np.mgrid[0:48, 0:64]
    return [
        (120 + 60 * np.sin((rows + columns + 3 * index) / 9)).astype(np.uint8)
        for index in range(count)
    ]


def test_planes_come_back_nearly_as_they_were_with_one_tint(tmp_path: Path) -> None:
    planes = _planes()
    count = write_luma(
        tmp_path / "a.mp4", planes, fps=30, size_px=(64, 48), crf=10, tint=(132, 126)
    )
    with av.open(str(tmp_path / "a.mp4")) as container:
        rate = container.streams.video[0].average_rate
        decoded = [frame.to_ndarray(format="yuv420p") for frame in container.decode(video=0)]
    assert count == len(decoded) == 12
    assert rate == Fraction(30)
    for plane, packed in zip(planes, decoded, strict=True):
        assert np.abs(packed[:48].astype(int) - plane).mean() < 3
        assert np.abs(packed[48:60].astype(int) - 132).max() <= 2
        assert np.abs(packed[60:].astype(int) - 126).max() <= 2


def test_one_buffer_may_serve_all_frames(tmp_path: Path) -> None:
    def reused() -> Iterator[Plane]:
        buffer = np.empty((48, 64), np.uint8)
        for plane in _planes():
            buffer[:] = plane
            yield buffer

    write_luma(tmp_path / "a.mp4", _planes(), fps=30, size_px=(64, 48))
    write_luma(tmp_path / "b.mp4", reused(), fps=30, size_px=(64, 48))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_a_frame_of_another_size_is_refused_and_no_file_appears(tmp_path: Path) -> None:
    with pytest.raises(VideoError, match=r"frame 0 is \(48, 64\), wanted \(96, 64\)"):
        write_luma(tmp_path / "a.mp4", _planes(), fps=30, size_px=(64, 96))
    with pytest.raises(VideoError, match="make both even"):
        write_luma(tmp_path / "a.mp4", _planes(), fps=30, size_px=(63, 48))
    assert list(tmp_path.iterdir()) == []
