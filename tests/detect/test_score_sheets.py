"""Sheets of people against found events: their cages, labels, times and delimiters."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil.detect.event_files import read_events
from rodepil.detect.score import score_event_files
from rodepil.errors import AnnotationError
from tests.detect.test_score import boris_of_v, localized_in

HEAD = "recording_id,subject_id,start_s,end_s,label\n"
NEITHER = "recording_id,start_s,end_s,label\n"


def sheet(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def found(tmp_path: Path) -> Path:
    """Animals 70-1 in cage 0 (rearing 0-4, 3-6) and 70-2 in cage 1 (staring 10-12, 13-14)."""
    return localized_in(tmp_path, named=True) / "events.parquet"


def positions(path: Path, places: dict[tuple[str, str], int] | None = None) -> list[int]:
    column: list[int] = read_events(path, places).events.column("position").to_pylist()
    return column


@pytest.mark.parametrize("beside", [True, False])
def test_a_csv_that_names_animals_is_scored_in_their_cages(
    found: Path, tmp_path: Path, *, beside: bool
) -> None:
    """Both truths are found to the point, also where only the events tell the cages."""
    if not beside:
        (found.parent / "about.json").unlink()
    true = sheet(tmp_path / "true.csv", HEAD + "v,70-2,10,12,staring\nv,70-1,0,4,rearing\n")
    scores = score_event_files(found, true, tious=(0.9,), fps=1.0)
    assert scores.as_json()["map"] == {"0.9": 1.0}
    assert not any("no truth" in note for note in scores.notes)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            HEAD + "v,70_2,10,12,staring\n",
            r"did you mean '70-2'\? There are 70-1, 70-2; give a col",
        ),
        (HEAD + "v,70-1,0,4,rearing\nv,,5,6,staring\n", "cage events without an animal are"),
        (NEITHER + "v,10,12,staring\n", "there are 70-1, 70-2; give a column position .* or subj"),
    ],
)
def test_a_csv_of_which_nothing_tells_the_cage_is_refused(
    found: Path, tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(AnnotationError, match=told):
        score_event_files(found, sheet(tmp_path / "true.csv", text))


@pytest.mark.parametrize(
    ("text", "places", "wanted"),
    [
        (NEITHER + "v,0,4,rearing\n", {}, [0]),
        (NEITHER + "v,0,4,rearing\n", {("v", "70-1"): 2}, [2]),  # the one cage that is there
        (HEAD + "v,70-9,0,4,rearing\n", {("v", "cage-2"): 2}, [2]),  # a cage without a name
        (HEAD + "v,70-9,0,4,rearing\n", {("w", "70-1"): 2}, [0]),
        (HEAD + "v,cage-1,0,4,rearing\nv,cage-0,0,4,rearing\n", {}, [1, 0]),
        (HEAD + "v,70-1,0,4,rearing\nw,70-1,0,4,x\n", {("v", "70-1"): 1, ("v", "b"): 0}, [1, 0]),
        # A row that names its cage tells it of the animal's other rows.
        ("position," + HEAD + "1,v,a,0,4,x\n,v,a,5,6,x\n0,v,b,5,6,x\n", {}, [1, 1, 0]),
    ],
)
def test_rows_without_a_position_are_in_the_cage_that_is_known(
    tmp_path: Path, text: str, places: dict[tuple[str, str], int], wanted: list[int]
) -> None:
    assert positions(sheet(tmp_path / "true.csv", text), places) == wanted


def test_another_animals_cage_is_not_taken_though_it_is_the_only_one(tmp_path: Path) -> None:
    known = {("v", "70-1"): 0}
    true = sheet(tmp_path / "true.csv", HEAD + "v,80-2,0,4,rearing\n")
    for path in (true, boris_of_v(tmp_path / "true.tsv", "80-2")):
        with pytest.raises(AnnotationError, match=r"in which cage 80-2 is; .*here are 70-1; "):
            read_events(path, known)


def test_a_csv_is_not_put_in_one_of_several_given_boxes(tmp_path: Path) -> None:
    true = sheet(tmp_path / "true.csv", NEITHER + "v,0,4,rearing\n")
    assert read_events(true, cages=1).events.num_rows == 1
    with pytest.raises(AnnotationError, match="there are cage-0, cage-1; give a column position"):
        read_events(true, cages=2)


def scored(tmp_path: Path, said: str, known: str) -> tuple[dict[str, float | None], list[str]]:
    """Return AP at 0.5 by label, and the notes on labels, for an event of each label at 0-4."""
    files = [
        sheet(tmp_path / name, NEITHER + "".join(f"v,0,4,{label}\n" for label in labels.split()))
        for name, labels in (("said.csv", said), ("true.csv", known))
    ]
    scores = score_event_files(*files, tious=(0.5,), fps=1.0)
    ap = {row["label"]: row["ap"] for row in scores.as_json()["ap"]}
    return ap, [note.replace(f"{tmp_path}/", "") for note in scores.notes if "label" in note]


def test_units_in_other_letters_are_the_units(tmp_path: Path) -> None:
    assert scored(tmp_path, "rearing staring", "Rearing STARING") == (
        {"rearing": 1.0, "staring": 1.0},
        [],
    )
    assert scored(tmp_path, "Rearing", "rearing") == ({"rearing": 1.0}, [])


def test_own_labels_stay_and_are_told_where_one_side_has_them(tmp_path: Path) -> None:
    assert scored(tmp_path, "rearing", "rearing dancing") == (
        {"dancing": 0.0, "rearing": 1.0},
        ["label 'dancing' is in true.csv alone and counts as a class of AP 0"],
    )
    assert scored(tmp_path, "Rearing dancing", "Rearing dancing") == (
        {"Rearing": 1.0, "dancing": 1.0},
        [],
    )
    ap, notes = scored(tmp_path, "Rearing dancing", "Rearing")
    assert ap == {"Rearing": 1.0, "dancing": None}
    assert notes == [
        "label 'dancing' is in said.csv alone, and mAP leaves a class without truths out"
    ]


def test_an_end_far_past_the_videos_is_noted_with_its_length(found: Path, tmp_path: Path) -> None:
    """The video is 20 s long; 20.5 s is within what people round."""
    head = "recording_id,position,start_s,end_s,label\nv,1,10,20.5,staring\n"
    within = sheet(tmp_path / "within.csv", head + "v,0,0,4,rearing\n")
    assert score_event_files(found, within, fps=1.0).notes == ()
    past = sheet(tmp_path / "past.csv", head + "v,0,0,3600,rearing\nv,0,0,30,rearing\n")
    assert score_event_files(found, past, fps=1.0).notes == (
        (
            "2 true events end after the end of the video: at 3600 s in v/0, which is 20 s long; "
            "times are seconds from the start of the recording"
        ),
    )


def test_a_cage_that_is_not_there_is_told(found: Path, tmp_path: Path) -> None:
    head = "recording_id,position,start_s,end_s,label\n"
    said = "there is no cage 3 in 'v'; it has cages 0, 1, and what is true of 3 counts as missed"
    true = sheet(tmp_path / "t.csv", head + "v,0,0,4,rearing\nv,1,10,12,staring\nv,3,0,4,rearing\n")
    assert score_event_files(found, true, fps=1.0).notes == (said,)
    alone = sheet(tmp_path / "alone.csv", head + "v,3,0,4,rearing\n")
    with pytest.raises(AnnotationError, match=said):
        score_event_files(found, alone)


@pytest.mark.parametrize("sign", [",", ";", "\t"])
@pytest.mark.parametrize("name", ["true.csv", "true.tsv"])
def test_times_as_people_write_them_and_any_delimiter_are_read(
    tmp_path: Path, sign: str, name: str
) -> None:
    rows = [
        ("recording_id", "start_s", "end_s", "label", "score"),
        ("v", "0:12", "1:02:03.5", "rearing", "0.5"),
        ("v", "7", "9.25", "staring", "1"),
    ]
    path = sheet(tmp_path / name, "\n".join(sign.join(row) for row in rows))
    spans = [(row["start_s"], row["end_s"]) for row in read_events(path).events.to_pylist()]
    assert spans == [(12.0, 3723.5), (7.0, 9.25)]


def test_decimal_commas_are_read_between_semicolons(tmp_path: Path) -> None:
    text = "recording_id;start_s;end_s;label;score\nv;0,5;1,25;rearing;0,75\n"
    (event,) = read_events(sheet(tmp_path / "found.csv", text)).events.to_pylist()
    assert (event["start_s"], event["end_s"], event["score"]) == (0.5, 1.25, 0.75)


def test_merged_truth_is_no_reason_to_score_what_is_scored(found: Path) -> None:
    true = found.with_name("boris.tsv")
    assert not any("merged" in note for note in score_event_files(found, true, fps=1.0).notes)
    (note, *_) = score_event_files(true, found, fps=1.0).notes
    assert note.startswith("boris.tsv holds events of score 0.3 or more, merged")
