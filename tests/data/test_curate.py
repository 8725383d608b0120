"""Curation keeps what is good, says what it left out, does nothing twice, and survives a kill."""

from __future__ import annotations

import errno
import hashlib
import multiprocessing
import random
import shutil
import time
from fractions import Fraction
from multiprocessing import forkserver
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from pydantic import ValidationError

from rodepil import stages
from rodepil.config.settings import CurateSettings, ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data import recording_pass, stretch
from rodepil.data.curate import FAILURES, CurateSummary, curate
from rodepil.data.lock import alone_in
from rodepil.data.recorder import write_window
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.names import parse_clip_name
from rodepil.io.progress import Silent
from tests.data.begins import Begins
from tests.data.conftest import CAGES, HEIGHT, WIDTH, Lab, film, numbered, seizure, steady

KILLS = 20
NAMES = ("Feb-1-2019_M2U00001", "Feb-1-2019_M2U00002", "Feb-2-2019_M2U00001")


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three recordings of 6 s whose numbers change in every frame."""
    folder = tmp_path_factory.mktemp("videos")
    for offset, name in enumerate(NAMES):
        film(
            folder / f"{name}.mp4",
            steady(Fraction(30), 6.0),
            draw=lambda number, offset=offset: numbered(number + 1000 * offset),  # type: ignore[misc]  # a default binds the loop's value
        )
    return folder


@pytest.fixture
def filled(lab: Lab, videos: Path) -> Lab:
    """Return a lab with three recordings of three cages, and a seizure in one of them."""
    for video in videos.iterdir():
        shutil.copy(video, lab.raw)
    lab.fill([seizure(NAMES[0], 1, 1.0, 2.25)])
    return lab


def run(lab: Lab, settings: CurateSettings, processes: int = 1) -> CurateSummary:
    return curate(lab.raw, settings, lab.clips_folder, lab.clips_table, processes=processes)


def contents(folder: Path) -> dict[str, str]:
    """Return every file below a folder with the digest of its bytes."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def test_every_window_is_in_the_manifest_and_every_kept_one_on_disk(
    filled: Lab, small: CurateSettings
):
    summary = run(filled, small)
    rows = summary.clips.to_pylist()
    assert len(rows) == 3 * 3 * CAGES
    on_disk = {path.name for path in filled.clips_folder.glob("*.avi")}
    assert on_disk == {Path(row["path"]).name for row in rows if row["kept"]}
    assert tables.read("clips", filled.clips_table).equals(summary.clips)
    for row in rows:
        if not row["kept"]:
            continue
        clip = filled.clips_table.parent / row["path"]
        assert hashlib.sha256(clip.read_bytes()).hexdigest() == row["sha256"]
        name = parse_clip_name(clip.name)
        assert (name.date, name.video_id) == (row["date"], row["video_id"])
        assert (name.position, name.rat_id) == (row["position"], row["subject_id"])
        assert (name.first, name.last) == (row["start_frame"], row["end_frame"])
        assert name.label == ("S" if row["label"] else "N")


def test_labels_follow_the_seizures_of_the_cage_alone(filled: Lab, small: CurateSettings):
    summary = run(filled, small)
    touched = [
        (row["position"], row["start_s"], row["kept"], row["overlap_s"], row["drop_reason"])
        for row in summary.clips.to_pylist()
        if row["label"] == 1
    ]
    # 1.0-2.25 s covers 1 s of the first window and 0.25 s, too little, of the second.
    assert touched == [(1, 0.0, True, 1.0, None), (1, 2.0, False, 0.25, "overlap_short")]
    assert summary.positives == 1
    assert summary.dropped == {"overlap_short": 1}
    assert "26 clips kept (1 with a seizure), dropped: 1 overlap_short" in str(summary)


def test_a_disputed_seizure_makes_neither_label(filled: Lab, small: CurateSettings):
    filled.annotate([seizure(NAMES[0], 1, 1.0, 2.0, agreement=0.2)])
    dropped = [row for row in run(filled, small).clips.to_pylist() if row["drop_reason"]]
    assert [(row["start_s"], row["drop_reason"]) for row in dropped] == [(0.0, "low_agreement")]


