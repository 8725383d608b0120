"""`rodepil import recordings` takes what it can, says what it refuses, and can be stopped."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.io import tables
from tests.cli.conftest import Rodepil, Shown
from tests.data.lab.conftest import write_film

TOOL = [sys.executable, "-m", "rodepil", "import", "recordings"]
UNPRIVILEGED = (
    # An administrator may write anywhere: give that right up before the command starts.
    "import ctypes, os, sys\n"
    "drop, override, read_search = 24, 1, 2  # prctl's PR_CAPBSET_DROP, and the rights of Linux\n"
    "for right in (override, read_search):\n"
    "    ctypes.CDLL(None).prctl(drop, right, 0, 0, 0)\n"
    "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
)


Run = Callable[..., Shown]


@pytest.fixture
def run(rodepil: Rodepil) -> Run:
    def call(*arguments: str, folder: Path) -> Shown:
        return rodepil("import", "recordings", *arguments, folder=folder)

    return call


def unprivileged(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, *TOOL[1:], *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def rows(folder: Path) -> list[dict[str, object]]:
    read: list[dict[str, object]] = tables.read(
        "recordings", folder / "recordings.parquet"
    ).to_pylist()
    return read


def test_the_table_lands_in_the_projects_folder_of_tables(tmp_path: Path, run: Run) -> None:
    write_film(tmp_path / "my videos" / "Käfig 3" / "Feb-1-2019_M2U00244.mp4")
    (tmp_path / "my videos" / "empty.avi").touch()
    done = run("my videos", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    (row,) = rows(tmp_path / "data" / "imported")
    assert (row["recording_id"], row["camera"]) == ("Feb-1-2019_M2U00244", "Käfig 3")
    assert "1 recordings (1 new)" in done.stdout
    assert "\nnew: Feb-1-2019_M2U00244\n" in done.stdout
    assert "refused: " in done.stdout
    assert "empty.avi is empty (0 bytes); copy it again" in done.stdout
    assert "probe recordings" in done.stderr


def test_options_win_over_params(tmp_path: Path, run: Run) -> None:
    (tmp_path / "params.yaml").write_text(
        "imports: {recordings: {clock: metadata, session_gap_s: 1}}\ndata: {folder: lab}\n"
    )
    for second in (0, 1):
        write_film(tmp_path / "v" / f"x 2019.02.01 18-00-0{second}.mp4", 25, seed=second)
    pattern = "%Y.%m.%d %H-%M-%S"
    options = ("--clock", "name", "--name-pattern", pattern, "--sessions", "clock")
    done = run("v", *options, "--camera", "north", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    first, second = rows(tmp_path / "lab")
    assert first["starts_at"] == "2019-02-01T18:00:00"
    assert (first["session_id"], second["session_id"]) == ("Feb-1-2019_x-180000",) * 2
    assert second["session_start_s"] == pytest.approx(1.0)
    assert second["camera"] == "north"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("v",), "is empty (0 bytes)"),
        (("nowhere",), "nowhere is not there"),
        (("v", "--clock", "sun"), "error: --clock: imports.recordings.clock = 'sun'"),
        (("v", "--name-pattern", "%H"), "year, month, day and hour"),
    ],
)
def test_where_nothing_can_be_taken_the_command_fails_with_the_reason(
    tmp_path: Path, run: Run, arguments: tuple[str, ...], says: str
) -> None:
    (tmp_path / "v").mkdir()
    (tmp_path / "v" / "a.mp4").touch()
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.rglob("*.parquet"))


def test_folders_and_files_without_the_right_to_are_said(tmp_path: Path, run: Run) -> None:
    write_film(tmp_path / "v" / "a.mp4")
    hidden = write_film(tmp_path / "v" / "b.mp4", seed=1)
    hidden.chmod(0)
    (tmp_path / "locked").mkdir()
    (tmp_path / "locked").chmod(0o555)
    done = unprivileged("v", "--into", "locked", folder=tmp_path)
    assert done.returncode == 1
    assert "locked can't be written to" in done.stderr
    assert "name another folder with --into" in done.stderr
    done = unprivileged("v", "--into", "open", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [row["recording_id"] for row in rows(tmp_path / "open")] == ["undated_a"]
    assert "b.mp4 can't be read; give yourself the right to" in done.stdout
    hidden.chmod(0o644)
    assert run("v", "--into", "open", folder=tmp_path).returncode == 0
    assert len(rows(tmp_path / "open")) == 2


def test_a_full_disk_leaves_the_table_as_it_was_and_the_next_run_goes_on(
    tmp_path: Path, run: Run
) -> None:
    write_film(tmp_path / "v" / "a.mp4")
    assert run("v", folder=tmp_path).returncode == 0
    folder = tmp_path / "data" / "imported"
    before = (folder / "recordings.parquet").read_bytes()
    write_film(tmp_path / "v" / "b.mp4", seed=1)
    full = subprocess.run(
        [*TOOL, "v"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)),
    )
    assert full.returncode == 1
    assert "free space" in full.stderr
    assert (folder / "recordings.parquet").read_bytes() == before
    done = run("v", folder=tmp_path)
    assert done.returncode == 0
    assert "probe" not in done.stderr  # the probed file was noted
    assert len(rows(folder)) == 2
    left = {path.name for path in folder.iterdir()}
    assert left == {".import", ".tables.tmp", "recordings.parquet"}  # nothing half-written


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_import_keeps_what_was_probed(
    tmp_path: Path, run: Run, how: signal.Signals
) -> None:
    for number in range(6):
        write_film(tmp_path / "v" / f"{number}.mp4", 100 + 30 * number, size_px=(320, 240))
    noted = tmp_path / "data" / "imported" / ".import" / "probed.jsonl"
    with subprocess.Popen([*TOOL, "v"], cwd=tmp_path, start_new_session=True) as started:
        while started.poll() is None and not (noted.is_file() and noted.read_bytes()):
            time.sleep(0.002)
        os.killpg(started.pid, how)
    kept = noted.read_bytes().count(b"\n")
    assert 1 <= kept < 6
    assert started.returncode == (130 if how == signal.SIGINT else -signal.SIGKILL)
    assert not (tmp_path / "data" / "imported" / "recordings.parquet").exists()
    done = run("v", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert noted.read_bytes().count(b"\n") == 6
    assert [row["n_frames"] for row in rows(tmp_path / "data" / "imported")] == [
        100 + 30 * number for number in range(6)
    ]


def test_a_recording_is_forgotten_by_id_or_path(tmp_path: Path, run: Run, rodepil: Rodepil) -> None:
    for number, name in enumerate(("a one", "b", "c")):
        write_film(tmp_path / "v" / f"{name}.mp4", seed=number)
    assert run("v", folder=tmp_path).returncode == 0
    (tmp_path / "v" / "a one.mp4").unlink()
    assert "rodepil import forget 'undated_a one'" in run("v", folder=tmp_path).stdout
    for _ in range(2):
        done = rodepil("import", "forget", "undated_a one", "v/b.mp4", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        held = rows(tmp_path / "data" / "imported")
        assert [row["recording_id"] for row in held] == ["undated_c"]
    assert "not in the table (forgotten already?): v/b.mp4" in done.stdout
