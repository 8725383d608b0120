"""What is done of a recording is known again after a kill, torn lines and lost clips included."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from rodepil.data.journal import Journal
from rodepil.errors import TableError

Row = dict[str, object]


@pytest.fixture
def part(tmp_path: Path) -> Path:
    """Return where a part goes, in a clips folder with one clip."""
    (tmp_path / "clip.avi").write_bytes(b"clip")
    (tmp_path / ".parts").mkdir()
    return tmp_path / ".parts" / "r-0.parquet"


def rows(window: int, *, kept: bool = False) -> list[Row]:
    row: Row = {
        "clip_id": f"c{window}",
        "recording_id": "r",
        "subject_id": "s",
        "position": 0,
        "date": "undated",
        "video_id": "v",
        "start_frame": 300 * window,
        "end_frame": 300 * window + 300,
        "start_s": 10.0 * window,
        "duration_s": 10.0,
        "label": 0,
        "kept": kept,
    }
    if kept:
        row |= {"path": "clip.avi", "sha256": hashlib.sha256(b"clip").hexdigest()}
    return [row]


def opened(part: Path) -> Journal:
    return Journal(part, part.parents[1])


def test_an_open_journal_is_gone_on_with(part: Path):
    first = opened(part)
    assert not first.resume()
    first.add(0, rows(0, kept=True))
    first.add(2, rows(2))
    second = opened(part)
    assert not second.resume()
    assert [window in second for window in range(4)] == [True, False, True, False]


def test_a_torn_line_does_not_count_and_does_not_harm_the_next(part: Path):
    first = opened(part)
    first.resume()
    first.add(0, rows(0))
    first.add(1, rows(1))
    journal = part.with_suffix(".jsonl")
    journal.write_bytes(journal.read_bytes()[:-20])
    second = opened(part)
    second.resume()
    assert 0 in second
    assert 1 not in second
    second.add(1, rows(1))
    third = opened(part)
    third.resume()
    assert 1 in third


def test_a_damaged_line_or_part_is_done_again(part: Path):
    first = opened(part)
    first.resume()
    first.add(0, rows(0))
    first.add(1, rows(1))
    journal = part.with_suffix(".jsonl")
    journal.write_bytes(b"{torn\n" + journal.read_bytes().split(b"\n", 1)[1])
    part.write_bytes(b"no parquet")
    second = opened(part)
    assert not second.resume()
    assert 0 not in second
    assert 1 in second


def test_a_part_is_whole_and_in_order_of_time(part: Path):
    journal = opened(part)
    journal.resume()
    for window in (2, 0, 1):
        journal.add(window, rows(window, kept=True))
    journal.finish()
    assert [path.name for path in part.parent.iterdir()] == [part.name]
    again = opened(part)
    assert again.resume()
    assert all(window in again for window in range(3))


@pytest.mark.parametrize("harm", [b"changed", None])
def test_a_window_whose_clip_is_lost_or_changed_is_not_done(part: Path, harm: bytes | None):
    journal = opened(part)
    journal.resume()
    journal.add(0, rows(0, kept=True))
    journal.add(1, rows(1))
    journal.finish()
    clip = part.parents[1] / "clip.avi"
    clip.unlink() if harm is None else clip.write_bytes(harm)
    again = opened(part)
    assert not again.resume()
    assert 0 not in again
    assert 1 in again
    assert not part.exists()


def test_a_full_disk_is_said_with_the_file_and_the_line_does_not_count(part: Path):
    first = opened(part)
    first.resume()
    first.add(0, rows(0))
    journal = part.with_suffix(".jsonl")
    whole = journal.read_bytes()
    journal.unlink()
    journal.symlink_to("/dev/full")  # where every write fails as on a full disk
    with pytest.raises(TableError, match=r"r-0\.jsonl can't be written \(No space left on device"):
        first.add(1, rows(1))
    journal.unlink()
    journal.write_bytes(whole)
    second = opened(part)
    second.resume()
    assert [window in second for window in range(2)] == [True, False]
