"""The manifest joins parts in one order and refuses two clips with one id."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil.data.manifest import assemble, check_unique
from rodepil.errors import DuplicateClip
from rodepil.io import tables

Row = dict[str, object]


def row(clip_id: str, recording_id: str, start_s: float, position: int = 0, **more: object) -> Row:
    return {
        "clip_id": clip_id,
        "recording_id": recording_id,
        "subject_id": "s",
        "position": position,
        "date": "undated",
        "video_id": "v",
        "start_frame": 0,
        "end_frame": 300,
        "start_s": start_s,
        "duration_s": 10.0,
        "label": 0,
        "kept": "path" in more,
        **more,
    }


def written(path: Path, rows: list[Row]) -> Path:
    tables.write("clips", tables.from_rows("clips", rows), path)
    return path


def test_rows_are_in_order_whatever_the_order_of_parts(tmp_path: Path):
    parts = [
        written(tmp_path / "1.parquet", [row("d", "b", 0.0, path="d.avi"), row("e", "b", 10.0)]),
        written(
            tmp_path / "2.parquet", [row("c", "a", 10.0), row("b", "a", 0.0, 1), row("a", "a", 0.0)]
        ),
    ]
    clips = assemble(parts, "clips")
    assert clips.column("clip_id").to_pylist() == ["a", "b", "c", "d", "e"]
    assert clips.column("path").to_pylist() == [None, None, None, "clips/d.avi", None]
    assert assemble(parts[::-1], "clips").equals(clips)


def test_two_clips_with_one_id_are_refused_with_where_they_stand(tmp_path: Path):
    part = written(tmp_path / "1.parquet", [row("a", "r", 0.0), row("a", "q", 20.0)])
    with pytest.raises(DuplicateClip) as caught:
        assemble([part], "clips")
    assert "a (cage 0 of 'q' at 20 s), a (cage 0 of 'r' at 0 s)" in str(caught.value)
    assert "leave one out" in str(caught.value)


def test_two_clips_in_one_file_are_refused():
    rows = [row("a", "r", 0.0, path="x.avi"), row("b", "r", 10.0, path="x.avi")]
    with pytest.raises(DuplicateClip, match=r"x\.avi"):
        check_unique(tables.from_rows("clips", rows))


def test_dropped_windows_share_no_path():
    dropped = tables.from_rows("clips", [row("a", "r", 0.0), row("b", "r", 10.0)])
    assert dropped.column("path").to_pylist() == [None, None]
    check_unique(dropped)
