"""Files of events in every form, and how well one fits another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from rodepil.data.cages import Cage
from rodepil.detect.event_files import read_events
from rodepil.detect.localize.outcome import Localized, Told, VideoFacts
from rodepil.detect.localize.write import write_localized
from rodepil.detect.score import score_event_files
from rodepil.errors import AnnotationError, SettingError, TableError
from rodepil.io import tables
from tests.data.marks.test_boris import A, B, tabular_9, text

TRUE = [("a", 0.0, 4.0, "rearing"), ("a", 5.0, 9.0, "staring"), ("b", 2.0, 6.0, "rearing")]
SAID = [
    ("a", 0.0, 4.0, "rearing", 0.9),
    ("b", 4.0, 8.0, "rearing", 0.8),  # tIoU 2 / 6
    ("a", 5.0, 9.0, "staring", 0.2),
]


def row(name: str, start_s: float, end_s: float, label: str, score: float = 1.0):
    base = {"recording_id": name, "position": 0, "subject_id": "unknown", "label": label}
    return {**base, "start_s": start_s, "end_s": end_s, "score": score}


def truth_json(path: Path) -> Path:
    database = {
        name: {
            "subset": "testing",
            "duration": 10.0,
            "annotations": [
                {"segment": [start, end], "label": label, "label_id": {"staring": 1}.get(label, 9)}
                for video, start, end, label in TRUE
                if video == name
            ],
        }
        for name in ("a", "b")
    }
    path.write_text(json.dumps({"database": database}), encoding="utf-8")
    return path


def said_in(form: str, folder: Path) -> Path:
    """The predictions as one of the forms that are read."""
    path = folder / f"said.{form.removeprefix('results.')}"
    if form == "parquet":
        tables.write("events", tables.from_rows("events", [row(*one) for one in SAID]), path)
    elif form == "csv":
        lines = [f"{v},{label},{start},{end},{score}" for v, start, end, label, score in SAID]
        text = "\n".join(["recording_id,label,start_s,end_s,score", *lines])
        path.write_text(text, encoding="utf-8")
    else:
        results = {
            name: [
                {"label": label, "score": score, "segment": [start, end]}
                for video, start, end, label, score in SAID
                if video == name
            ]
            for name in ("a", "b")
        }
        path.write_text(json.dumps({"version": "x", "results": results}), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["parquet", "csv", "results.json"])
def test_two_files_of_any_form_are_scored_as_by_hand(tmp_path: Path, form: str) -> None:
    scores = score_event_files(
        said_in(form, tmp_path), truth_json(tmp_path / "true.json"), tious=(0.3, 0.5), fps=1.0
    )
    ap = {(one["label"], one["tiou"]): one["ap"] for one in scores.as_json()["ap"]}
    assert ap == {
        ("rearing", 0.3): 1.0,
        ("rearing", 0.5): 0.5,  # the surer one hits, of two truths
        ("staring", 0.3): 1.0,
        ("staring", 0.5): 1.0,
    }
    assert scores.as_json()["map"] == {"0.3": 1.0, "0.5": 0.75}
    assert scores.as_json()["mean_map"] == pytest.approx(0.875)
    # Of 20 s, a: 4 of staring are not shown (score 0.2); b: 2-4 is missed, 6-8 is too much.
    assert scores.frames.accuracy == pytest.approx((20 - 4 - 2 - 2) / 20)
    assert scores.frames.edit == pytest.approx((0.5 + 1.0) / 2)
    assert scores.notes == ()


def test_without_durations_frames_end_with_the_last_event_and_that_is_noted(
    tmp_path: Path,
) -> None:
    true = tmp_path / "true.csv"
    lines = [f"{name},{start},{end},{label}" for name, start, end, label in TRUE]
    true.write_text("\n".join(["recording_id,start_s,end_s,label", *lines]), encoding="utf-8")
    scores = score_event_files(said_in("parquet", tmp_path), true, fps=1.0)
    assert scores.frames.frames == 9 + 8
    assert "2 videos are" in scores.notes[0]


def test_annotations_of_a_project_are_true_events(tmp_path: Path) -> None:
    rows = [
        {"recording_id": "a", "position": 2, "start_s": 1.0, "end_s": 2.0, "label": "rearing"}
        | {"annotator": "x", "agreement": 0.5}
    ]
    path = tmp_path / "annotations.parquet"
    tables.write("annotations", tables.from_rows("annotations", rows), path)
    assert read_events(path).events.to_pylist() == [row("a", 1.0, 2.0, "rearing") | {"position": 2}]


def test_lines_name_every_class_and_the_means(tmp_path: Path) -> None:
    scores = score_event_files(said_in("csv", tmp_path), truth_json(tmp_path / "true.json"))
    lines = scores.lines()
    assert [line.split("  ")[0] for line in lines[1:4]] == ["rearing", "staring", "mAP"]
    assert lines[1].split()[-1] == "2"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("a,5,3,rearing,0.5", "line 2: 5 to 3 s is no interval"),
        ("a,3,3,rearing,0.5", "no interval"),
        ("a,-1,3,rearing,0.5", "no interval"),
        ("a,x,3,rearing,0.5", "'x' is no time; write seconds, m:ss or h:mm:ss"),
        ("a,1,nan,rearing,0.5", "'nan' is no time"),
        (",1,2,rearing,0.5", "no recording_id"),
        ("a,1,2,,0.5", "no label"),
        ("a,1,,rearing,0.5", "line 2: it has no end_s"),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    path = tmp_path / "said.csv"
    path.write_text(f"recording_id,start_s,end_s,label,score\n{line}\n", encoding="utf-8")
    with pytest.raises(AnnotationError, match=told):
        read_events(path)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("gone.csv", None, "no file"),
        ("said.txt", b"x", "lacks the columns .* or give a sheet that BORIS exports"),
        ("said.xls", b"x", r"ends in \.parquet, \.json, \.csv, \.tsv, \.txt, \.xlsx"),
        ("said.csv", b"start,stop\n1,2\n", "lacks the columns"),
        ("said.csv", b"\xff\xfe\x00", "lacks the columns"),
        ("said.json", b"{", "JSON"),
        ("said.parquet", b"PAR1", "Parquet"),
    ],
)
def test_what_is_no_file_of_events_is_told(
    tmp_path: Path, name: str, content: bytes | None, told: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(TableError, match=told):
        read_events(tmp_path / name)


def test_files_that_name_no_video_alike_are_refused(tmp_path: Path) -> None:
    said = tmp_path / "said.csv"
    said.write_text("recording_id,start_s,end_s,label\nz,1,2,rearing\n", encoding="utf-8")
    with pytest.raises(AnnotationError, match="name no video alike"):
        score_event_files(said, truth_json(tmp_path / "true.json"))


def test_no_truth_and_an_impossible_threshold_are_refused(tmp_path: Path) -> None:
    empty = tmp_path / "true.csv"
    empty.write_text("recording_id,start_s,end_s,label\n", encoding="utf-8")
    said = said_in("csv", tmp_path)
    with pytest.raises(AnnotationError, match="holds no event"):
        score_event_files(said, empty)
    with pytest.raises(SettingError, match="tIoU"):
        score_event_files(said, truth_json(tmp_path / "t.json"), tious=(1.5,))


def test_cages_and_animals_may_be_written_as_numbers(tmp_path: Path) -> None:
    """Spreadsheets write 1 as 1.0, and other programs' JSON names animals by numbers."""
    sheet, listed = tmp_path / "found.csv", tmp_path / "found.json"
    sheet.write_text("recording_id,position,start_s,end_s,label\na,1.0,0,4,rearing\n")
    segment = {"segment": [0, 4], "label": "rearing", "score": 0.5, "subject_id": 7, "position": 1}
    listed.write_text(json.dumps({"results": {"a": [segment]}}))
    (one,), (other,) = (read_events(path).events.to_pylist() for path in (sheet, listed))
    assert (one["position"], other["position"], other["subject_id"]) == (1, 1, "7")
    for wrong, told in (({"position": 1.5}, "'1.5' is no number of a cage"),
                        ({"position": []}, "segment 1 of 'a'"),
                        ({"subject_id": ["x"]}, r"subject_id \['x'\] is no name")):  # fmt: skip
        listed.write_text(json.dumps({"results": {"a": [segment | wrong]}}))
        with pytest.raises(AnnotationError, match=told):
            read_events(listed)


