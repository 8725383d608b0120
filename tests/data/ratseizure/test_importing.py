"""RatSeizure comes in as a whole, or not at all; with --keep-going each refusal is a row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rodepil.data.ratseizure.importing import Given, ImportedUnits, import_units
from rodepil.data.ratseizure.source import read_units
from rodepil.errors import AnnotationError, CageError, SourceError
from rodepil.io import tables
from rodepil.io.sequences import SequenceForm
from tests.data.conftest import film, steady
from tests.data.ratseizure.conftest import CLIPS, COUNTS, clip, segment, whole_size

FORM = SequenceForm(30.0, 16, 4)
SMALL = {
    "a": clip(segment(0, 10, 3)),
    "b": clip(segment(2, 5, 0)),
    "c": clip(segment(1, 2, 13), subset="testing"),
}


def write_source(folder: Path, database: dict[str, Any], width: int = 6) -> Given:
    """Write annotations, and random features of 72 windows for each clip."""
    (folder / "features").mkdir(parents=True)
    rng = np.random.default_rng(1)
    for name in database:
        np.save(folder / "features" / f"{name}.npy", rng.normal(size=(72, width)).astype("f4"))
    (folder / "annotations.json").write_text(json.dumps({"database": database}))
    return Given(folder / "annotations.json", folder / "features")


def run(given: Given, tmp_path: Path, **more: Any) -> ImportedUnits:
    return import_units(given, tmp_path / "data" / "source", FORM, **more)


def test_the_published_size_comes_in_with_its_counts(tmp_path: Path) -> None:
    imported = run(write_source(tmp_path, whole_size(), 2), tmp_path)
    assert imported.features == sum(CLIPS.values()) == 794
    assert imported.annotations.events.num_rows == sum(map(sum, COUNTS.values())) == 1287
    said = str(imported).splitlines()
    assert "training: 513 clips, 836 segments" in said
    assert "testing: 281 clips, 451 segments" in said
    assert not imported.failures.num_rows


def test_the_folder_holds_what_was_given_bit_by_bit(tmp_path: Path) -> None:
    given = write_source(tmp_path, SMALL)
    (tmp_path / "who.csv").write_text("video_id,subject_id\na,rat 1\nc,rat 2\n")
    imported = run(Given(given.annotations, given.features, None, tmp_path / "who.csv"), tmp_path)
    held = read_units(imported.folder)
    assert held.subjects == {"a": "rat 1", "c": "rat 2"}
    assert held.told_subjects() == {"a": "rat 1", "b": "b", "c": "rat 2"}
    for name, path in held.features.items():
        assert path.read_bytes() == (tmp_path / "features" / f"{name}.npy").read_bytes()
    columns = ["recording_id", "start_s", "end_s", "label"]
    assert held.annotations.events.select(columns).to_pylist() == [
        dict(zip(columns, row, strict=True))
        for row in [
            ("a", 0.0, 10.0, "wet dog shakes"),
            ("b", 2.0, 5.0, "others"),
            ("c", 1.0, 2.0, "tonic extension"),
        ]
    ]


def test_a_second_import_replaces_the_first(tmp_path: Path) -> None:
    run(write_source(tmp_path / "one", SMALL), tmp_path)
    imported = run(write_source(tmp_path / "two", {"z": clip(segment(0, 1, 1))}), tmp_path)
    assert sorted(read_units(imported.folder).features) == ["z"]
    assert [one.video_id for one in read_units(imported.folder).annotations.clips] == ["z"]


def break_files(folder: Path) -> None:
    """Break the features of b to f, each in its own way, and add a stranger's."""
    good = np.load(folder / "a.npy")
    (folder / "b.npy").unlink()
    np.save(folder / "c.npy", good.T)
    np.save(folder / "d.npy", np.where(good == good[9, 1], np.inf, good))
    np.save(folder / "e.npy", good[:36])
    np.save(folder / "f.npy", np.hstack([good, good]))
    np.save(folder / "stranger.npy", good)


REFUSED = {
    "clip 'b' has no features": "SourceError",
    "c.npy is transposed": "FeatureError",
    "d.npy holds 1 value that is no finite float32, the first in window 9, place 1":
        "FeatureError",
    "e.npy has 36 windows; 10 s at 30 fps have 72": "FeatureError",
    "f.npy has features of width 12, wanted 6": "FeatureError",
}  # fmt: skip


def test_nothing_is_written_where_a_file_is_bad_and_what_was_there_stays(tmp_path: Path) -> None:
    imported = run(write_source(tmp_path / "one", SMALL), tmp_path)
    given = write_source(tmp_path / "two", {name: clip() for name in "abcdefg"})
    break_files(tmp_path / "two" / "features")
    with pytest.raises(SourceError, match="or take the others with --keep-going"):
        run(given, tmp_path)
    assert sorted(read_units(imported.folder).features) == ["a", "b", "c"]
    assert not list((tmp_path / "data").glob("*.tmp*"))


def test_with_keep_going_every_refusal_is_a_row(tmp_path: Path) -> None:
    database = {name: clip(segment(0, 2, 5), segment(4, 3, 5)) for name in "abcdefg"}
    given = write_source(tmp_path, database)
    break_files(tmp_path / "features")
    imported = run(given, tmp_path, keep_going=True)
    rows = tables.read("failures", imported.folder / "failures.parquet").to_pylist()
    for said, error in REFUSED.items():
        (row,) = [row for row in rows if said in row["message"]]
        assert row["error"] == error
    assert len(rows) == len(REFUSED)
    assert imported.features == 2
    assert [path.name for path in imported.strange] == ["stranger.npy"]
    assert len(imported.annotations.refused) == 7
    held = read_units(imported.folder)
    assert sorted(held.features) == ["a", "g"]
    assert len(held.annotations.clips) == held.annotations.events.num_rows == 7
    said = str(imported).splitlines()
    assert "segment 2 of 'g': segment 4-3 s is reversed" in said
    assert said[0].startswith("2 clips with 2 segments, 2 files of features and 0 videos are in")
    assert "training: 2 clips, 2 segments" in said
    assert "5 clips are left out for want of a sound file: b, c, d, e, f" in said


