"""What is shown of long work: parts of an hour, and when it ends."""

from __future__ import annotations

import time
from io import StringIO

import pytest
from rich.console import Console

from rodepil.cli.progress import Bars


@pytest.mark.parametrize(
    ("total", "step", "unit", "says"),
    [
        (2.5, 1.25, "h of video", "probe: 1.25/2.50 h of video, 0:00:00 left"),
        (250.5, 126.0, "h of video", "probe: 126.0/250.5 h of video, 0:00:0"),
        (40.0, 20.0, "clips", "probe: 20/40 clips, 0:00:00 left"),
    ],
)
def test_a_line_tells_parts_of_a_unit_and_what_is_left(
    total: float, step: float, unit: str, says: str
) -> None:
    text = StringIO()
    with Bars(Console(file=text, force_terminal=False)).task("probe", total, unit) as advance:
        advance(step)
        advance(total / 100)  # no tenth more, and no line
    (line,) = text.getvalue().splitlines()
    assert line.startswith(says)


def test_of_next_to_nothing_a_line_is_printed_once_at_the_end() -> None:
    text = StringIO()
    with Bars(Console(file=text, force_terminal=False)).task("curate", 0.003, "h") as advance:
        for _ in range(10):
            advance(0.0003)
    assert text.getvalue() == "curate: 0.00/0.00 h, 0:00:00 left\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_where_nothing_is_to_do_nothing_is_printed(terminal: bool) -> None:  # noqa: FBT001
    text = StringIO()
    with Bars(Console(file=text, force_terminal=terminal)).task("curate", 0, "h") as advance:
        advance(0)
    assert text.getvalue() == ""


def test_a_bar_shows_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    text = StringIO()
    console = Console(file=text, force_terminal=True, width=100, color_system=None)
    with Bars(console).task("probe", 2.5, "h of video") as advance:
        advance(1.25)
    assert "1.25/2.50 h of video" in text.getvalue()


@pytest.mark.parametrize("name", ["verify", "materialize frames, motion and very many others"])
def test_a_bar_is_one_line_of_80_columns_and_ends_full(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    text = StringIO()
    console = Console(file=text, force_terminal=True, width=80, color_system=None)
    with Bars(console).task(name, 1.1 + 2.2, "MB") as advance:
        for _ in range(11):
            advance(0.3)  # which in floats is not quite the sum
        time.sleep(0.1)
    last = text.getvalue().split("\r")[-1].split("\x1b[2K")[-1]
    assert "3.30/3.30 MB" in last
    assert " left" not in last
    assert " in 0:00:00" in last
    (line,) = [line for line in last.splitlines() if "MB" in line]
    assert "MB/s" in line
    assert "╸" not in line
    assert "╺" not in line