CAGES = (Cage("v", 0, "70-1", 0, 0, 64, 64), Cage("v", 1, "70-2", 64, 0, 64, 64))


def localized_in(folder: Path, *, named: bool) -> Path:
    """Write what localizing finds in two cages of a video of 20 s; two events of one overlap."""
    rows = [
        row("v", 0, 4, "rearing", 0.9) | {"subject_id": "70-1"},
        row("v", 3, 6, "rearing", 0.8) | {"subject_id": "70-1"},
        row("v", 10, 12, "staring", 0.7) | {"subject_id": "70-2", "position": 1},
        row("v", 13, 14, "staring", 0.1) | {"subject_id": "70-2", "position": 1},
    ]
    events, video = tables.from_rows("events", rows), folder / "deep" / "v.mp4"
    facts = VideoFacts("v", str(video), "0" * 64, 25.0, 500, 20.0, CAGES)
    about = {"learned_from_data": "noise", "min_score": 0.3}
    found = Localized(events, Told(0.3).of(events), (facts,), (), about)
    write_localized(found, folder / "found", named=named)
    return folder / "found"


@pytest.mark.parametrize("named", [False, True])
def test_a_sheet_for_boris_holds_the_events_of_the_csv(tmp_path: Path, *, named: bool) -> None:
    out = localized_in(tmp_path, named=named)
    columns = ["recording_id", "position", "start_s", "end_s", "label", "score"]
    sheets = [read_events(out / name).events for name in ("boris.tsv", "events.csv")]
    boris, told = (
        sorted(tuple(one.values()) for one in sheet.select(columns).to_pylist()) for sheet in sheets
    )
    assert (
        boris == told == [("v", 0, 0.0, 6.0, "rearing", 0.9), ("v", 1, 10.0, 12.0, "staring", 0.7)]
    )
    (out / "about.json").unlink()  # the sheet went its own way
    if named:
        with pytest.raises(AnnotationError, match="in which cages 70-1, 70-2 are; call subjects"):
            read_events(out / "boris.tsv")
    else:
        assert read_events(out / "boris.tsv").durations_s == {"v/0": 20.0, "v/1": 20.0}


