"""Hours of video are shown while files are probed, whichever process reads them."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import pytest

from rodepil.data.lab import pace
from rodepil.data.lab.facts import Stamp, stamp_of
from rodepil.data.lab.journal import ProbeJournal
from rodepil.data.lab.pace import Far, Pace, hours_of, note_of, pacing
from rodepil.data.lab.register import probe_many
from tests.data.lab.conftest import Film
from tests.data.lab.test_register import Counted

SECOND_H = 1 / 3600


def test_a_single_long_file_is_shown_before_it_ends(
    film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pace, "NOTE_EVERY_S", 0.0)
    monkeypatch.setattr(pace, "LOOK_EVERY_S", 0.001)
    shown = Counted()
    path = film("long.mp4", 500, size_px=(320, 240))
    noted = tmp_path / "state" / "probed.jsonl"
    probe_many([path], journal=ProbeJournal(noted), progress=shown, processes=1)
    assert shown.totals == [pytest.approx(20 * SECOND_H)]
    assert len(shown.done) > 2
    assert min(shown.done) > 0
    assert sum(shown.done) == pytest.approx(20 * SECOND_H)
    assert [item.name for item in noted.parent.iterdir()] == [noted.name]


def test_a_note_is_a_time_in_a_file_and_never_counts_past_the_end(tmp_path: Path):
    one, other = (Stamp(f"/v/{name}.mp4", 9, 9) for name in "ab")
    told: list[float] = []
    watched = Pace({one: 2.0, other: 1.0}, tmp_path, told.append)
    watched.look()
    assert told == []
    Far(note_of(tmp_path, one))(Fraction(1800))
    watched.look()
    watched.look()
    assert told == [0.5]
    note_of(tmp_path, one).write_text("")  # just being written
    watched.look()
    note_of(tmp_path, other).write_text("7200\n")  # its header told half of it
    watched.look()
    assert told == [0.5, 1.0]
    watched.end(one)
    watched.end(other)
    assert told == [0.5, 1.0, 1.5]
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_import_noted_is_not_counted(tmp_path: Path):
    stamp = Stamp("/v/a.mp4", 9, 9)
    left = note_of(tmp_path / pace.NOTED, stamp)
    left.parent.mkdir()
    left.write_text("1800\n")
    told: list[float] = []
    with pacing({stamp: 1.0}, tmp_path, told.append) as (watched, _):
        watched.look()
    assert told == []


def test_a_note_that_can_not_be_written_stops_nothing(tmp_path: Path):
    (tmp_path / "file").touch()
    Far(tmp_path / "file" / "note")(Fraction(1))
    assert (tmp_path / "file").read_bytes() == b""


def test_hours_are_the_headers_and_sizes_stand_in_where_there_are_none(film: Film, tmp_path: Path):
    told = stamp_of(film("a.mp4", 100))
    broken = tmp_path / "c.mp4"
    broken.write_bytes(b"no video" * 500)
    refused = stamp_of(broken)
    hours = hours_of([told, refused])
    assert hours[told] == pytest.approx(4 * SECOND_H)
    assert hours[refused] == pytest.approx(4 * SECOND_H * 4000 / told.size)
    assert hours_of([refused]) == {refused: pytest.approx(4000 / 250_000 * SECOND_H)}


def test_a_header_that_tells_a_year_for_a_small_file_is_not_believed(film: Film):
    path = film("a.mkv", 100)
    held = bytearray(path.read_bytes())
    at = held.index(b"\x44\x89\x88") + 3  # Matroska's Duration, 8 bytes, in milliseconds
    held[at : at + 8] = struct.pack(">d", 365 * 24 * 3600e3)
    path.write_bytes(held)
    (hours,) = hours_of([stamp_of(path)]).values()
    assert hours == pytest.approx(len(held) / 250_000 * SECOND_H)
