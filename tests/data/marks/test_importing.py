"""An import keeps what every annotator marked, and makes the annotations of all of them."""

from __future__ import annotations

import pytest

from rodepil.data import lock
from rodepil.data.annotations import Annotation, check_annotations
from rodepil.data.boxes.keep import put_cages
from rodepil.data.cages import cages_of
from rodepil.data.lock import alone_in, writing
from rodepil.data.marks.summary import pairs_of, say_annotations
from rodepil.data.recordings import recordings_of
from rodepil.errors import AnnotationError, SourceError
from rodepil.io import tables
from tests.data.marks.conftest import Bench

NAMES = ("marks.parquet", "watched.parquet", "annotations.parquet")
ANNA = "file,rat,start,end\nA,70-1,100,120\nC,99-1,10,20\n"
BEN = "file,rat,start,end\nA,70-1,100,130\nA,70-2,300,310\n"


def spans(bench: Bench) -> list[tuple[str, int, float, float, float]]:
    return [
        (row.recording_id[-1], row.position, row.start_s, row.end_s, round(row.agreement, 6))
        for row in bench.annotations()
    ]


def test_one_annotator_alone_is_agreed_upon(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA))
    assert spans(bench) == [("A", 1, 100.0, 120.0, 1.0), ("C", 0, 10.0, 20.0, 1.0)]


def test_two_annotators_agree_by_tiou_where_both_watched(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA), bench.write("ben.csv", BEN))
    assert spans(bench) == [
        ("A", 1, 100.0, 120.0, 0.666667),
        ("A", 1, 120.0, 130.0, 0.0),  # which only Ben marked
        ("A", 2, 300.0, 310.0, 0.0),  # Anna watched A too
        ("C", 0, 10.0, 20.0, 1.0),  # which Ben never watched
    ]
    read = {
        name: tables.read(name, bench.source / f"{name}.parquet")
        for name in ("recordings", "cages")
    }
    rows = recordings_of(read["recordings"])
    check_annotations(bench.annotations(), rows, cages_of(read["cages"]))


@pytest.mark.parametrize("name", ["Mar-2-2026_C", "../../other/C.mkv", "all"])
def test_what_was_watched_without_a_seizure_is_a_disagreement(bench: Bench, name: str):
    bench.take(bench.write("anna.csv", ANNA))
    bench.take(bench.write("ben.csv", BEN), watched=[name])
    assert ("C", 0, 10.0, 20.0, 0.0) in spans(bench)


def test_a_row_with_nothing_but_a_recording_says_that_it_was_watched(bench: Bench):
    done = bench.take(bench.write("anna.csv", ANNA), bench.write("ben.csv", BEN + "C,,,\n"))
    assert done.refused == ()
    assert ("C", 0, 10.0, 20.0, 0.0) in spans(bench)


def test_who_looks_at_single_cages_says_nothing_of_the_others(bench: Bench):
    files = bench.write("anna.csv", ANNA), bench.write("ben.csv", BEN)
    bench.take(*files, looked_at="cage")
    assert ("A", 2, 300.0, 310.0, 1.0) in spans(bench)


def test_who_watched_a_session_watched_all_of_its_files(bench: Bench):
    bench.take(bench.write("anna.csv", "session,rat,start,end\ns1,70-1,700,710\n"))
    assert {row.recording_id[-1] for row in bench.ledger().watched} == {"A", "B"}


def test_a_column_of_annotators_and_an_option_name_who_marked(bench: Bench):
    text = "file,start,end,annotator\nC,1,2,Ben\nC,1,2,\n"
    bench.take(bench.write("both.csv", text), annotator="Zoë")
    assert [mark.annotator for mark in bench.ledger().marks] == ["Ben", "Zoë"]
    assert [row.annotator for row in bench.annotations()] == ["Ben + Zoë"]


def test_a_second_import_changes_no_byte(bench: Bench):
    files = bench.write("anna.csv", ANNA), bench.write("ben.csv", BEN)
    bench.take(*files)
    before = {name: (bench.source / name).stat() for name in NAMES}
    bench.take(*files)
    bench.take(files[1])
    after = {name: (bench.source / name).stat() for name in NAMES}
    assert [(one.st_mtime_ns, one.st_ino) for one in before.values()] == [
        (one.st_mtime_ns, one.st_ino) for one in after.values()
    ]


def test_a_changed_file_replaces_its_rows_and_no_others(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA), bench.write("ben.csv", BEN))
    bench.take(bench.write("ben.csv", "file,rat,start,end\nA,70-1,100,120\n"))
    assert spans(bench) == [("A", 1, 100.0, 120.0, 1.0), ("C", 0, 10.0, 20.0, 1.0)]


def test_a_file_of_which_nothing_can_be_taken_leaves_what_it_gave_before(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA))
    before = spans(bench)
    with pytest.raises(AnnotationError, match=r"line 2: 'X' is no recording"):
        bench.take(bench.write("anna.csv", "file,rat,start,end\nX,70-1,1,2\n"))
    assert spans(bench) == before


def test_the_same_mark_in_two_files_of_one_annotator_is_a_duplicate(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA))
    (first, second) = bench.take(bench.write("copy.csv", ANNA), annotator="anna").refused
    assert "'anna' marked the same in ../../anna.csv, line 2" in str(first)
    assert second.line == 3
    assert len(bench.ledger().marks) == 2


