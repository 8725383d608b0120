"""Published clips from the command line: fetched, killed, gone on with, imported."""

from __future__ import annotations

import io
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rodepil.io import tables
from tests.cli.conftest import Rodepil
from tests.cli.test_main import TOOL
from tests.data.published.conftest import Fault, Server, content, serving
from tests.published_clips import make_published

CLIP = content(400_000)


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a record with one archive that holds one file."""
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as made:
        made.writestr("0/a.avi", CLIP)
    with serving() as state:
        state.files["clips.zip"] = memory.getvalue()
        yield state


def test_a_record_is_listed_without_fetching_it(server: Server, tmp_path: Path, rodepil: Rodepil):
    shown = rodepil("fetch", "rodepil", "--url", server.url, "--list", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "licence  cc-by-4.0" in shown.stdout
    assert "clips.zip" in shown.stdout
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_stopped_download_goes_on_where_it_was(
    server: Server, tmp_path: Path, rodepil: Rodepil, blow: signal.Signals
):
    server.faults["clips.zip"] = [Fault(break_after=300_000, stall_s=3.0)]
    command = ["fetch", "rodepil", "--url", server.url, "--into", "in č"]
    parts = tmp_path / "in č" / ".parts"
    with subprocess.Popen([*TOOL, *command], cwd=tmp_path, stderr=subprocess.PIPE) as first:
        until = time.monotonic() + 30
        while not any(part.stat().st_size > 100_000 for part in parts.glob("*.part")):
            assert time.monotonic() < until
            time.sleep(0.01)
        first.send_signal(blow)
        _, said = first.communicate()
    assert first.returncode == (130 if blow == signal.SIGINT else -blow)
    assert b"Traceback" not in said
    done = rodepil(*command, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "in č" / "unpacked" / "clips" / "0" / "a.avi").read_bytes() == CLIP
    wanted = [asked for path, asked in server.asked if path.endswith("/content")]
    assert wanted[0] is None
    assert wanted[1] is not None
    assert int(wanted[1].removeprefix("bytes=").rstrip("-")) > 100_000


def test_a_record_that_is_not_there_is_one_message(
    server: Server, tmp_path: Path, rodepil: Rodepil
):
    shown = rodepil("fetch", "rodepil", "--url", server.url, "--record", "5", folder=tmp_path)
    assert shown.returncode == 1
    assert "status 404; no such record" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_killed_import_goes_on_where_it_was_and_ends_with_the_same_tables(
    tmp_path: Path, rodepil: Rodepil
):
    clips = make_published(tmp_path / "clips", subjects=8)
    command = ["import", "rodepil", "clips", "--into"]
    noted = tmp_path / "killed" / ".import" / "probed.jsonl"
    with subprocess.Popen(
        [*TOOL, *command, "killed"], cwd=tmp_path, stderr=subprocess.DEVNULL
    ) as first:
        until = time.monotonic() + 30
        while not noted.is_file() or noted.read_bytes().count(b"\n") < 4:
            assert time.monotonic() < until
            time.sleep(0.005)
        first.kill()
    assert not (tmp_path / "killed" / "recordings.parquet").exists()
    before = noted.read_text().split("\n")[:-1]
    assert 4 <= len(before) < len(clips)
    for folder in ("killed", "whole"):
        done = rodepil(*command, folder, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert "24 clips (24 new) of 8 subjects, 8 with a seizure, are in" in done.stdout
    after = noted.read_text().split("\n")[:-1]
    assert after[: len(before)] == before
    assert len(after) == len(clips)
    for name in ("recordings", "cages", "annotations"):
        killed, whole = (
            tables.read(name, tmp_path / folder / f"{name}.parquet")
            for folder in ("killed", "whole")
        )
        assert killed.equals(whole)


def test_what_is_refused_is_listed_and_nothing_to_take_is_an_error(
    tmp_path: Path, rodepil: Rodepil
):
    clips = make_published(tmp_path / "my clips", subjects=1)
    (clips[0].parent / "bad name.avi").touch()
    shown = rodepil("import", "rodepil", "my clips", folder=tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "3 clips (3 new) of 1 subjects" in shown.stdout
    assert "refused: " in shown.stdout
    assert "bad name.avi" in shown.stdout
    assert (tmp_path / "data" / "imported" / "cages.parquet").is_file()
    shown = rodepil("import", "rodepil", str(clips[0].parent / "bad name.avi"), folder=tmp_path)
    assert shown.returncode == 1
    assert "No clip can be taken" in shown.stderr
