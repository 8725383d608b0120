"""Annotation files are read whole, written back, counted, and refused with reasons."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rodepil.data.ratseizure import (
    LABEL_IDS,
    RatSeizureClip,
    class_counts,
    read_annotations,
    unit_of,
    write_annotations,
)
from rodepil.errors import AnnotationError, TableError
from rodepil.io import tables
from tests.data.ratseizure.conftest import COUNTS, NAMES, clip, segment, whole_size

Write = Callable[..., Path]


def test_the_labels_are_those_of_the_data_by_id():
    assert tuple(LABEL_IDS) == NAMES
    assert list(LABEL_IDS.values()) == list(range(14))


@pytest.mark.parametrize(
    ("label", "label_id", "unit"),
    [
        ("Wet-dog_shakes", None, "wet dog shakes"),
        ("others (normal)", 0, "others"),
        ("WildRunning", 11, "wild running"),
        (None, 13, "tonic extension"),
        ("WDS", 3, "wet dog shakes"),
    ],
)
def test_a_label_is_known_however_it_is_written(label: str, label_id: int, unit: str):
    assert unit_of(label, label_id, {"wds": "wet dog shakes"}) == unit


def test_a_file_of_the_published_size_is_read_whole(write: Write):
    read = read_annotations(write(whole_size()))
    assert (len(read.clips), read.events.num_rows, read.refused) == (794, 1287, ())
    assert [read.side(side).num_rows for side in ("training", "testing")] == [836, 451]
    counts = class_counts(read)
    assert counts.column("label").to_pylist() == list(NAMES)
    for side, wanted in COUNTS.items():
        assert counts.column(side).to_pylist() == list(wanted)


def test_the_split_and_the_times_are_taken_as_they_stand(write: Write):
    read = read_annotations(
        write(
            {
                "a_1": clip(segment(0, 4, 9), segment(3, 10, 0)),
                "b_2": clip(subset="testing", duration=9.98),
            }
        ),
        subjects={"a_1": "70-3"},
    )
    assert read.clips == (
        RatSeizureClip("a_1", "training", 10.0),
        RatSeizureClip("b_2", "testing", 9.98),
    )
    assert read.events.to_pylist() == [
        {"recording_id": "a_1", "position": 0, "subject_id": "70-3", "start_s": 0.0,
         "end_s": 4.0, "label": "rearing", "score": 1.0},
        {"recording_id": "a_1", "position": 0, "subject_id": "70-3", "start_s": 3.0,
         "end_s": 10.0, "label": "others", "score": 1.0},
    ]  # fmt: skip


def test_counts_by_hand(write: Write):
    read = read_annotations(
        write(
            {
                "a": clip(segment(0, 4, 9), segment(2, 5, 9), segment(1, 2, 13)),
                "b": clip(segment(0, 10, 9)),
                "c": clip(segment(0, 1, 9), subset="testing"),
            }
        )
    )
    rows = {row.pop("label"): row for row in class_counts(read).to_pylist()}
    assert rows["rearing"] == {
        "label_id": 9, "training": 3, "training_clips": 2, "training_s": 17.0,
        "testing": 1, "testing_clips": 1, "testing_s": 1.0,
    }  # fmt: skip
    assert rows["staring"]["training"] == rows["staring"]["testing_clips"] == 0


def test_overlaps_are_kept_and_counted(write: Write):
    read = read_annotations(
        write(
            {
                "a": clip(segment(0, 4, 9), segment(3, 6, 9), segment(3, 5, 1), segment(6, 8, 1)),
                "b": clip(segment(0, 4, 9)),
            }
        )
    )
    assert read.events.num_rows == 5
    # Touching at 6 s is no overlap, and another clip's segment overlaps none.
    assert read.overlapping == (3, 1)
    assert "overlapping pairs of segments: 3, of one label 1" in read.lines()


def test_writing_and_reading_gives_the_same(write: Write, tmp_path: Path):
    read = read_annotations(write(whole_size()))
    write_annotations(tmp_path / "again" / "written.json", read.clips, read.events)
    again = read_annotations(tmp_path / "again" / "written.json")
    assert again.subset_of == read.subset_of
    order = [(name, "ascending") for name in ("recording_id", "start_s", "end_s", "label")]
    assert again.events.sort_by(order).equals(read.events.sort_by(order))
    stored = json.loads((tmp_path / "again" / "written.json").read_text("utf-8"))
    assert stored == {"database": whole_size()}


BAD_SEGMENTS = [
    (segment(4, 12, 9), "segment 4-12 s ends past the clip's 10 s"),
    (segment(5, 2, 9), "segment 5-2 s is reversed"),
    (segment(5, 5, 9), "segment 5-5 s has zero length"),
    (segment(-1, 5, 9), "starts before the clip"),
    ({"segment": [0, 4], "label": "sneezing", "label_id": 3}, "label 'sneezing' is none of"),
    ({"segment": [0, 4], "label": "rearing", "label_id": 10}, "has id 9, but label_id 10 is 'fal"),
    ({"segment": [0, 4], "label": "rearing", "label_id": 14}, "label_id 14 is none of 0 to 13"),
    ({"segment": [0, 4], "label_id": True}, "label_id True is none"),
    ({"segment": [0, 4], "label": 9}, "label 9 is no text"),
    ({"segment": [0, 4]}, "neither label nor label_id"),
    ({"segment": [0], "label_id": 9}, "no pair of seconds"),
    ({"segment": [0, None], "label_id": 9}, "no pair of seconds"),
    ({"segment": [0, float("nan")], "label_id": 9}, "no pair of seconds"),
    ({"segment": [0, 10**400], "label_id": 9}, "no pair of seconds"),
    ({"label_id": 9}, "segment None is no pair"),
    ("0-4 rearing", "is no segment"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD_SEGMENTS)
def test_a_bad_segment_is_an_error_or_a_stated_row(write: Write, bad: Any, reason: str):
    path = write({"a": clip(segment(0, 4, 9), bad), "b": clip()})
    with pytest.raises(AnnotationError, match=r"segment 2 of 'a': .*--keep-going") as error:
        read_annotations(path)
    assert reason in str(error.value)
    read = read_annotations(path, keep_going=True)
    assert read.events.num_rows == 1
    assert [(one.video_id, one.number) for one in read.refused] == [("a", 2)]
    assert reason in read.refused[0].reason
    assert read.lines()[-1] == str(read.refused[0])


def test_every_segment_is_an_event_or_refused(write: Write):
    bad = [one for one, _ in BAD_SEGMENTS]
    database = {f"v{number}": clip(segment(1, 2, 0), one) for number, one in enumerate(bad)}
    read = read_annotations(write(database), keep_going=True)
    assert read.events.num_rows == len(read.refused) == len(bad)


def test_a_segment_may_end_a_frame_past_its_clip(write: Write):
    read = read_annotations(write({"a": clip(segment(0, 10, 9), duration=9.967)}))
    assert read.events.column("end_s").to_pylist() == [10.0]


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (clip(subset="validation"), "subset 'validation' is none of training, testing"),
        ({"duration": 10, "annotations": []}, "subset None"),
        (clip(duration=0), "duration 0 is no number"),
        ({"subset": "training", "annotations": []}, "duration None"),
        ({"subset": "training", "duration": 10}, "it has no list 'annotations'"),
        ([], r"\[\] is no clip"),
    ],
)
def test_a_bad_clip_is_an_error(write: Write, entry: object, reason: str):
    with pytest.raises(AnnotationError, match=f"clip 'a': {reason}"):
        read_annotations(write({"a": entry}), keep_going=True)


def test_a_clip_that_stands_twice_is_an_error(tmp_path: Path):
    path = tmp_path / "twice.json"
    one = json.dumps(clip(segment(0, 4, 9)))
    path.write_text(f'{{"database": {{"a": {one}, "a": {one}}}}}', "utf-8")
    with pytest.raises(AnnotationError, match="'a' stand twice"):
        read_annotations(path)


@pytest.mark.parametrize("text", ["", "[1, 2]", "{}", '{"database": {}}', '{"database": [', "\xff"])
def test_what_is_no_annotation_file_is_an_error(tmp_path: Path, text: str):
    path = tmp_path / "no.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(AnnotationError, match=r"no\.json"):
        read_annotations(path)
    with pytest.raises(AnnotationError, match="no annotation file"):
        read_annotations(tmp_path / "none.json")


def test_a_subject_of_no_clip_is_an_error(write: Write):
    with pytest.raises(AnnotationError, match="the clip 'z', which"):
        read_annotations(write({"a": clip()}), subjects={"z": "70-1"})


def event(**changed: object) -> pa.Table:
    row = {
        "recording_id": "a", "position": 0, "subject_id": "unknown", "start_s": 0.0,
        "end_s": 4.0, "label": "rearing", "score": 1.0,
    }  # fmt: skip
    return tables.from_rows("events", [row | changed])


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"recording_id": "z"}, "its clip is not given"),
        ({"position": 2}, "position 2"),
        ({"label": "seizure"}, "label 'seizure' is no action unit"),
        ({"end_s": 11.0}, "0-11 s is no stretch of its 10 s"),
        ({"end_s": float("nan")}, "no stretch"),
        ({"score": 0.5}, "score 0.5; the form holds no scores"),
    ],
)
def test_what_the_form_cannot_say_is_not_written(
    tmp_path: Path, changed: dict[str, object], reason: str
):
    path = tmp_path / "written.json"
    with pytest.raises(AnnotationError, match=reason):
        write_annotations(path, [RatSeizureClip("a", "training", 10.0)], event(**changed))
    assert not path.exists()


def test_impossible_clips_are_not_written(tmp_path: Path):
    one = RatSeizureClip("a", "training", 10.0)
    with pytest.raises(AnnotationError, match="clip 'a' stands twice"):
        write_annotations(tmp_path / "w.json", [one, one], event())
    with pytest.raises(AnnotationError, match="it lasts 0 s"):
        write_annotations(tmp_path / "w.json", [one, RatSeizureClip("b", "testing", 0)], event())
    with pytest.raises(TableError, match="missing columns"):
        write_annotations(tmp_path / "w.json", [one], event().drop_columns(["label"]))