def test_annotations_that_came_another_way_stay(bench: Bench):
    rows = [
        Annotation("Mar-2-2026_C", 0, 1.0, 2.0, "seizure", "me", 1.0),
        Annotation("Mar-1-2026_B", 1, 3.0, 4.0, "seizure", "me", 1.0),
    ]
    table = tables.from_rows("annotations", [vars(row) for row in rows])
    tables.write("annotations", table, bench.source / "annotations.parquet")
    bench.take(bench.write("anna.csv", "file,rat,start,end\nC,99-1,1,2\n"))
    assert spans(bench) == [("B", 1, 3.0, 4.0, 1.0), ("C", 0, 1.0, 2.0, 1.0)]
    assert [row.annotator for row in bench.annotations()] == ["me", "anna + me"]
    bench.take(bench.write("anna.csv", "file,rat,start,end\nC,99-1,7,9\n"))
    assert [row.agreement for row in bench.annotations()] == [1.0, 0.0, 0.0]


def test_merged_annotations_without_their_marks_are_not_taken_for_marks(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA), bench.write("ben.csv", BEN))
    for name in ("marks.parquet", "watched.parquet"):
        (bench.source / name).unlink()
    with pytest.raises(AnnotationError, match=r"marks\.parquet.*bring that back"):
        bench.take(bench.folder / "anna.csv")


def test_marks_of_a_cage_that_is_gone_wait_in_the_marks(bench: Bench):
    bench.take(bench.write("ben.csv", BEN))
    cages = tables.read("cages", bench.source / "cages.parquet").to_pylist()
    kept = [row for row in cages if row["subject_id"] != "70-2"]
    tables.write("cages", tables.from_rows("cages", kept), bench.source / "cages.parquet")
    bench.take(bench.write("anna.csv", "file,rat,start,end\nC,99-1,10,20\n"))
    assert [row[:2] for row in spans(bench)] == [("A", 1), ("C", 0)]
    assert len(bench.ledger().marks) == 3


def test_two_imports_at_once_are_not_mixed(bench: Bench):
    path = bench.write("anna.csv", ANNA)
    with (
        alone_in(bench.source / ".annotations.tmp"),
        pytest.raises(SourceError, match="another process is at work"),
    ):
        bench.take(path)


def test_pairs_and_summary_speak_of_what_was_watched(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA), bench.write("ben.csv", BEN))
    (found,) = pairs_of(bench.source, "seizure", 1.0, 0.5)
    assert (found.one, found.other, found.watched_s) == ("anna", "ben", 1200.0)
    assert (found.matched, found.only_one, found.only_other) == (1, 0, 1)
    said = say_annotations(bench.source, 0.5)
    assert "anna: 2 marks, 2.17 h watched in 2 files" in said
    assert "ben: 2 marks, 0.17 h watched in 1 files" in said
    line = next(line for line in said.splitlines() if "70-1" in line)
    assert line.split() == ["seizure", "70-1", "1", "1", "0.006"]


def test_one_annotator_can_not_be_compared(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA))
    with pytest.raises(AnnotationError, match="import a second annotator's file"):
        pairs_of(bench.source, "seizure", 1.0, 0.5)
    with pytest.raises(AnnotationError, match="'fit' is unknown"):
        pairs_of(bench.source, "fit", 1.0, 0.5)


def test_a_second_file_of_one_name_wants_to_know_whose_it_is(bench: Bench):
    text = "recording,cage,start,end\nMar-1-2026_A,1,{},20\n"
    for name, start in (("anna", 10), ("ben", 12)):
        (bench.folder / name).mkdir()
        bench.write(f"{name}/seizures.csv", text.format(start))
    first, second = (bench.folder / name / "seizures.csv" for name in ("anna", "ben"))
    done = bench.take(first, second)
    (refused,) = done.refused
    assert "ben/seizures.csv does not say who marked it" in str(refused)
    assert "--annotator" in str(refused)
    assert {mark.annotator for mark in bench.ledger().marks} == {"seizures"}
    bench.take(first)  # again, which is no other file
    bench.take(second, annotator="ben")
    assert {mark.annotator for mark in bench.ledger().marks} == {"seizures", "ben"}


def test_a_row_whose_label_is_blank_is_refused_by_its_line(bench: Bench):
    sheet = bench.write(
        "anna.csv",
        "recording,cage,start,end,label\n"
        "Mar-1-2026_A,1,10,20,seizure\nMar-1-2026_A,1,30,40,\nMar-1-2026_B,1,30,40,seizure\n",
    )
    done = bench.take(sheet)
    (refused,) = done.refused
    assert "line 3" in str(refused)
    assert "its label is blank" in str(refused)
    assert len(bench.marks()) == 2
    bench.take(sheet, columns={"label": ""})
    assert len(bench.marks()) == 3


def test_events_of_a_source_without_annotations_name_the_import(bench: Bench):
    with pytest.raises(SourceError, match=r"has no annotations\.parquet; .*--watched all"):
        say_annotations(bench.source, 0.5)


def test_annotations_and_cages_are_written_by_one_process_at_a_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(lock, "WAIT_S", 0.05)
    sheet = bench.write("anna.csv", "recording,cage,start,end\nMar-1-2026_A,1,10,20\n")
    with writing(bench.source):
        with pytest.raises(SourceError, match="another process is at work"):
            bench.take(sheet)
        with pytest.raises(SourceError, match="another process is at work"):
            put_cages(bench.source, {})
    assert bench.take(sheet).annotations
