"""A folder's results of videos that a call does not name are kept, or cleared on demand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.data.cages import Cage
from rodepil.detect.localize import (
    Localized,
    Told,
    Tools,
    VideoFacts,
    clear_former,
    localize_recordings,
    write_localized,
)
from rodepil.detect.localize.former import former_videos, refuse_others
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.files import sha256_file
from tests.detect.localize.conftest import CURATE


def leave(out: Path, *videos: Path) -> None:
    """Write what localizing leaves of videos, with an event each and a picture."""
    facts, rows = [], []
    for video in videos:
        cage = Cage(video.stem, 0, "cage-0", 0, 0, 64, 64)
        path, sha256 = str(video.resolve()), sha256_file(video)
        facts.append(VideoFacts(video.stem, path, sha256, 25.0, 50, 2.0, (cage,)))
        rows.append(
            {
                "recording_id": video.stem, "position": 0, "subject_id": "cage-0",
                "label": "rearing", "start_s": 0.5, "end_s": 1.0, "score": 0.9,
            }
        )  # fmt: skip
        (out / "timelines").mkdir(parents=True, exist_ok=True)
        (out / "timelines" / f"{video.stem}_0.png").write_bytes(b"picture")
    events = tables.from_rows("events", rows)
    write_localized(Localized(events, Told().of(events), tuple(facts), (), {}), out)


def made(folder: Path, *names: str) -> list[Path]:
    """Write files of different content; nothing here decodes them."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_bytes(name.encode())
    return [folder / name for name in names]


def test_videos_that_are_not_named_are_refused_by_name_with_the_ways_out(tmp_path: Path) -> None:
    a, b, c = made(tmp_path, "a.mp4", "b.mp4", "c.mp4")
    leave(tmp_path / "out", a, b)
    with pytest.raises(SourceError) as error:
        refuse_others(tmp_path / "out", {b: "b", c: "c"})
    said = str(error.value)
    assert str(a) in said
    assert str(b) not in said
    assert all(way in said for way in ("--out", "name all videos", "--replace"))


def test_the_same_videos_and_more_of_them_go_on(tmp_path: Path) -> None:
    a, b = made(tmp_path, "a.mp4", "b.mp4")
    leave(tmp_path / "out", a)
    refuse_others(tmp_path / "out", {a: "a"})
    refuse_others(tmp_path / "out", {b: "b", a: "a"})
    refuse_others(tmp_path / "empty", {b: "b"})
    a.write_bytes(b"recorded anew")
    refuse_others(tmp_path / "out", {a: "a"})
    assert [one.path for one in former_videos(tmp_path / "out")] == [str(a)]  # nothing is cleared


def test_a_video_that_was_moved_is_the_same_and_one_of_its_name_is_not(tmp_path: Path) -> None:
    (a,) = made(tmp_path, "a.mp4")
    leave(tmp_path / "out", a)
    (tmp_path / "moved").mkdir()
    moved = a.rename(tmp_path / "moved" / "a.mp4")
    refuse_others(tmp_path / "out", {moved: "a"})
    moved.write_bytes(b"another animal")
    with pytest.raises(SourceError, match=r"a\.mp4"):
        refuse_others(tmp_path / "out", {moved: "a"})


def test_without_what_tells_of_videos_the_events_do(tmp_path: Path) -> None:
    a, b = made(tmp_path, "a.mp4", "b.mp4")
    leave(tmp_path / "out", a)
    (tmp_path / "out" / "about.json").write_text("{half", encoding="utf-8")
    refuse_others(tmp_path / "out", {a: "a"})
    with pytest.raises(SourceError, match="replace it: a"):
        refuse_others(tmp_path / "out", {b: "b"})


def test_many_videos_are_named_in_part_and_counted(tmp_path: Path) -> None:
    videos = made(tmp_path / "v", *(f"v{number:02d}.mp4" for number in range(13)))
    leave(tmp_path / "out", *videos)
    (other,) = made(tmp_path, "other.mp4")
    with pytest.raises(SourceError, match=r"v09\.mp4 and 3 more") as error:
        refuse_others(tmp_path / "out", {other: "other"})
    assert "v10.mp4" not in str(error.value)


def test_clearing_removes_tables_and_pictures_and_nothing_else(tmp_path: Path) -> None:
    (a,) = made(tmp_path, "a.mp4")
    out = tmp_path / "out"
    leave(out, a)
    made(out / ".parts", "part.parquet")
    made(out, "notes.txt")
    clear_former(out)
    left = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert left == {".parts/part.parquet", "notes.txt"}
    clear_former(out)


def test_other_videos_are_refused_before_anything_is_decoded(
    tmp_path: Path, tools: Tools, make_film: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make_film("first.mp4", 50), make_film("second.mp4", 50, seed=2)
    out = tmp_path / "out"
    write_localized(localize_recordings([first], tools, out, curate=CURATE), out)
    before = {path: path.read_bytes() for path in out.glob("*.*") if path.is_file()}

    def untouchable(*_: object) -> None:
        raise AssertionError("a video is decoded")

    with monkeypatch.context() as here:
        for name in ("place", "localize_one"):
            here.setattr(f"rodepil.detect.localize.run.{name}", untouchable)
        with pytest.raises(SourceError, match=r"first\.mp4"):
            localize_recordings([second], tools, out, curate=CURATE)
    assert {path: path.read_bytes() for path in out.glob("*.*") if path.is_file()} == before
    found = localize_recordings([second], tools, out, curate=CURATE, replace_others=True)
    assert [video.recording_id for video in found.videos] == ["second"]
    write_localized(found, out)
    both = localize_recordings([first, second], tools, out, curate=CURATE)
    assert [video.recording_id for video in both.videos] == ["first", "second"]
