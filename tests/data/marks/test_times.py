"""Every way in which people write a time is read, and what is none is refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodepil.data.marks.sheet import Cell, read_sheets
from rodepil.data.marks.times import BadTime, moment, seconds


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("12", 12.0),
        ("12.5", 12.5),
        ("12,5", 12.5),
        (".5", 0.5),
        ("1e2", 100.0),
        ("12.5 s", 12.5),
        (3, 3.0),
        (3.25, 3.25),
        ("1:02", 62.0),
        ("90:00", 5400.0),
        ("1:02,5", 62.5),
        ("1:02:03", 3723.0),
        ("1:02:03.250", 3723.25),
        ("26:00:00", 93600.0),
        (dt.time(1, 2, 3, 500_000), 3723.5),
        (dt.timedelta(hours=25, seconds=1), 90001.0),
        (dt.datetime(1900, 1, 1, 1, 30), 91800.0),  # noqa: DTZ001 - Excel's 25:30:00
    ],
)
def test_lengths_of_time_are_seconds(cell: Cell, wanted: float):
    assert seconds(cell) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("cell", ["", "soon", "1:60", "1:60:00", "1.234,5", "1:2:3:4", "nan", "-"])
def test_what_is_no_time_is_refused_with_what_is_wanted(cell: str):
    with pytest.raises(BadTime, match="h:mm:ss"):
        seconds(cell)


@given(st.integers(0, 99 * 3600 * 1000))
def test_hours_minutes_and_seconds_give_back_what_was_written(milliseconds: int):
    rest, thousandths = divmod(milliseconds, 1000)
    text = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}.{thousandths:03}"
    assert seconds(text) == pytest.approx(milliseconds / 1000, abs=1e-6)
    assert seconds(text.replace(".", ",")) == seconds(text)


@pytest.mark.parametrize(
    ("time", "date", "date_format", "wanted"),
    [
        ("2026-03-01 22:14:05", None, None, "2026-03-01 22:14:05"),
        ("2026-03-01T22:14:05.5", None, None, "2026-03-01 22:14:05.5"),
        ("1.3.2026 22:14", None, None, "2026-03-01 22:14"),
        ("3/1/2026 22:14:05", None, "%m/%d/%Y", "2026-03-01 22:14:05"),
        ("3/1/2026 10:14:05 PM", None, "%m/%d/%Y", "2026-03-01 22:14:05"),
        ("2026-03-01 12:14:05 a.m.", None, None, "2026-03-01 00:14:05"),
        ("12:14 pm", "Mar 1 2026", "%b %d %Y", "2026-03-01 12:14"),
        ("Mar 1 2026 22:14:05", None, "%b %d %Y", "2026-03-01 22:14:05"),
        ("22:14:05", "2026-03-01", None, "2026-03-01 22:14:05"),
        ("22:14:05", dt.datetime(2026, 3, 1), None, "2026-03-01 22:14:05"),  # noqa: DTZ001
        (dt.time(22, 14, 5), "01.03.2026", None, "2026-03-01 22:14:05"),
        (dt.datetime(2026, 3, 1, 22, 14, 5), None, None, "2026-03-01 22:14:05"),  # noqa: DTZ001
    ],
)
def test_times_on_the_wall(time: Cell, date: Cell, date_format: str | None, wanted: str):
    expected = dt.datetime.fromisoformat(wanted).replace(tzinfo=dt.UTC).timestamp()
    assert moment(time, date, date_format).since_epoch_s() == pytest.approx(expected, abs=1e-6)


def test_a_date_that_can_be_read_in_two_ways_is_refused():
    with pytest.raises(BadTime, match="date_format"):
        moment("3/1/2026 22:14:05")


def test_the_second_half_of_a_day_ends_at_one():
    with pytest.raises(BadTime, match="goes to 12:59:59"):
        moment("22:14:05 pm", "2026-03-01")


def test_cells_of_a_real_workbook_are_read_as_excel_means_them(tmp_path: Path):
    book = openpyxl.Workbook()
    page = book.active
    values = [dt.time(0, 12, 30), dt.timedelta(hours=30), 12.5, "0:12:30"]
    page.append(values)
    page.append([25.5 / 24])
    page["A2"].number_format = "h:mm:ss"  # a length above a day in a format of the clock
    book.save(tmp_path / "cells.xlsx")
    first, second = read_sheets(tmp_path / "cells.xlsx")[0].lines
    assert [seconds(cell) for cell in first.cells] == [750.0, 108_000.0, 12.5, 750.0]
    assert seconds(second.cells[0]) == pytest.approx(25.5 * 3600)