def test_lengths_beside_the_events_count_where_there_is_truth(tmp_path: Path) -> None:
    out, true = localized_in(tmp_path, named=True), tmp_path / "true.csv"
    true.write_text("recording_id,position,start_s,end_s,label\nv,0,0,6,rearing\n")
    scores = score_event_files(out / "events.parquet", true, fps=1.0)
    # Both cages have events, so 2 x 20 s; of cage 1 nobody said what is true.
    assert scores.frames.frames == 40
    assert scores.notes == ("1 video has predictions and no truth: all are false positives",)
    true.write_text("recording_id,position,start_s,end_s,label\nv,0,0,6,rearing\nv,1,1,2,staring\n")
    assert score_event_files(out / "events.parquet", true, fps=1.0).notes == ()


@pytest.mark.parametrize("name", ["events.csv", "boris.tsv"])
def test_merged_events_are_scored_with_a_word_of_warning(tmp_path: Path, name: str) -> None:
    out, true = localized_in(tmp_path, named=True), tmp_path / "true.csv"
    true.write_text("recording_id,position,start_s,end_s,label\nv,0,0,6,rearing\n")
    (note, *_) = score_event_files(out / name, true, fps=1.0).notes
    assert "score 0.3 or more, merged" in note
    assert note.endswith(str(out / "events.parquet"))


def test_an_export_of_a_person_names_animals_that_the_found_events_place(tmp_path: Path) -> None:
    out = localized_in(tmp_path, named=True)
    rows = [
        ("70-1", "Rearing", "", "START", 0.0),
        ("70-1", "Rearing", "", "STOP", 6.0),
        ("70-2", "staring", "", "START", 10.0),
        ("70-2", "staring", "", "STOP", 12.0),
    ]
    sheet = text(tabular_9(*rows, source="player #1:D:\\films\\v.mp4")).replace(
        "600.000;600.000", "20"
    )
    (tmp_path / "true.tsv").write_text(sheet, encoding="utf-8")
    scores = score_event_files(out / "events.parquet", tmp_path / "true.tsv", tious=(0.5,), fps=1.0)
    # rearing: 0-4 of 0-6 is tIoU 2/3, and the surest; staring: the surer one is exact.
    assert scores.as_json()["map"] == {"0.5": 1.0}
    assert scores.notes == ()