def half_still(number: int) -> npt.NDArray[np.uint8]:
    """Return a frame in which only the cage in the middle moves."""
    frame = np.full((HEIGHT, WIDTH), 100, np.uint8)
    left = 64 + number * 3 % 40
    frame[40:80, left : left + 24] = 220
    return frame


def test_still_negatives_are_dropped_and_still_seizures_kept(lab: Lab, small: CurateSettings):
    film(lab.raw / f"{NAMES[0]}.mp4", steady(Fraction(30), 4.0), draw=half_still)
    lab.fill([seizure(NAMES[0], 2, 2.0, 4.0)])
    summary = run(lab, small.model_copy(update={"motion_min_share": 0.01}))
    reasons = {
        (row["position"], row["start_s"]): row["drop_reason"] for row in summary.clips.to_pylist()
    }
    assert reasons == {
        (0, 0.0): "still",
        (0, 2.0): "still",
        (1, 0.0): None,
        (1, 2.0): None,
        (2, 0.0): "still",
        (2, 2.0): None,
    }


def test_the_same_input_gives_the_same_files_whatever_the_number_of_processes(
    filled: Lab, small: CurateSettings
):
    run(filled, small, processes=1)
    once = contents(filled.folder / "data")
    shutil.rmtree(filled.folder / "data")
    run(filled, small, processes=2)
    assert contents(filled.folder / "data") == once


def test_what_is_done_is_not_done_twice(
    filled: Lab, small: CurateSettings, monkeypatch: pytest.MonkeyPatch
):
    before = run(filled, small)

    def touched(*_: object, **__: object) -> None:
        raise AssertionError("a finished recording was opened again")

    monkeypatch.setattr(stretch, "VideoReader", touched)
    monkeypatch.setattr(recording_pass, "write_window", touched)
    again = run(filled, small)
    assert again.failures.num_rows == 0
    assert again.clips.equals(before.clips)


def test_only_a_lost_or_changed_clip_is_made_again(
    filled: Lab, small: CurateSettings, monkeypatch: pytest.MonkeyPatch
):
    run(filled, small)
    whole = contents(filled.folder / "data")
    first, second = sorted(filled.clips_folder.glob(f"{NAMES[1]}*.avi"))[:2]
    first.unlink()
    second.write_bytes(b"torn")
    written: list[str] = []

    def noted(canvases: npt.NDArray[np.uint8], path: Path, settings: CurateSettings) -> str:
        written.append(path.name)
        return write_window(canvases, path, settings)

    monkeypatch.setattr(recording_pass, "write_window", noted)
    run(filled, small)
    # A window is done for all cages at once.
    spans = {parse_clip_name(path.name).first for path in (first, second)}
    assert {parse_clip_name(name).first for name in written} == spans
    assert all(name.startswith(NAMES[1]) for name in written)
    assert contents(filled.folder / "data") == whole


def test_other_settings_leave_nothing_of_the_earlier_ones(filled: Lab, small: CurateSettings):
    run(filled, small)
    (filled.clips_folder / "notes.txt").write_text("mine")
    hidden = filled.clips_folder / ".Feb-1-2019_M2U00001_0_70-0_0-60_N_0.ab12.tmp.avi"
    hidden.touch()
    summary = run(filled, small.model_copy(update={"clip_duration_s": 3.0}))
    rows = [row for row in summary.clips.to_pylist() if row["kept"]]
    names = {path.name for path in filled.clips_folder.iterdir()}
    assert names == {Path(row["path"]).name for row in rows} | {"notes.txt", ".parts", FAILURES}
    assert len(list((filled.clips_folder / ".parts").glob("*.parquet"))) == len(NAMES)


