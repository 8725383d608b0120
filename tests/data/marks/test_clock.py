"""Times on the wall and of a session lie in the right file, at the right second."""

from __future__ import annotations

import datetime as dt

import pytest

from rodepil.errors import AnnotationError
from rodepil.io import tables
from tests.data.marks.conftest import Bench

DAY = dt.datetime(2026, 3, 1)  # noqa: DTZ001 - the lab's own time
OVER_MIDNIGHT = [("A", 1, 570.0, 600.0, "seizure"), ("B", 1, 0.0, 15.0, "seizure")]


@pytest.mark.parametrize(
    "text",
    [
        "rat,start,end\n70-1,2026-03-01 23:59:30,2026-03-02 00:00:15\n",
        "rat,start,duration\n70-1,2026-03-01T23:59:30,45\n",
        "rat,date,start,end\n70-1,2026-03-01,23:59:30,00:00:15\n",
        "rat,date,start,end date,end\n70-1,1.3.2026,23:59:30,2.3.2026,00:00:15\n",
        "session,rat,date,start,end\ns1,70-1,2026-03-01,23:59:30,00:00:15\n",
        "file,rat,date,start,end\nA,70-1,2026-03-01,23:59:30,00:00:15\n",
        "session,rat,start,end\nS1,70-1,570,615\n",
        "session,rat,start,end\ns1,70-1,9:30,0:10:15\n",
    ],
)
def test_an_event_over_two_files_becomes_one_mark_in_each(bench: Bench, text: str):
    assert bench.take(bench.write("anna.csv", text)).refused == ()
    assert bench.marks() == OVER_MIDNIGHT


def test_excels_dates_and_times_are_the_clock(bench: Bench):
    head = ["Rat", "Date", "Start", "End"]
    row = ["70-1", DAY, dt.time(23, 59, 30), dt.time(0, 0, 15)]
    bench.take(bench.book("two columns.xlsx", s=[head, row]))
    assert bench.marks() == OVER_MIDNIGHT
    one = ["70-2", DAY + dt.timedelta(hours=23, minutes=51), DAY + dt.timedelta(hours=23.9)]
    bench.take(bench.book("one column.xlsx", s=[["Rat", "Start", "End"], one]))
    assert ("A", 2, 60.0, 240.0, "seizure") in bench.marks()


def test_a_time_of_day_without_a_date_is_placed_where_the_setting_says_clock(bench: Bench):
    path = bench.write("anna.csv", "session,rat,start,end\ns1,70-1,23:59:30,00:00:15\n")
    bench.take(path, time_base="clock")
    assert bench.marks() == OVER_MIDNIGHT
    early = bench.write("ben.csv", "session,rat,start,end\ns1,70-1,12:00:00,12:00:15\n")
    with pytest.raises(AnnotationError, match="nothing could be taken"):
        bench.take(early, time_base="clock", looked_at="cage")


def test_session_time_can_be_set_for_rows_that_name_a_file(bench: Bench):
    path = bench.write("anna.csv", "file,rat,start,end\nB,70-1,570,615\n")
    bench.take(path, time_base="session")
    assert bench.marks() == OVER_MIDNIGHT
    (refused,) = bench.take(path, time_base="recording").refused
    assert "does not lie within recording 'Mar-1-2026_B'" in str(refused)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rat,start,end\n70-1,2026-03-05 10:00:00,2026-03-05 10:00:15\n", "runs at that time"),
        ("file,start,end\nC,2026-03-01 10:00:00,2026-03-01 10:00:15\n", "no wall clock"),
        ("rat,start,end\n70-9,2026-03-01 23:59:00,2026-03-01 23:59:09\n", "has no cage"),
        ("rat,start,end\n70-1,3/1/2026 23:59:30,3/1/2026 23:59:40\n", "annotations.date_format"),
    ],
)
def test_what_the_clock_can_not_place_says_why(bench: Bench, text: str, reason: str):
    path = bench.write("anna.csv", text)
    with pytest.raises(AnnotationError, match="nothing could be taken") as caught:
        bench.take(path, looked_at="cage")
    assert reason in str(caught.value)


