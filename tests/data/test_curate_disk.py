"""A disk that is full and folders that are read-only: said by name, and nothing is lost by it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rodepil.data.curate import FAILURES
from rodepil.data.lock import WRITING
from rodepil.data.marks.take import LOCK
from rodepil.io import tables
from tests.data.conftest import HEIGHT, WIDTH, Lab, film, steady
from tests.data.harsh import Shown, tried

NAMES = ("Feb-1-2019_A", "Feb-1-2019_B")
ROOM_BYTES = 20_000
SETTINGS = (
    "curate.clip_duration_s=2.0",
    "curate.size_px=128",
    "curate.min_overlap_s=0.5",
    "curate.motion_min_share=0.0",
)


class Project(Lab):
    """A project's folder, with the source where the pipeline has it."""

    @property
    def raw(self) -> Path:
        return self.folder / "data" / "raw"

    @property
    def command(self) -> list[str]:
        return ["curate", "--project", str(self.folder)] + [
            word for setting in SETTINGS for word in ("--set", setting)
        ]


def dull_at_first(number: int) -> npt.NDArray[np.uint8]:
    """Return a frame of which the first two seconds take few bytes, and all later ones many."""
    noise = np.random.default_rng(number).integers(60, 200, (HEIGHT, WIDTH), np.uint8)
    return np.full((HEIGHT, WIDTH), 90, np.uint8) if number < 60 else noise


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with two recordings of 4 s."""
    folder = tmp_path_factory.mktemp("videos")
    for offset, name in enumerate(NAMES):
        film(
            folder / f"{name}.mp4",
            steady(Fraction(30), 4.0 + offset / 10),
            draw=dull_at_first,
        )
    return folder


@pytest.fixture
def project(tmp_path: Path, videos: Path) -> Project:
    made = Project(tmp_path / "Käfige im Keller")
    shutil.copytree(videos, made.raw)
    made.fill()
    return made


def contents(folder: Path) -> dict[str, str]:
    """Return every file below a folder, but the lock, with the digest of its bytes."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != "lock"
    }


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nothing be made in a folder for the block."""
    folder.chmod(0o555)
    try:
        yield
    finally:
        folder.chmod(0o755)


def check_refused(shown: Shown, path: Path, reason: str) -> None:
    assert shown.status == 1
    assert f"{path} can't be written ({reason})" in shown.err
    assert "check the free space and your right to write there" in shown.err
    assert "Traceback" not in shown.err


def test_a_disk_that_is_full_amid_curation_is_said_and_gone_on_from(project: Project):
    (done,) = tried([project.command])
    assert done.status == 0, done.err
    undisturbed = contents(project.folder / "data")
    early, late = (
        [clip.stat().st_size for clip in project.clips_folder.glob(f"*_{span}_N_0.avi")]
        for span in ("0-60", "60-120")
    )
    assert max(early) < ROOM_BYTES < min(late)
    shutil.rmtree(project.clips_folder)
    project.clips_table.unlink()

    (full,) = tried([project.command], largest_bytes=ROOM_BYTES)
    first = project.clips_folder / f"{NAMES[0]}_0_70-0_60-120_N_0.avi"
    check_refused(full, first, "File too large")
    assert f"{NAMES[1]}_0_70-0_60-120_N_0.avi can't be written" in full.err
    left = contents(project.clips_folder)
    assert len([name for name in left if name.endswith(".avi")]) == 2 * 3
    for name, digest in left.items():  # what stands is whole; the rest is the notes of it
        if not name.endswith(".jsonl") and name != FAILURES:
            assert undisturbed[f"clips/{name}"] == digest
    assert not project.clips_table.exists()
    failed = tables.read("failures", project.clips_folder / FAILURES).to_pylist()
    assert [row["item"] for row in failed] == [f"{name}.mp4" for name in NAMES]
    clip = next(project.clips_folder.glob("*_0-60_N_0.avi"))
    made_at = clip.stat().st_mtime_ns

    (again,) = tried([project.command])
    assert again.status == 0, again.err
    assert contents(project.folder / "data") == undisturbed
    assert clip.stat().st_mtime_ns == made_at


def test_a_disk_too_full_for_the_list_of_failures_is_said_with_them(project: Project):
    (full,) = tried([project.command], largest_bytes=2000)
    check_refused(full, project.clips_folder / FAILURES, "File too large")
    assert f"{NAMES[0]}_0_70-0_0-60_N_0.avi can't be written (File too large)" in full.err
    assert not [name for name in contents(project.clips_folder) if not name.endswith(".jsonl")]


def locked_clips(project: Project) -> tuple[Path, Path]:
    project.clips_folder.mkdir(parents=True)
    return project.clips_folder, project.clips_folder / ".parts"


def locked_but_for_parts(project: Project) -> tuple[Path, Path]:
    (project.clips_folder / ".parts").mkdir(parents=True)
    return project.clips_folder, project.clips_folder / f"{NAMES[1]}_0_70-0_0-60_N_0.avi"


def locked_parts(project: Project) -> tuple[Path, Path]:
    (project.clips_folder / ".parts").mkdir(parents=True)
    return project.clips_folder / ".parts", project.clips_folder / ".parts" / "lock"


def locked_beside(project: Project) -> tuple[Path, Path]:
    (project.clips_folder / ".parts").mkdir(parents=True)
    return project.folder / "data", project.clips_table


@pytest.mark.parametrize("lock", [locked_clips, locked_but_for_parts, locked_parts, locked_beside])
def test_a_read_only_folder_is_named_and_what_is_done_is_kept(
    project: Project, lock: Callable[[Project], tuple[Path, Path]]
):
    folder, named = lock(project)
    with read_only(folder):
        (shown,) = tried([project.command])
    assert shown.status == 1
    assert str(named) in shown.err
    assert "Traceback" not in shown.err
    assert "can't be written (Permission denied)" in shown.err or "lock can't be held" in shown.err
    assert "check the free space" in shown.err
    assert not project.clips_table.exists()


def test_annotations_are_not_imported_into_a_read_only_folder(project: Project):
    sheet = project.folder / "marks of a.csv"
    sheet.write_text(f"recording,position,start,end\n{NAMES[0]},1,0.5,2\n", encoding="utf-8")
    before = contents(project.raw)
    command = ["annotations", "import", str(sheet), "--into", str(project.raw)]
    with read_only(project.raw):
        (closed,) = tried([command])
    assert closed.status == 1
    assert str(project.raw) in closed.err
    assert "can't be written (Permission denied)" in closed.err
    assert contents(project.raw) == before
    # Where the locks' folders are there already, the tables are what can't be written.
    for locks in (LOCK, WRITING):
        (project.raw / locks).mkdir(exist_ok=True)
    with read_only(project.raw):
        (closed,) = tried([command])
    assert closed.status == 1
    assert f"{project.raw}/" in closed.err
    assert ".parquet can't be written (Permission denied)" in closed.err
    assert contents(project.raw) == before
    (open_again,) = tried([command])
    assert open_again.status == 0, open_again.err
    assert tables.read("annotations", project.raw / "annotations.parquet").num_rows == 1
