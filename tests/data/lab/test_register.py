"""Each file is probed once, whatever happens meanwhile, and one that fails is a row."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import cv2
import pytest

from rodepil.data.lab.facts import probe_file, stamp_of
from rodepil.data.lab.journal import ProbeJournal
from rodepil.data.lab.register import probe_many
from rodepil.errors import SourceError
from rodepil.io.progress import Advance
from tests.data.lab.conftest import Film


class Counted:
    """A progress that remembers what it was shown."""

    def __init__(self) -> None:
        self.totals: list[float] = []
        self.done: list[float] = []

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        del name, unit
        self.totals.append(total)
        yield self.done.append


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.mp4", "libx264", "mov,mp4,m4a,3gp,3g2,mj2"),
        ("a.mov", "mjpeg", "mov,mp4,m4a,3gp,3g2,mj2"),
        ("a.mkv", "libx265", "matroska,webm"),
        ("a.webm", "libvpx-vp9", "matroska,webm"),
        ("a.avi", "mpeg4", "avi"),
        ("a.mts", "libx264", "mpegts"),
        ("a.mpg", "mpeg2video", "mpeg"),
        ("a.wmv", "wmv2", "asf"),
    ],
)
def test_every_container_and_codec_is_probed_alike(
    film: Film, name: str, codec: str, container: str
):
    path = film(name, 20, codec=codec)
    (facts,) = probe_many([path]).facts
    with av.open(str(path)) as opened:
        decoded = sum(1 for _ in opened.decode(video=0))
    assert (facts.n_frames, facts.fps, facts.container) == (decoded, "25", container)
    assert decoded == 20
    assert facts.duration_s == pytest.approx(0.8, abs=0.002)
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (facts.first_is_key, facts.damaged_packets, facts.rotation_deg) == (True, 0, 0)
    assert not facts.variable_rate
    shown = cv2.VideoCapture(str(path))
    assert facts.width_px == shown.get(cv2.CAP_PROP_FRAME_WIDTH)
    assert facts.height_px == shown.get(cv2.CAP_PROP_FRAME_HEIGHT)


def test_what_was_probed_is_not_probed_again_until_it_changes(film: Film, tmp_path: Path):
    paths = [film("a.mp4"), film("b.mkv"), tmp_path / "sound.mp4"]
    paths[2].write_bytes(b"no video" * 99)
    noted, second, third = tmp_path / "noted.jsonl", Counted(), Counted()
    first = probe_many(paths, journal=ProbeJournal(noted))
    again = probe_many(paths, journal=ProbeJournal(noted), progress=second)
    assert again == first
    assert [Path(row["item"]).name for row in first.failures] == ["sound.mp4"]
    assert second.totals == []
    film("b.mkv", 12)
    changed = probe_many(paths, journal=ProbeJournal(noted), progress=third)
    assert [facts.n_frames for facts in changed.facts] == [20, 12]
    assert third.totals == [pytest.approx(12 / 25 / 3600, rel=0.01)]
    assert sum(third.done) == pytest.approx(third.totals[0])
    assert len(noted.read_text().splitlines()) == 4
    assert len(ProbeJournal(noted)._found) == 3


def test_a_torn_line_and_one_of_another_decoder_cost_one_probe(film: Film, tmp_path: Path):
    paths = [film("a.mp4"), film("b.mp4"), film("c.mp4")]
    noted = tmp_path / "noted.jsonl"
    whole = probe_many(paths, journal=ProbeJournal(noted), processes=1)
    lines = noted.read_text().splitlines(keepends=True)
    version = json.loads(lines[1])["version"].replace(f"av {av.__version__}", "av 1.0")
    other = json.loads(lines[1]) | {"version": version}
    noted.write_text(lines[0] + json.dumps(other) + "\n" + lines[2][:40])
    counted = Counted()
    assert probe_many(paths, journal=ProbeJournal(noted), progress=counted) == whole
    assert len(counted.done) == 2


def test_an_import_killed_at_any_moment_goes_on_with_the_files_it_had_not(
    film: Film, tmp_path: Path
):
    paths = [film(f"{number}.mp4", 30, codec="libx264") for number in range(12)]
    noted = tmp_path / "noted.jsonl"
    code = (
        "import sys, time; from pathlib import Path\n"
        "from rodepil.data.lab import register\n"
        "from rodepil.data.lab.journal import ProbeJournal\n"
        "plain = register.probe_file\n"
        "def slow(stamp, **how):\n"
        "    time.sleep(0.05); return plain(stamp, **how)\n"
        "register.probe_file = slow\n"
        "journal = ProbeJournal(Path(sys.argv[1]))\n"
        "register.probe_many([Path(p) for p in sys.argv[2:]], journal=journal, processes=1)\n"
    )
    undisturbed = probe_many(paths)
    counts = []
    for wanted in (2, 5, 9):
        started = subprocess.Popen([sys.executable, "-c", code, str(noted), *map(str, paths)])
        while started.poll() is None and not (
            noted.is_file() and noted.read_bytes().count(b"\n") >= wanted
        ):
            time.sleep(0.005)
        os.kill(started.pid, signal.SIGKILL)
        started.wait()
        counts.append(noted.read_bytes().count(b"\n"))
    assert counts[0] >= 2
    assert counts == sorted(counts)
    counted = Counted()
    assert probe_many(paths, journal=ProbeJournal(noted), progress=counted) == undisturbed
    assert len(counted.done) == 12 - counts[-1]


def test_one_bad_file_among_many_is_a_row_with_its_remedy(film: Film, tmp_path: Path):
    good = film("good.mp4")
    empty, folder = tmp_path / "empty.mp4", tmp_path / "folder.mp4"
    empty.touch()
    folder.mkdir()
    gone = tmp_path / "gone.mp4"
    found = probe_many([empty, folder, good, gone, good])
    assert [Path(facts.path) for facts in found.facts] == [good]
    said = {Path(str(row["item"])).name: str(row["message"]) for row in found.failures}
    assert "0 bytes" in said["empty.mp4"]
    assert "copy it again" in said["empty.mp4"]
    assert "is no file; give video files" in said["folder.mp4"]
    assert "is not there" in said["gone.mp4"]
    assert len(said) == 3


def test_a_file_that_is_still_written_is_refused_and_tried_again(film: Film, tmp_path: Path):
    path, noted = film("a.mkv"), tmp_path / "noted.jsonl"
    stamp = stamp_of(path)
    os.utime(path, ns=(0, 1))
    with pytest.raises(SourceError, match=r"a\.mkv changed while it was read; import it again"):
        probe_file(stamp)
    assert len(probe_many([path], journal=ProbeJournal(noted)).facts) == 1


def test_files_that_lie_in_two_processes_come_in_the_order_given(film: Film):
    paths = [film(f"{number}.mp4", 5 + number) for number in range(6)]
    found = probe_many(paths, processes=2)
    assert [facts.n_frames for facts in found.facts] == [5, 6, 7, 8, 9, 10]
