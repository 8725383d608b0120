"""Sources are probed exactly, checked as a whole, and refused with every row named."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from rodepil.config.settings import CurateSettings
from rodepil.data.curate import curate
from rodepil.data.sources import check_tables, read_source, recordings_from_files, take_tables
from rodepil.errors import AnnotationError, CageError, RodepilError, SourceError, TableError
from rodepil.io import tables
from tests.data.conftest import Lab, film, seizure, steady

Row = dict[str, object]
RATE = Fraction(25)
ID = "Feb-1-2019_M2U00244"


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of 2 s at 25 fps."""
    return film(tmp_path_factory.mktemp("video") / f"{ID}.mp4", steady(RATE, 2.0), rate=RATE)


@pytest.fixture
def filled(lab: Lab, video: Path) -> Lab:
    """Return a lab with one recording of three cages."""
    shutil.copy(video, lab.raw)
    lab.fill()
    return lab


def test_a_recording_is_described_by_what_decodes(lab: Lab, video: Path):
    found = recordings_from_files([video], lab.raw)
    (row,) = found.recordings.to_pylist()
    assert row == {
        "recording_id": ID,
        "path": row["path"],
        "sha256": hashlib.sha256(video.read_bytes()).hexdigest(),
        "date": "Feb-1-2019",
        "video_id": "M2U00244",
        "fps": "25",
        "n_frames": 50,
        "duration_s": 2.0,
        "width_px": 192,
        "height_px": 128,
        "codec": "h264",
        "container": "mov,mp4,m4a,3gp,3g2,mj2",
        "declared_fps": "25",
        "declared_frames": 50,
        "start_s": 0.0,
        "rotation_deg": 0,
        "first_is_key": True,
        "damaged_packets": 0,
        "size_bytes": video.stat().st_size,
        "camera": None,
        "session_id": ID,
        "session_start_s": 0.0,
        "part": None,
        "starts_at": None,
    }
    assert (lab.raw / str(row["path"])).samefile(video)
    assert found.failures.num_rows == 0


@pytest.mark.parametrize(
    ("stem", "date", "video_id"),
    [
        ("Feb-1-2019_M2U00244", "Feb-1-2019", "M2U00244"),
        ("Feb-31-2019_M2U00244", "undated", "Feb-31-2019-M2U00244"),
        ("mouse_arena_30fps", "undated", "mouse-arena-30fps"),
        ("Käfig 3 nachts", "undated", "Käfig 3 nachts"),
    ],
)
def test_date_and_video_id_come_from_the_name(
    lab: Lab, video: Path, stem: str, date: str, video_id: str
):
    path = shutil.copy(video, lab.raw / f"{stem}.mp4")
    (row,) = recordings_from_files([Path(path)], lab.raw).recordings.to_pylist()
    assert (row["date"], row["video_id"]) == (date, video_id)


def test_one_bad_file_among_many_is_a_row_and_the_rest_goes_on(lab: Lab, video: Path):
    empty = lab.raw / "empty.mp4"
    empty.touch()
    twin = Path(shutil.copy(video, lab.raw / "other.mp4"))
    found = recordings_from_files([empty, video, twin], lab.raw)
    assert found.recordings.column("recording_id").to_pylist() == [ID]
    reasons = {Path(row["item"]).name: row["message"] for row in found.failures.to_pylist()}
    assert "0 bytes" in reasons["empty.mp4"]
    assert "same video" in reasons["other.mp4"]


def test_files_of_one_name_are_told_apart(lab: Lab, video: Path):
    namesake = film(lab.raw / f"{ID}.mkv", steady(RATE, 1.0), rate=RATE)
    first = Path(shutil.copy(video, lab.raw))
    table = recordings_from_files([first, namesake], lab.raw).recordings
    assert table.column("recording_id").to_pylist() == [f"{ID}-mp4", f"{ID}-mkv"]
    assert table.column("video_id").to_pylist() == ["M2U00244"] * 2
    assert table.column("part").to_pylist() == ["mp4", "mkv"]