def test_videos_are_decoded_and_odd_lengths_told(tmp_path: Path) -> None:
    folder = tmp_path / "videos" / "deep"
    folder.mkdir(parents=True)
    film(folder / "a.mp4", steady(30, 1.0))
    film(folder / "b.MP4".lower(), steady(30, 0.5))
    (folder / "c.mp4").write_bytes(b"no video")
    database = {name: clip(duration=1.0) for name in "abc"}
    (tmp_path / "annotations.json").write_text(json.dumps({"database": database}))
    given = Given(tmp_path / "annotations.json", None, tmp_path / "videos")
    with pytest.raises(SourceError, match=r"c\.mp4"):
        run(given, tmp_path)
    imported = run(given, tmp_path, keep_going=True)
    assert imported.videos == 2
    assert imported.notes == ("'b' lasts 0.5 s, its annotations say 1 s",)
    assert sorted(read_units(imported.folder).videos) == ["a", "b"]


def test_what_can_be_no_import_is_refused(tmp_path: Path) -> None:
    given = write_source(tmp_path, SMALL)
    with pytest.raises(SourceError, match="give --features DIR, --videos DIR, or both"):
        run(Given(given.annotations), tmp_path)
    with pytest.raises(SourceError, match="is no folder"):
        run(Given(given.annotations, tmp_path / "nowhere"), tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="No clip has a sound file"):
        run(Given(given.annotations, tmp_path / "empty"), tmp_path, keep_going=True)
    (tmp_path / "features" / "more").mkdir()
    np.save(tmp_path / "features" / "more" / "a.npy", np.ones((72, 6), np.float32))
    with pytest.raises(SourceError, match="'a' has two files"):
        run(given, tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("video_id,rat\na,1\n", "no column 'subject_id'"),
        ("video_id,subject_id\na,\n", "line 2 lacks"),
        ("video_id,subject_id\na,1\na,2\n", "clip 'a' is of '1' and of '2'"),
        ("video_id,subject_id\nstranger,1\n", "the clip 'stranger', which the file does not hold"),
    ],
)
def test_a_list_of_subjects_that_can_not_be_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    given = write_source(tmp_path, SMALL)
    (tmp_path / "who.csv").write_text(text)
    with pytest.raises(AnnotationError, match=said):
        run(Given(given.annotations, given.features, None, tmp_path / "who.csv"), tmp_path)


def test_boxes_of_no_clip_and_clips_without_a_box_are_told(tmp_path: Path) -> None:
    given = write_source(tmp_path, SMALL)
    row = {"position": 0, "subject_id": "u", "x_px": 0, "y_px": 0, "width_px": 9, "height_px": 9}
    boxes = [row | {"recording_id": name} for name in ("a", "A", "a_flip")]
    tables.write("cages", tables.from_rows("cages", boxes), tmp_path / "cages.parquet")
    cages = tmp_path / "cages.parquet"
    notes = run(Given(given.annotations, given.features, cages=cages), tmp_path).notes
    assert "2 boxes are of no clip, and left out of account: A, a_flip" in notes
    assert "2 clips have no box, so that the whole frame is looked at: b, c" in notes


HEAD = "recording,position,subject,x,y,width,height\n"


def test_boxes_come_as_the_sheet_that_region_find_writes(tmp_path: Path) -> None:
    given = write_source(tmp_path, SMALL)
    (tmp_path / "boxes.csv").write_text(
        HEAD + "a,0,unknown,1,2,30,40\nD:\\b.mp4,0,unknown,3,4,50,60\n"
    )
    cages = tmp_path / "boxes.csv"
    imported = run(Given(given.annotations, given.features, cages=cages), tmp_path)
    assert read_units(imported.folder).boxes == {"a": (1, 2, 30, 40), "b": (3, 4, 50, 60)}
    assert "1 clip has no box, so that the whole frame is looked at: c" in imported.notes


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("z,0,u,0,0,20,20\n", r"no box in .*boxes\.csv is of a clip: it names \['z'\]"),
        ("a,0,u,0,0,20,20\na,1,u,1,1,20,20\n", "clip 'a' has two boxes"),
        ("a,0,u,0,0,wide,20\n", "line 2: width is 'wide'"),
        ("a,0,u,0,0,20,9000\n", "'a': the box x=0 y=0 20x9000 px lies not whole in the frame"),
    ],
)
def test_boxes_that_cant_be_are_told_before_videos_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: str, said: str
) -> None:
    (tmp_path / "videos").mkdir()
    film(tmp_path / "videos" / "a.mp4", steady(30, 1.0))
    (tmp_path / "annotations.json").write_text(json.dumps({"database": {"a": clip(duration=1.0)}}))
    (tmp_path / "boxes.csv").write_text(HEAD + rows)

    def untouchable(*_: object) -> None:
        raise AssertionError("videos are decoded")

    monkeypatch.setattr("rodepil.data.ratseizure.importing.check_videos", untouchable)
    cages = tmp_path / "boxes.csv"
    with pytest.raises((SourceError, CageError), match=said):
        run(Given(tmp_path / "annotations.json", None, tmp_path / "videos", cages=cages), tmp_path)