def test_one_bad_recording_is_named_and_the_rest_goes_on(filled: Lab, small: CurateSettings):
    whole = run(filled, small).clips
    shutil.rmtree(filled.folder / "data")
    bad = filled.raw / f"{NAMES[1]}.mp4"
    bad.write_bytes(bad.read_bytes()[:2000])
    summary = run(filled, small)
    (failure,) = summary.failures.to_pylist()
    assert failure["item"] == bad.name
    assert failure["error"] == "VideoError"
    assert "is not the video of the recordings table" in failure["message"]
    assert NAMES[1] in str(summary)
    others = pa.compute.not_equal(whole["recording_id"], NAMES[1])
    assert summary.clips.equals(whole.filter(others))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"n_frames": 181}, "decodes to 180 frames, the recordings table says 181"),
        ({"width_px": 200}, "shows (192, 128) px, the recordings table says (200, 128)"),
        ({"path": "gone.mp4"}, "gone.mp4 is not there"),
    ],
)
def test_a_table_that_lies_about_its_files_is_found_out(
    filled: Lab, small: CurateSettings, change: dict[str, object], says: str
):
    rows = tables.read("recordings", filled.raw / "recordings.parquet").to_pylist()
    made = tables.from_rows("recordings", [row | change for row in rows])
    tables.write("recordings", made, filled.raw / "recordings.parquet")
    with pytest.raises(SourceError, match="No recording could be curated") as caught:
        run(filled, small)
    assert says in str(caught.value)


def project_of(lab: Lab) -> tuple[ProjectSettings, Workspace]:
    """Return settings of small clips, and a project whose data/raw is the lab's source."""
    workspace = Workspace(lab.folder)
    workspace.raw.parent.mkdir(exist_ok=True)
    workspace.raw.symlink_to(lab.raw)
    curated = {"clip_duration_s": 2.0, "size_px": 128, "min_overlap_s": 0.5, "motion_min_share": 0}
    return ProjectSettings.model_validate({"curate": curated}), workspace


def test_the_stage_fails_where_another_time_may_succeed_and_keeps_what_is_done(filled: Lab):
    settings, workspace = project_of(filled)
    video = filled.raw / f"{NAMES[1]}.mp4"
    video.rename(filled.folder / "away.mp4")
    with pytest.raises(
        SourceError, match=r"1 recording is not curated.*allow_failures=true"
    ) as told:
        stages.curate(settings, workspace, Silent())
    assert f"{video.name} is not there" in str(told.value)
    assert tables.read("clips", workspace.clips).num_rows == 2 * 3 * CAGES
    allowed = settings.curate.model_copy(update={"allow_failures": True})
    said = stages.curate(settings.model_copy(update={"curate": allowed}), workspace, Silent())
    assert f"failed: {NAMES[1]}" in said
    written = {clip: clip.stat().st_mtime_ns for clip in workspace.clips_folder.glob("*.avi")}
    (filled.folder / "away.mp4").rename(video)
    stages.curate(settings, workspace, Silent())
    assert tables.read("clips", workspace.clips).num_rows == 3 * 3 * CAGES
    assert len(written) > 1  # the setting changes no clip, and none is made again for it
    assert {clip: clip.stat().st_mtime_ns for clip in written} == written


def test_the_stage_goes_on_without_what_is_too_short_for_ever(filled: Lab):
    film(filled.raw / "Mar-1-2019_short.mp4", steady(Fraction(30), 1.0))
    filled.fill()
    assert "less than one clip of 2 s" in stages.curate(*project_of(filled), Silent())


def test_a_gap_as_long_as_a_clip_is_no_setting():
    with pytest.raises(ValidationError, match=r"max_gap_s 2\.0 bridges a whole clip of 2\.0 s"):
        CurateSettings(clip_duration_s=2.0, min_overlap_s=1.0, max_gap_s=2.0)


def test_a_recording_shorter_than_a_clip_is_named(filled: Lab, small: CurateSettings):
    film(filled.raw / "Mar-1-2019_short.mp4", steady(Fraction(30), 1.0))
    filled.fill()
    summary = run(filled, small)
    (message,) = summary.failures.column("message").to_pylist()
    assert "lasts 1 s, less than one clip of 2 s" in message