def test_nothing_to_read_is_an_error(lab: Lab):
    with pytest.raises(SourceError, match="name at least one"):
        recordings_from_files([], lab.raw)
    with pytest.raises(SourceError, match=r"missing\.mp4 is not there.*No file can be taken"):
        recordings_from_files([lab.raw / "missing.mp4"], lab.raw)


def test_a_whole_source_is_read(filled: Lab):
    source = read_source(filled.raw)
    assert source.cages.num_rows == 3
    assert source.recordings.num_rows == 1


def test_a_folder_without_tables_is_refused(lab: Lab):
    with pytest.raises(SourceError, match=r"is empty: no recordings\.parquet.*rodepil simulate"):
        read_source(lab.raw)
    with pytest.raises(SourceError, match="nowhere is not there"):
        read_source(lab.folder / "nowhere")
    (lab.raw / "recordings.parquet").write_bytes(b"no parquet")
    (lab.raw / "cages.parquet").touch()
    remedy = r"no annotations\.parquet\..*'rodepil annotations import FILE --watched all"
    with pytest.raises(SourceError, match=remedy):
        read_source(lab.raw)
    (lab.raw / "cages.parquet").rename(lab.raw / "annotations.parquet")
    with pytest.raises(SourceError, match=r"no cages\.parquet\..*'rodepil cages draw RECORDING"):
        read_source(lab.raw)
    (lab.raw / "cages.parquet").touch()
    (lab.raw / "annotations.parquet").touch()
    with pytest.raises(TableError, match=r"recordings\.parquet can't be read"):
        read_source(lab.raw)


def test_taken_tables_lead_to_the_same_videos_without_copying_them(filled: Lab):
    raw = filled.folder / "project" / "data" / "raw"
    take_tables(filled.raw, raw)
    source = read_source(raw)
    (path,) = source.recordings.column("path").to_pylist()
    assert (raw / path).samefile(filled.raw / f"{ID}.mp4")
    assert not list(raw.glob("*.mp4"))
    assert source.annotations.equals(read_source(filled.raw).annotations)


def test_taken_tables_lead_to_their_videos_behind_links_to_other_disks(
    filled: Lab, small: CurateSettings
):
    project, disk = filled.folder / "project", filled.folder / "disk" / "far" / "off"
    for folder in (project, disk, disk / "imports"):
        folder.mkdir(parents=True)
    (project / "data").symlink_to(disk)
    (project / "mine").symlink_to(disk / "imports")
    (disk / "videos").mkdir()
    shutil.move(filled.raw / f"{ID}.mp4", disk / "videos")
    rows = tables.read("recordings", filled.raw / "recordings.parquet").to_pylist()
    made = tables.from_rows("recordings", [row | {"path": f"../videos/{ID}.mp4"} for row in rows])
    tables.write("recordings", made, disk / "imports" / "recordings.parquet")
    for name in ("cages", "annotations"):
        shutil.copy(filled.raw / f"{name}.parquet", disk / "imports")
    raw = project / "data" / "raw"
    take_tables(project / "mine", raw)
    (path,) = read_source(raw).recordings.column("path").to_pylist()
    assert (raw / path).samefile(disk / "videos" / f"{ID}.mp4")
    clips = project / "data" / "clips"
    found = curate(raw, small, clips, clips.with_suffix(".parquet"), processes=1)
    assert (found.kept, found.failures.num_rows) == (3, 0)


def changed(lab: Lab, name: str, change: Callable[[list[Row]], list[Row]]) -> None:
    """Check the lab's tables with one of them changed."""
    source = read_source(lab.raw)
    read = {
        "recordings": source.recordings,
        "cages": source.cages,
        "annotations": source.annotations,
    }
    read[name] = tables.from_rows(name, change(read[name].to_pylist()))
    check_tables(**read)


def annotated(lab: Lab, rows: list[Row]) -> None:
    """Check the lab's tables with these annotations."""
    changed(lab, "annotations", lambda _: rows)


