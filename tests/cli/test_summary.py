"""The command `data summary`: tables for people, JSON for programs, a picture on demand."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.config.workspace import Workspace
from rodepil.io import tables
from tests.cli.conftest import Rodepil, Shown
from tests.data.summary_rows import Row, cage, recording, seizure, window

Run = Callable[..., Shown]


@pytest.fixture
def run(rodepil: Rodepil) -> Run:
    def call(project: Path, *arguments: str, columns: int = 80) -> Shown:
        return rodepil("data", "summary", *arguments, folder=project, COLUMNS=str(columns))

    return call


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two recordings of two animals, of which one was curated."""
    (tmp_path / "params.yaml").write_text("data: {source: tables, folder: lab}")
    workspace = Workspace(tmp_path)
    rows = [recording(0, camera="[west]"), recording(1, camera="east")]
    cages = [cage(row, position, f"70-{position}") for row in rows for position in (1, 2)]
    clips: list[Row] = [window(rows[0], cages[0], number, motion=0.01) for number in range(5)]
    clips += [window(rows[0], cages[1], number, motion=0.02, label=1) for number in range(3)]
    clips.append(window(rows[0], cages[0], 9, kept=False, drop_reason="still", motion=0.0))
    for name, made in (
        ("recordings", rows),
        ("cages", cages),
        ("annotations", [seizure(rows[0], 2, 0, 31)]),
    ):
        tables.write(name, tables.from_rows(name, made), workspace.raw / f"{name}.parquet")
    tables.write("clips", tables.from_rows("clips", clips), workspace.clips)
    return tmp_path


def test_the_summary_shows_every_number_and_names_its_data(project: Path, run: Run) -> None:
    shown = run(project, "--json", "out/numbers.json", "-o", "out/day.png", columns=120)
    assert shown.returncode == 0, shown.stderr
    lines = {" ".join(line.split()) for line in shown.stdout.splitlines()}
    for line in (
        "Data: recordings in lab",
        "Recordings 2",
        "Total subjects 2 19",
        "Negative clips (normal activity) 5 10,101",
        "70-1 5 0 1",
        "70-2 0 3 0",
        "70-2 0.33 1 1 31.0 31.0",
        "still 1 0.00",
        "[west] 1 0.17 2 0.33",
        "Feb-1-2019 2 0.33 2 0.67",
    ):
        assert line in lines, (line, shown.stdout)
    assert "not curated" in shown.stdout
    numbers = json.loads((project / "out" / "numbers.json").read_text())
    assert numbers["data"] == "recordings in lab"
    assert [one["positives"] for one in numbers["subjects"]] == [0, 3]
    assert numbers["clips"]["sizes_px"] == [[224, 224]]
    assert (project / "out" / "day.png").stat().st_size > 1000


def test_a_narrow_terminal_cuts_no_number_and_no_name(project: Path, run: Run) -> None:
    shown = run(project, columns=50)
    assert max(map(len, shown.stdout.splitlines())) <= 50
    assert "…" not in shown.stdout
    lines = {" ".join(line.split()) for line in shown.stdout.splitlines()}
    assert {"Feb-1-2019 2 0.33 2 0.67", "70-2 0.33 1 1 31.0 31.0"} <= lines


def test_recordings_are_listed_by_id_within_80_columns(project: Path, rodepil: Rodepil) -> None:
    rows = [
        recording(0, starts_at="2019-02-01T18:00:00", session_id="s", session_start_s=0.0),
        recording(1, starts_at="2019-02-01T18:10:00", session_id="s", session_start_s=600.0),
        recording(2, path="../videos of the north/Käfig.mp4"),
    ]
    marks = [seizure(rows[0], 2, 0, 31), seizure(rows[0], 2, 50, 60, agreement=0.2)]
    made = {"recordings": rows, "cages": [cage(rows[0], 2, "70-2")], "annotations": marks}
    for name, held in made.items():
        tables.write(name, tables.from_rows(name, held), project / "lab" / f"{name}.parquet")
    shown = rodepil("data", "recordings", folder=project, COLUMNS="80")
    assert shown.returncode == 0, shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= 80
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    assert "Feb-1-2019_V0 V0.mp4 2019-02-01 18:00:00 0.17 s 1 1" in lines
    assert "Feb-2-2019_V2 Käfig.mp4 Feb-2-2019 0.17 \N{EN DASH} 0 0" in lines


def test_an_empty_project_says_what_to_run_first(tmp_path: Path, run: Run) -> None:
    shown = run(tmp_path)
    assert shown.returncode == 1
    assert "rodepil import recordings" in shown.stderr
    assert run(tmp_path, "--source").returncode == 1


def test_a_picture_without_motion_is_refused_after_the_numbers(project: Path, run: Run) -> None:
    (project / "data" / "clips.parquet").unlink()
    shown = run(project, "-o", "day.png")
    assert shown.returncode == 1
    assert "Hours of video" in shown.stdout
    assert "rodepil curate" in shown.stderr
    assert not (project / "day.png").exists()
