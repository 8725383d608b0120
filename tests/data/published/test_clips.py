"""Published clips become recordings of one cage; what contradicts itself is refused and named."""

from __future__ import annotations

import hashlib
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from rodepil.config.settings import CurateSettings
from rodepil.data.curate import curate
from rodepil.data.lab import register
from rodepil.data.published.clips import ImportedClips, import_clips
from rodepil.data.sources import read_source
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.names import parse_clip_name
from tests.data.published.importing import SHORT, ids, read, renamed, run
from tests.published_clips import NORMAL, ROOT, Made, film_clip, make_published


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder like the unpacked record: five animals, three clips each."""
    folder = tmp_path_factory.mktemp("published")
    make_published(folder, subjects=5)
    return folder


def reasons(done: ImportedClips) -> dict[str, str]:
    return {Path(row["item"]).name: row["message"] for row in done.failures.to_pylist()}


def test_a_clip_is_a_recording_with_one_cage_and_the_label_of_its_name(published: Path, into: Path):
    done = import_clips([published], into)
    assert (done.clips, done.new, done.positives, done.subjects) == (15, 15, 5, 5)
    source = read_source(into)
    rows = {row["recording_id"]: row for row in source.recordings.to_pylist()}
    for clip in published.rglob("*.avi"):
        row, name = rows[clip.stem], parse_clip_name(clip.name)
        assert (into / row["path"]).samefile(clip)
        assert row["sha256"] == hashlib.sha256(clip.read_bytes()).hexdigest()
        assert (row["date"], row["video_id"]) == (name.date, name.video_id)
        fps, count = ("30", 301) if name.label == "N" else ("29", 291)
        assert (row["fps"], row["n_frames"], row["declared_fps"]) == (fps, count, fps)
        assert (row["container"], row["codec"]) == ("avi", "mpeg4")
        assert (row["session_id"], row["session_start_s"]) == (clip.stem, 0.0)
    for cage in source.cages.to_pylist():
        row, name = rows[cage["recording_id"]], parse_clip_name(f"{cage['recording_id']}.avi")
        assert (cage["position"], cage["subject_id"]) == (name.position, name.rat_id)
        assert (cage["x_px"], cage["y_px"]) == (0, 0)
        assert (cage["width_px"], cage["height_px"]) == (row["width_px"], row["height_px"])
    for mark in source.annotations.to_pylist():
        assert mark["recording_id"].endswith("_S_1")
        assert (mark["start_s"], mark["end_s"]) == (0.0, rows[mark["recording_id"]]["duration_s"])
        assert (mark["label"], mark["annotator"], mark["agreement"]) == ("seizure", "published", 1)


def test_curation_keeps_every_clip_with_a_name_of_its_own_and_its_label(
    published: Path, into: Path, tmp_path: Path
):
    import_clips([published], into)
    settings = CurateSettings(size_px=64, motion_min_share=0.0)
    summary = curate(into, settings, tmp_path / "clips", tmp_path / "clips.parquet")
    rows = summary.clips.to_pylist()
    assert summary.failures.num_rows == 0
    assert len(rows) == len({row["path"] for row in rows}) == 15
    for row in rows:
        name = parse_clip_name(f"{row['recording_id']}.avi")
        made = parse_clip_name(Path(row["path"]).name)
        assert row["kept"]
        assert row["label"] == (name.label == "S")
        assert (row["subject_id"], made.rat_id, made.label) == (*[name.rat_id] * 2, name.label)
        assert (row["fps"], row["n_frames"], row["width_px"]) == ("30", 300, 64)


def test_a_second_import_probes_nothing_and_changes_nothing(
    brief: list[Path], into: Path, monkeypatch: pytest.MonkeyPatch
):
    first = run(into, *brief)
    before = {path: path.stat().st_mtime_ns for path in into.glob("*.parquet")}
    assert len(before) == 3

    def touched(*arguments: object, **named: object) -> None:
        raise AssertionError(arguments, named)

    monkeypatch.setattr(register, "probe_file", touched)
    again = run(into, *brief)
    assert {path: path.stat().st_mtime_ns for path in into.glob("*.parquet")} == before
    assert (first.new, again.new, again.clips, again.failures.num_rows) == (3, 0, 3, 0)


def test_any_layout_suffix_and_spelling_is_found(brief: list[Path], into: Path, tmp_path: Path):
    folder = tmp_path / "čistá data" / "über"
    folder.mkdir(parents=True)
    normal, other, seizure = brief
    moved = [
        shutil.move(normal, folder / normal.name),
        shutil.move(other, folder.parent / f"{other.stem}.AVI"),
        film_clip(folder / "deep" / f"{seizure.stem}.mkv", SHORT, np.random.default_rng(5)),
    ]
    (folder / "notes.txt").write_text("no video")
    (folder / ".hidden.avi").write_bytes(b"x")
    assert run(into, folder.parent).failures.num_rows == 0
    assert ids(into) == sorted(Path(path).stem for path in moved)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("holiday.avi", "1 parts between underscores"),
        ("Feb-1-2019_M2U00244_3_70-3_1153-1168_N_1.avi", "Y is '1', but Label N wants 0"),
        ("Feb-30-2019_M2U00244_3_70-3_1153-1168_N_0.avi", "no date"),
    ],
)
def test_a_name_that_breaks_the_convention_is_refused_and_the_rest_goes_on(
    brief: list[Path], into: Path, name: str, says: str
):
    film_clip(brief[0].with_name(name), SHORT, np.random.default_rng(5))
    done = run(into, brief[0].parents[1])
    assert done.clips == 3
    assert list(reasons(done)) == [name]
    assert says in reasons(done)[name]
    assert str(brief[0].with_name(name)) in reasons(done)[name]


def test_a_folder_that_says_another_label_is_refused_and_both_are_named(
    brief: list[Path], into: Path
):
    normal, _, seizure = brief
    shutil.move(normal, seizure.parent)
    done = run(into, seizure.parents[1])
    assert done.clips == 2
    message = reasons(done)[normal.name]
    assert "its name says Label N, Y 0, and its folder '1' says 1" in message
    assert normal.stem not in ids(into)


def test_of_copies_the_first_is_kept(brief: list[Path], into: Path):
    copy = renamed(brief[0], frames="2000-2015")
    shutil.copy(brief[0], copy)
    done = run(into, brief[0].parents[1])
    assert reasons(done) == {copy.name: f"{copy} holds the same video as {brief[0]}; give it once"}
    assert ids(into) == sorted(path.stem for path in brief)


@pytest.mark.parametrize("said", [{"label": "S"}, {"rat": "9-9"}])
def test_copies_that_contradict_each_other_are_all_refused(
    brief: list[Path], into: Path, said: dict[str, str]
):
    copy = renamed(brief[0], frames="2000-2015", **said)
    shutil.copy(brief[0], copy)
    done = run(into, brief[0].parents[1])
    found = reasons(done)
    assert sorted(found) == sorted([brief[0].name, copy.name])
    for one, other in ((brief[0], copy), (copy, brief[0])):
        assert str(one) in found[one.name]
        assert str(other) in found[one.name]
        assert "disagree on the label or the animal" in found[one.name]
    assert ids(into) == sorted(path.stem for path in brief[1:])


@pytest.mark.parametrize("said", [{"label": "S"}, {"rat": "9-9"}])
def test_two_videos_of_one_cage_and_time_are_both_refused(
    brief: list[Path], into: Path, said: dict[str, str]
):
    rival = film_clip(renamed(brief[0], **said), SHORT, np.random.default_rng(5))
    done = run(into, brief[0].parents[1])
    assert sorted(reasons(done)) == sorted([brief[0].name, rival.name])
    assert "one cage can't be two" in reasons(done)[rival.name]
    assert ids(into) == sorted(path.stem for path in brief[1:])


def test_a_clip_that_is_refused_later_leaves_the_tables(brief: list[Path], into: Path):
    run(into, brief[0].parents[1])
    film_clip(renamed(brief[2], rat="9-9"), SHORT, np.random.default_rng(5))
    run(into, brief[0].parents[1])
    assert ids(into) == sorted(path.stem for path in brief[:2])
    source = read_source(into)  # which checks cages and annotations against recordings
    assert (source.cages.num_rows, source.annotations.num_rows) == (2, 0)


def test_a_clip_whose_video_the_table_holds_by_another_name_is_refused(
    brief: list[Path], into: Path, tmp_path: Path
):
    run(into, *brief)
    copy = tmp_path / "elsewhere" / renamed(brief[0], frames="2000-2015").name
    copy.parent.mkdir()
    shutil.copy(brief[0], copy)
    other = film_clip(copy.with_name(renamed(brief[1], rat="9-9").name), SHORT,
                      np.random.default_rng(5))  # fmt: skip
    new = film_clip(copy.with_name(renamed(brief[1], frames="9-24").name), SHORT,
                    np.random.default_rng(6))  # fmt: skip
    done = run(into, copy.parent)
    assert f"has the video of recording '{brief[0].stem}'" in reasons(done)[copy.name]
    assert f"frames of recording '{brief[1].stem}'" in reasons(done)[other.name]
    assert ids(into) == sorted([*(path.stem for path in brief), new.stem])


def test_what_else_the_tables_hold_stays(brief: list[Path], into: Path):
    run(into, *brief)
    marks = read(into)["annotations"].to_pylist()
    marks.append(marks[0] | {"annotator": "anna", "start_s": 0.25, "end_s": 0.5})
    tables.write(
        "annotations", tables.from_rows("annotations", marks), into / "annotations.parquet"
    )
    film_clip(brief[0], SHORT, np.random.default_rng(7))  # changed, and imported again alone
    done = run(into, brief[0], brief[2])
    assert (done.clips, done.new) == (2, 0)
    found = read(into)
    assert Counter(found["annotations"].column("annotator").to_pylist()) == {
        "published": 1,
        "anna": 1,
    }
    (row,) = [
        row for row in found["recordings"].to_pylist() if row["recording_id"] == brief[0].stem
    ]
    assert row["sha256"] == hashlib.sha256(brief[0].read_bytes()).hexdigest()
    assert ids(into) == sorted(path.stem for path in brief)


def test_files_that_can_not_be_read_are_listed_and_the_rest_goes_on(brief: list[Path], into: Path):
    empty, text, tiny = (renamed(brief[0], frames=f"{n}-{n + 1}") for n in (1, 2, 3))
    empty.touch()
    text.write_text("no video at all")
    film_clip(tiny, Made(30, 30, (12, 64)), np.random.default_rng(5), blob_px=8)
    done = run(into, brief[0].parents[1])
    assert done.clips == 3
    assert "0 bytes" in reasons(done)[empty.name]
    assert "can't be opened as a video" in reasons(done)[text.name]
    assert "a box of 12x64 px is under 16 px" in reasons(done)[tiny.name]


def test_nothing_to_take_is_an_error_that_says_why(into: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match=r"empty holds no video files.*No clip can be taken"):
        run(into, tmp_path / "empty")
    with pytest.raises(SourceError, match=r"missing is not there"):
        run(into, tmp_path / "missing")
    assert not list(into.glob("*.parquet"))


@pytest.mark.parametrize(("n_frames", "kept"), [(299, 2), (295, 1)])
def test_of_a_clip_that_is_short_by_more_than_its_last_frame_curation_says_so(
    into: Path, tmp_path: Path, n_frames: int, kept: int
):
    kinds = {"N": Made(30, n_frames, (64, 64)), "S": NORMAL}
    make_published(tmp_path, subjects=1, normal=1, kinds=kinds)  # type: ignore[arg-type]
    assert run(into, tmp_path / ROOT).clips == 2
    settings = CurateSettings(size_px=64)
    summary = curate(into, settings, tmp_path / "out", tmp_path / "out.parquet", processes=1)
    assert summary.kept == kept
    messages = summary.failures.column("message").to_pylist()
    assert ["lasts 9.83333 s, less than one clip of 10 s" in one for one in messages] == [True] * (
        2 - kept
    )
