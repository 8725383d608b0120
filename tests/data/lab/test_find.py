"""Videos are found at any depth, each once, whatever links and folders are called."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from rodepil.data.lab.find import FoundVideos, find_videos
from rodepil.io import tables


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def names(found: FoundVideos, folder: Path) -> list[tuple[str, str | None]]:
    return [(video.path.relative_to(folder).as_posix(), video.camera) for video in found.videos]


def reasons(found: FoundVideos) -> list[str]:
    return [str(row["message"]) for row in found.failures]


def test_folders_are_searched_at_any_depth_in_natural_order(tmp_path: Path):
    touch(tmp_path, "b/part 10.mp4", "b/part 9.MTS", "a.avi", "b/notes.txt", "b/day 1/Käfig.webm")
    touch(tmp_path, ".hidden/x.mp4", "b/._part 9.mp4")
    assert names(find_videos([tmp_path]), tmp_path) == [
        ("a.avi", tmp_path.name),
        ("b/day 1/Käfig.webm", "day 1"),
        ("b/part 9.MTS", "b"),
        ("b/part 10.mp4", "b"),
    ]


def test_a_file_that_is_named_is_tried_whatever_its_suffix_and_has_no_camera(tmp_path: Path):
    touch(tmp_path, "one.raw", "cam/two.mp4")
    found = find_videos([tmp_path / "one.raw", tmp_path / "cam" / "two.mp4"])
    assert names(found, tmp_path) == [("cam/two.mp4", None), ("one.raw", None)]
    both = find_videos([tmp_path / "cam" / "two.mp4", tmp_path])
    assert names(both, tmp_path) == [("cam/two.mp4", "cam")]


def test_a_folder_that_is_called_as_a_video_is_a_folder(tmp_path: Path):
    touch(tmp_path, "a.mp4/b.mp4")
    assert names(find_videos([tmp_path]), tmp_path) == [("a.mp4/b.mp4", "a.mp4")]


def test_links_in_a_circle_end_and_two_links_to_a_file_are_one(tmp_path: Path):
    touch(tmp_path, "a/b/1.mp4")
    (tmp_path / "a" / "b" / "up").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "self.mp4").symlink_to("self.mp4")
    (tmp_path / "a" / "gone.mp4").symlink_to("nowhere.mp4")
    (tmp_path / "a" / "z.mp4").symlink_to("b/1.mp4")
    found = find_videos([tmp_path])
    assert names(found, tmp_path) == [("a/b/1.mp4", "b")]
    said = sorted(reasons(found))
    assert len(said) == 3
    assert "gone.mp4 is not there" in said[0]
    assert "self.mp4 is not there" in said[1]
    assert "z.mp4 is the same file as" in said[2]


def test_a_linked_folder_is_followed(tmp_path: Path):
    touch(tmp_path, "disk/cam/1.mp4")
    (tmp_path / "lab").mkdir()
    (tmp_path / "lab" / "cam").symlink_to(tmp_path / "disk" / "cam")
    assert names(find_videos([tmp_path / "lab"]), tmp_path) == [("lab/cam/1.mp4", "cam")]


def test_what_holds_no_video_is_said_and_the_rest_goes_on(tmp_path: Path):
    touch(tmp_path, "full/1.mp4", "empty/notes.txt")
    found = find_videos([tmp_path / "empty", tmp_path / "full", tmp_path / "nowhere"])
    assert names(found, tmp_path) == [("full/1.mp4", "full")]
    first, second = reasons(found)
    assert "empty holds no video files; name them" in first
    assert "nowhere is not there" in second


def test_a_name_that_is_no_text_is_refused(tmp_path: Path):
    touch(tmp_path, "a.mp4")
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.mp4")).write_bytes(b"x")
    found = find_videos([tmp_path])
    assert names(found, tmp_path) == [("a.mp4", tmp_path.name)]
    assert "\\udcff.mp4 is no UTF-8; rename" in reasons(found)[0]


def test_a_folder_that_may_not_be_entered_is_said_and_the_rest_goes_on(tmp_path: Path):
    touch(tmp_path, "lab/locked/deep/1.mp4", "lab/open/2.mp4")
    (tmp_path / "lab" / "locked").chmod(0o644)  # may be listed, and nothing below it
    code = (
        "import os, sys; from pathlib import Path\n"
        "from rodepil.data.lab.find import find_videos\n"
        "os.getuid() or os.setuid(65534)\n"
        "found = find_videos([Path(sys.argv[1])])\n"
        "print([video.path.name for video in found.videos], *found.failures, sep='\\n')\n"
    )
    for folder in (tmp_path, *tmp_path.parents):  # pytest's own are private
        if folder.stat().st_uid == os.getuid() and folder.is_relative_to(tempfile.gettempdir()):
            folder.chmod(folder.stat().st_mode | 0o055)
    told = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "lab")],
        capture_output=True, text=True, check=True,
    ).stdout.splitlines()  # fmt: skip
    (tmp_path / "lab" / "locked").chmod(0o755)
    assert told[0] == "['2.mp4']"
    assert len(told) == 2
    assert "locked/deep can't be read (Permission denied)" in told[1]


def test_a_folder_whose_name_is_no_text_ends_no_batch(tmp_path: Path):
    touch(tmp_path, "a.mp4")
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    (odd / "b.mp4").mkdir(parents=True)
    (odd / "1.mp4").write_bytes(b"x")
    found = find_videos([tmp_path, odd / "b.mp4"])
    assert names(found, tmp_path) == [("a.mp4", tmp_path.name)]
    made = tables.from_rows("failures", found.failures)  # Parquet holds UTF-8 alone
    tables.write("failures", made, tmp_path / "failures.parquet")
    assert all("\\udcff" in str(row["message"]) for row in found.failures)