@pytest.mark.parametrize(
    ("name", "change", "error", "says"),
    [
        ("recordings", lambda rows: rows[:0], SourceError, "is empty"),
        ("recordings", lambda rows: [*rows, *rows], SourceError, f"recording_id {ID}"),
        ("recordings", lambda rows: [rows[0] | {"recording_id": "../x"}], SourceError, "a slash"),
        ("recordings", lambda rows: [rows[0] | {"fps": "30/0"}], SourceError, "fps '30/0'"),
        ("recordings", lambda rows: [rows[0] | {"fps": "fast"}], SourceError, "fps 'fast'"),
        ("recordings", lambda rows: [rows[0] | {"n_frames": 0}], SourceError, "0 frames"),
        ("recordings", lambda rows: [rows[0] | {"date": "1.2.19"}], SourceError, "date '1.2.19'"),
        ("recordings", lambda rows: [rows[0] | {"video_id": "a_b"}], SourceError, "'a_b'"),
        (
            "recordings",
            lambda rows: [*rows, rows[0] | {"recording_id": "x", "video_id": "x"}],
            SourceError,
            "content",
        ),
        ("cages", lambda rows: rows[:0], CageError, "has no cage"),
        ("cages", lambda rows: [rows[0] | {"x_px": 129}], CageError, "x=129 y=0 64x128"),
        ("cages", lambda rows: [rows[0] | {"y_px": -1}], CageError, "outside the frame of 192x128"),
        ("cages", lambda rows: [rows[0] | {"width_px": 0}], CageError, "0x128 px is under 16"),
        ("cages", lambda rows: [rows[0] | {"subject_id": "7_1"}], CageError, "underscore"),
        ("cages", lambda rows: [rows[0] | {"recording_id": "y"}], CageError, "no such recording"),
        ("cages", lambda rows: [rows[0], rows[1] | {"position": 0}], CageError, "position stand"),
        ("cages", lambda rows: [rows[0], rows[1] | {"x_px": 0}], CageError, "box stand twice"),
        (
            "cages",
            lambda rows: [rows[0], rows[1] | {"subject_id": "70-0"}],
            CageError,
            "subject stand twice",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_row(
    filled: Lab,
    name: str,
    change: Callable[[list[Row]], list[Row]],
    error: type[RodepilError],
    says: str,
):
    with pytest.raises(error) as caught:
        changed(filled, name, change)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (seizure(ID, 0, 1, 1), "after its start"),
        (seizure(ID, 0, 1.5, 1), "after its start"),
        (seizure(ID, 0, float("nan"), 1), "after its start"),
        (seizure(ID, 0, -1, 1), "starts before"),
        (seizure(ID, 0, 1, 2.1), "end at 2 s"),
        (seizure(ID, 3, 0, 1), "has no cage"),
        (seizure("z", 0, 0, 1), "no such recording"),
        (seizure(ID, 0, 0, 1, 1.5), "agreement 1.5"),
        (seizure(ID, 0, 0, 1) | {"label": "Seizure"}, "the label is none of seizure, others"),
    ],
)
def test_an_impossible_annotation_is_refused_with_its_row(filled: Lab, row: Row, says: str):
    with pytest.raises(AnnotationError, match=r"annotation 2 \(") as caught:
        annotated(filled, [seizure(ID, 0, 0, 1), row])
    assert says in str(caught.value)


def test_all_problems_are_said_at_once(filled: Lab):
    wrong = [seizure(ID, position, 1, 0) for position in (0, 1, 2, 0, 1, 2, 0)]
    with pytest.raises(AnnotationError, match=r"annotation 1 .*annotation 5 .*and 2 more.*Mend"):
        annotated(filled, wrong)


def test_an_annotation_may_end_with_the_last_frame(filled: Lab):
    annotated(filled, [seizure(ID, 0, 0, 2.0)])
    with pytest.raises(AnnotationError, match="annotation 1"):
        annotated(filled, [seizure(ID, 0, 0, 2.1)])