def test_two_recordings_at_one_time_are_not_chosen_between(bench: Bench):
    path = bench.source / "recordings.parquet"
    rows = tables.read("recordings", path).to_pylist()
    rows[2]["starts_at"] = "2026-03-01T23:45:00"
    tables.write("recordings", tables.from_rows("recordings", rows), path)
    row = "2026-03-01 23:55:00,2026-03-01 23:55:10\n"
    done = bench.take(
        bench.write("anna.csv", f"rat,cage,start,end\n,1,{row}99-1,,{row}"), looked_at="cage"
    )
    assert [mark[:3] for mark in bench.marks()] == [("A", 1, 300.0), ("C", 0, 600.0)]
    assert done.refused == ()
    cages = tables.read("cages", bench.source / "cages.parquet").to_pylist()
    cages[-1] |= {"position": 1}
    tables.write("cages", tables.from_rows("cages", cages), bench.source / "cages.parquet")
    (refused,) = bench.take(bench.folder / "anna.csv", looked_at="cage").refused
    assert "both 'Mar-2-2026_C' and 'Mar-1-2026_A' run at that time" in str(refused)


def test_a_dated_time_that_fits_clock_and_recording_is_refused_until_it_is_set(bench: Bench):
    path = bench.source / "recordings.parquet"
    rows = tables.read("recordings", path).to_pylist()
    rows[2]["starts_at"] = "2026-03-02T01:00:00"
    tables.write("recordings", tables.from_rows("recordings", rows), path)
    file = bench.write("anna.csv", "file,date,start,end\nC,2026-03-02,1:30:00,1:30:10\n")
    (refused,) = bench.take(file).refused
    assert "time_base to 'clock' or 'recording'" in str(refused)
    bench.take(file, time_base="clock")
    assert bench.marks() == [("C", 0, 1800.0, 1810.0, "seizure")]
    bench.take(file, time_base="recording")
    assert bench.marks() == [("C", 0, 5400.0, 5410.0, "seizure")]


def test_a_date_beside_seconds_only_says_the_day(bench: Bench):
    bench.take(bench.write("anna.csv", "file,date,start,end\nA,2026-03-01,12,13\n"), recording="A")
    assert bench.ledger().marks == ()  # two cages, and none is named
    bench.take(bench.write("anna.csv", "file,cage,date,start,end\nB,1,2026-03-02,12,13\n"))
    assert bench.marks() == [("B", 1, 12.0, 13.0, "seizure")]


def test_a_mark_over_a_files_end_is_refused_with_the_way_into_the_next(bench: Bench):
    lines = ["recording,rat,start,end", "Mar-1-2026_A,70-1,595,607"]
    lines += ["Mar-1-2026_A,70-1,10,20", "Mar-1-2026_B,70-1,595,607"]
    path = bench.write("anna.csv", "\n".join(lines))
    first, last = bench.take(path).refused
    assert "--set imports.annotations.time_base=session" in first.reason
    assert "goes on in 'Mar-1-2026_B'" in first.reason
    assert "time_base" not in last.reason  # nothing comes behind it


def test_a_column_of_sessions_means_the_session_though_its_first_file_has_that_name(bench: Bench):
    table = bench.source / "recordings.parquet"
    rows = [
        {**row, "session_id": row["session_id"] and "Mar-1-2026_A"}
        for row in tables.read("recordings", table).to_pylist()
    ]
    tables.write("recordings", tables.from_rows("recordings", rows), table)
    bench.take(bench.write("anna.csv", "session,rat,start,end\nMar-1-2026_A,70-1,595,607\n"))
    assert bench.marks() == [("A", 1, 595.0, 600.0, "seizure"), ("B", 1, 0.0, 7.0, "seizure")]