def test_an_observation_over_two_films_is_parted_and_its_offset_taken_off(tmp_path: Path) -> None:
    rows = [("", "rearing", "", "START", 690.0), ("", "rearing", "", "STOP", 715.0)]
    path = tmp_path / "true.csv"
    path.write_text(text(tabular_9(*rows, offset="100"), ","), encoding="utf-8")
    read = read_events(path)
    names = [PurePosixPath(film).stem for film in (A, B)]
    assert read.events.to_pylist() == [
        row(names[0], 590.0, 600.0, "rearing"),
        row(names[1], 0.0, 15.0, "rearing"),
    ]
    assert read.durations_s == {f"{name}/0": 600.0 for name in names}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("", "rearing", "", "START", 1.0)], "line 2: a START without a STOP"),
        ([("", "rearing", "", "POINT", 1.0)], "line 2: 'rearing' is a point event"),
        ([("", "rearing", "", "START", 3.0), ("", "rearing", "", "STOP", 3.0)], "no interval"),
        (
            [("", "rearing", "", "START", 1200.0), ("", "rearing", "", "STOP", 1203.0)],
            "line 2: it begins at 1200 s, and the media files end at 1200 s",
        ),
    ],
)
def test_a_row_of_boris_that_is_no_event_is_told(
    tmp_path: Path, rows: list[tuple[str, str, str, str, float]], told: str
) -> None:
    path = tmp_path / "true.tsv"
    path.write_text(text(tabular_9(*rows)), encoding="utf-8")
    with pytest.raises(AnnotationError, match=told):
        read_events(path)


def boris_of_v(path: Path, *subjects: str, comment: str = "") -> Path:
    """Write a person's export of the film v: an event of two seconds for each subject."""
    rows = [
        (subject, "rearing", "", kind, 3.0 * number + at)
        for number, subject in enumerate(subjects)
        for kind, at in (("START", 0.0), ("STOP", 2.0))
    ]
    head, *body = tabular_9(*rows, source="player #1:v.mp4")
    path.write_text(text([head, *((*row[:-1], comment) for row in body)]), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("places", "subjects", "positions"),
    [
        ({}, ("70-1",), [0]),
        ({("v", "cage-3"): 3}, ("70-1",), [3]),  # the only cage of the film
        ({("v", "cage-3"): 3, ("w", "x"): 1}, ("No focal subject",), [3]),
        ({("v", "cage-3"): 3}, ("cage-3", ""), [3, 3]),
        ({("v", "70-1"): 1, ("v", "70-2"): 0}, ("70-2", "70-1", "cage-2"), [0, 1, 2]),
    ],
)
def test_an_animal_is_in_the_cage_that_is_known_or_the_only_one(
    tmp_path: Path,
    places: dict[tuple[str, str], int],
    subjects: tuple[str, ...],
    positions: list[int],
) -> None:
    read = read_events(boris_of_v(tmp_path / "true.tsv", *subjects), places)
    assert read.events.column("position").to_pylist() == positions


@pytest.mark.parametrize(
    ("places", "subjects", "told"),
    [
        # A slip of the pen: among two cages it would be taken for the animal of the first.
        (
            {("v", "70-1"): 0, ("v", "70-2"): 1},
            ("70_2",),
            r"did you mean '70-2'\? There are 70-1, 70-2; call",
        ),
        ({}, ("cage-1", "70-1"), "in which cage 70-1 is"),
        ({}, ("cage-1", ""), "in which cage events without an animal are; call subj"),
        ({}, ("70-1", "70-2"), "in which cages 70-1, 70-2 are"),
    ],
)
def test_an_animal_of_which_nothing_tells_the_cage_is_told(
    tmp_path: Path,
    places: dict[tuple[str, str], int],
    subjects: tuple[str, ...],
    told: str,
) -> None:
    with pytest.raises(AnnotationError, match=told):
        read_events(boris_of_v(tmp_path / "true.tsv", *subjects), places)


@pytest.mark.parametrize("comment", ["Racine score 4", "score 5.", "score 1.2.3", "score ..", ""])
def test_a_persons_comment_is_no_score(tmp_path: Path, comment: str) -> None:
    read = read_events(boris_of_v(tmp_path / "true.tsv", "", comment=comment))
    assert read.events.column("score").to_pylist() == [1.0]


def test_scoring_wants_no_network_and_starts_without_one() -> None:
    asked = (
        "import sys, rodepil.detect.score as _; print(sorted({'torch', 'ray'} & set(sys.modules)))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