def test_unicode_and_spaces_in_names(lab: Lab, small: CurateSettings):
    moved = Lab(lab.folder / "Käfige im Keller")
    moved.raw.mkdir(parents=True)
    film(moved.raw / "Nacht 1 日 Käfig.mp4", steady(Fraction(30), 2.0))
    moved.fill()
    summary = run(moved, small)
    assert summary.kept == CAGES
    assert all(
        (moved.clips_table.parent / path).is_file() for path in summary.clips["path"].to_pylist()
    )


def test_two_curations_at_once_are_refused(filled: Lab, small: CurateSettings):
    with (
        alone_in(filled.clips_folder / ".parts"),
        pytest.raises(SourceError, match="another process is at work"),
    ):
        run(filled, small)
    assert run(filled, small).failures.num_rows == 0


def test_a_clips_id_depends_on_content_box_and_span_alone(filled: Lab, small: CurateSettings):
    ids = run(filled, small).clips.column("clip_id").to_pylist()
    assert len(set(ids)) == len(ids)
    rows = tables.read("recordings", filled.raw / "recordings.parquet").to_pylist()
    for row in rows:
        row["date"] = "undated"
        row["video_id"] = row["recording_id"].replace("_", "-")
    made = tables.from_rows("recordings", rows)
    tables.write("recordings", made, filled.raw / "recordings.parquet")
    again = run(filled, small.model_copy(update={"qp": 30, "size_px": 64}))
    assert again.clips.column("clip_id").to_pylist() == ids


def test_a_clip_that_cannot_be_written_is_named(
    filled: Lab, small: CurateSettings, monkeypatch: pytest.MonkeyPatch
):
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        if NAMES[2] in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    (failure,) = run(filled, small).failures.to_pylist()
    assert "can't be written (No space left on device)" in failure["message"]
    monkeypatch.undo()
    assert run(filled, small).failures.num_rows == 0


def test_killed_at_twenty_random_moments_it_ends_with_the_same_files(
    filled: Lab, small: CurateSettings
):
    # One that has imported curation, so that its children begin at once.
    forkserver._forkserver._stop()  # type: ignore[attr-defined]
    multiprocessing.get_context("forkserver").set_forkserver_preload(["rodepil.data.curate"])
    whole_s = undisturbed(filled, small)
    expected = contents(filled.folder / "data")
    shutil.rmtree(filled.folder / "data")
    moments = random.Random(20)  # noqa: S311 - no secret
    noted, killed = set(), 0
    while killed < KILLS:
        child = entered(filled, small)
        child.join(moments.uniform(0.0, 0.4 * whole_s))
        if child.is_alive():
            killed += 1
            child.kill()
            child.join()
            noted.add(windows_noted(filled))
        else:  # it was done: begin anew
            assert contents(filled.folder / "data") == expected
            shutil.rmtree(filled.folder / "data")
    assert len(noted) > 3
    run(filled, small)
    assert contents(filled.folder / "data") == expected


def entered(lab: Lab, settings: CurateSettings) -> BaseProcess:
    """Start a curation in another process and return it when it begins with the recordings."""
    context = multiprocessing.get_context("forkserver")
    begun = context.Event()
    child = context.Process(
        target=curate,
        args=(lab.raw, settings, lab.clips_folder, lab.clips_table),
        kwargs={"processes": 1, "progress": Begins(begun)},
    )
    child.start()
    assert begun.wait(30)
    return child


def undisturbed(lab: Lab, settings: CurateSettings) -> float:
    """Curate in another process and return how long it took from its first recording on."""
    child = entered(lab, settings)
    begun_s = time.perf_counter()
    child.join()
    assert child.exitcode == 0
    return time.perf_counter() - begun_s


def windows_noted(lab: Lab) -> int:
    """Return how many windows are noted as done, of finished recordings and of others."""
    count = 0
    for part in (lab.clips_folder / ".parts").glob("[!.]*"):
        if part.suffix == ".jsonl":
            count += part.read_bytes().count(b"\n")
        elif part.suffix == ".parquet":
            count += tables.read("clips", part).num_rows // CAGES
    return count
