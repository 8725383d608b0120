"""Sheets of any dialect give the same marks; each bad row is listed with its line and remedy."""

from __future__ import annotations

import datetime as dt
import unicodedata
import zipfile

import pytest

from rodepil.errors import AnnotationError, SettingError, SourceError
from tests.data.marks.conftest import Bench

WANTED = [("A", 1, 12.5, 40.0, "seizure"), ("C", 0, 3600.0, 3725.25, "seizure")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_delimiter_and_encoding(bench: Bench, delimiter: str, encoding: str):
    lines = [
        ["recording", "rat", "start", "end", "note"],
        ["Ratten-Käfig A.mp4", "70-1", "12.5", "0:40", "Müller"],
        ["C.mkv", "99-1", "1:00:00", "1:02:05.25", ""],
    ]
    text = "\r\n".join(delimiter.join(line) for line in lines) + "\r\n"
    taken = bench.take(bench.write("anna.csv", text, encoding)).files
    assert bench.marks() == WANTED
    notes = [note for one in taken.values() for note in one.notes]
    assert [("Windows-1252" in note) for note in notes] == [True] * (encoding == "cp1252")
    assert {mark.annotator for mark in bench.ledger().marks} == {"anna"}


def test_decimal_commas_stand_with_semicolons_and_in_quotes(bench: Bench):
    bench.take(bench.write("a.csv", "Datei;Tier;Beginn;Ende\nC;99-1;12,5;40,25\n"))
    assert bench.marks() == [("C", 0, 12.5, 40.25, "seizure")]
    bench.take(bench.write("a.csv", 'file,rat,start,end\nC,99-1,"13,5","40,25"\n'))
    assert bench.marks() == [("C", 0, 13.5, 40.25, "seizure")]


def test_a_workbook_with_real_times_dates_and_several_sheets(bench: Bench):
    path = bench.book(
        "Anna Müller.xlsx",
        legend=[["SZ", "a seizure"]],
        Marks=[
            ["Seizures of March"],
            [],
            ["Video", "Cage", "Onset", "Duration (s)", "Behaviour"],
            ["Mar-1-2026_A", 1, dt.time(0, 0, 12), 28.0, "SZ"],
            ["Mar-1-2026_B", "Cage 2", dt.timedelta(seconds=30), 5, "Wild running"],
        ],
        more=[["Video", "Start", "End"], ["C", 10, 20]],
    )
    done = bench.take(path, labels={"SZ": "seizure"})
    assert sorted(bench.marks()) == [
        ("A", 1, 12.0, 40.0, "seizure"),
        ("B", 2, 30.0, 35.0, "wild running"),
        ("C", 0, 10.0, 20.0, "seizure"),
    ]
    assert [note for note in done.files[path].notes if "'legend'" in note]
    where = {mark.recording_id[-1]: mark.where for mark in bench.ledger().marks}
    assert where["A"] == "../../Anna Müller.xlsx, sheet 'Marks', line 4"


def test_one_sheet_by_name(bench: Bench):
    rows = [["file", "start", "end"], ["C", 10, 20]]
    path = bench.book("two.xlsx", one=rows, two=[rows[0], ["C", 30, 40]])
    bench.take(path, sheet="two")
    assert bench.marks() == [("C", 0, 30.0, 40.0, "seizure")]
    with pytest.raises(AnnotationError, match=r"no sheet 'three'.*'one', 'two'"):
        bench.take(path, sheet="three")


def test_a_sheet_or_file_named_for_its_recording_needs_no_column(bench: Bench):
    bench.take(bench.book("x.xlsx", C=[["start", "end"], [10, 20]]))
    bench.take(bench.write("Mar-1-2026_B.csv", "start,end,cage\n1,2,1\n"))
    bench.take(bench.write("y.csv", "start,end,cage\n3,4,1\n"), recording="Mar-1-2026_A")
    assert sorted(bench.marks()) == [
        ("A", 1, 3.0, 4.0, "seizure"),
        ("B", 1, 1.0, 2.0, "seizure"),
        ("C", 0, 10.0, 20.0, "seizure"),
    ]


def test_columns_with_other_names_are_set(bench: Bench):
    text = "Clip,T0,T1,Who,Start\nC,5,9,Ben,x\n"
    columns = {"recording": "Clip", "start": "T0", "end": "T1", "annotator": "who"}
    bench.take(bench.write("a.csv", text), columns=columns)
    assert bench.marks() == [("C", 0, 5.0, 9.0, "seizure")]
    assert bench.ledger().marks[0].annotator == "Ben"
    with pytest.raises(AnnotationError, match=r"columns\.start=HEADER"):
        bench.take(bench.write("b.csv", "Clip,T0,T1\nC,5,9\n"))


def test_names_match_whatever_the_case_the_slashes_and_the_accents(bench: Bench):
    decomposed = unicodedata.normalize("NFD", "Ratten-Käfig A.mp4")
    text = (
        "file,rat,start,end\n"
        f"D:\\filme\\{decomposed},70_1,1,2\n"
        "/mnt/other/c.MKV,99/1,3,4\n"
        "RATTEN-KÄFIG b,70-2,5,6\n"
    )
    bench.take(bench.write("a.csv", text))
    assert [mark[:3] for mark in bench.marks()] == [("A", 1, 1.0), ("C", 0, 3.0), ("B", 2, 5.0)]


def test_a_label_that_is_mapped_to_nothing_is_left_out_and_counted(bench: Bench):
    path = bench.write(
        "a.csv", "file,start,end,label\nC,1,2,SZ\nC,3,4,grooming\nC,5,6,Tonic_Extension\n"
    )
    done = bench.take(path, labels={"sz": "seizure", "Grooming": None})
    assert [mark[4] for mark in bench.marks()] == ["seizure", "tonic extension"]
    assert (done.files[path].left_out, done.refused) == (1, ())
    with pytest.raises(SettingError, match=r"'fit'.*allowed are seizure"):
        bench.take(path, labels={"SZ": "fit"})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,70-1,40,12,", "ends 28 s before it starts"),
        ("A,70-1,12,12,", "is empty"),
        ("A,70-1,-5,12,", "does not lie within recording 'Mar-1-2026_A' of 600 s"),
        ("A,70-1,590,602,", "does not lie within"),
        ("A,70-1,soon,12,", "'soon' is no time"),
        ("A,70-1,,12,", "no start"),
        ("A,70-1,12,,", "neither end nor duration"),
        ("D,70-1,1,2,", "'D' is no recording or session here"),
        (",70-1,1,2,", "names no recording"),
        ("A,70-9,1,2,", "rat '70-9' has no cage in 'Mar-1-2026_A', where 70-1, 70-2 are"),
        ("A,,1,2,", "several cages, 1 (70-1), 2 (70-2), and the row names neither"),
        ("A,70-1,1,2,SZ", "label 'SZ' is unknown; map it in imports.annotations.labels"),
        ("A,70-1,100,110,", "a duplicate: 'a' marked the same in line 2"),
    ],
)
def test_a_bad_row_is_listed_with_its_line_and_the_others_are_taken(
    bench: Bench, row: str, reason: str
):
    path = bench.write(
        "a.csv",
        "file,rat,start,end,label\nA,70-1,100,110,seizure\n\n"
        f"{row if row.endswith('SZ') else f'{row}seizure'}\nC,99-1,7,8,seizure\n",
    )
    done = bench.take(path)
    assert [mark[:3] for mark in bench.marks()] == [("A", 1, 100.0), ("C", 0, 7.0)]
    (refused,) = done.refused
    assert str(refused).startswith(f"{path}, line 4: ")
    assert reason in str(refused)


def test_a_rat_and_a_cage_that_do_not_fit_are_refused(bench: Bench):
    path = bench.write("a.csv", "file,rat,cage,start,end\nA,70-1,2,1,2\nA,70-2,2,1,2\nA,,7,1,2\n")
    done = bench.take(path)
    assert [mark[:2] for mark in bench.marks()] == [("A", 2)]
    assert [refused.line for refused in done.refused] == [2, 4]
    assert "rat '70-1' is not in cage '2'" in str(done.refused[0])


def test_whole_seconds_may_lead_a_little_past_the_end(bench: Bench):
    bench.take(bench.write("a.csv", "file,rat,start,end\nA,70-1,590,601\nC,99-1,-0.5,3\n"))
    assert bench.marks() == [("A", 1, 590.0, 600.0, "seizure"), ("C", 0, 0.0, 3.0, "seizure")]


def test_excels_minutes_and_seconds_are_hinted_at(bench: Bench):
    row = ["A", "70-1", dt.time(2, 5), dt.time(2, 30)]
    path = bench.book("a.xlsx", s=[["file", "rat", "start", "end"], row, ["C", "99-1", 1, 2]])
    (refused,) = bench.take(path).refused
    assert "Excel takes 2:05 for hours and minutes" in str(refused)


def test_a_bad_file_does_not_end_the_batch(bench: Bench):
    good = bench.write("good.csv", "file,start,end\nC,1,2\n")
    bad = [
        bench.folder / "missing.csv",
        bench.write("empty.csv", ""),
        bench.write("video.mp4", "\0\0\0\x18ftyp"),
        bench.write("torn.xlsx", "PK but no workbook"),
        bench.write("old.xls", "x"),
        bench.write("quote.csv", 'file,start,end\n"C,1,2\nC,3,4\n'),
        bench.write("letter.csv", "Dear all,\nthe seizures are in the attachment.\n"),
    ]
    done = bench.take(*bad, good)
    assert bench.marks() == [("C", 0, 1.0, 2.0, "seizure")]
    assert [refused.file for refused in done.refused] == [str(path) for path in bad]
    with pytest.raises(AnnotationError, match="nothing could be taken") as caught:
        bench.take(*bad)
    assert all(str(path) in str(caught.value) for path in bad)
    assert bench.marks() == [("C", 0, 1.0, 2.0, "seizure")]


def test_workbooks_that_are_torn_or_bombs_are_refused(bench: Bench):
    whole = bench.book("whole.xlsx", s=[["file", "start", "end"], ["C", 1, 2]]).read_bytes()
    for cut in range(10, len(whole) - 200, len(whole) // 12):
        torn = bench.folder / "torn.xlsx"
        torn.write_bytes(whole[:cut])
        with pytest.raises(AnnotationError, match=r"torn\.xlsx can't be read as a workbook"):
            bench.take(torn)
    bomb = bench.folder / "bomb.xlsx"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as stream,
    ):
        for _ in range(600):
            stream.write(bytes(1 << 20))
    with pytest.raises(AnnotationError, match=r"unpacks to 600 MiB"):
        bench.take(bomb)


def test_a_source_without_recordings_says_what_to_import_first(bench: Bench):
    path = bench.write("a.csv", "file,start,end\nC,1,2\n")
    (bench.source / "recordings.parquet").unlink()
    with pytest.raises(SourceError, match="import videos first"):
        bench.take(path)


def test_without_cages_every_row_says_how_to_draw_them(bench: Bench):
    (bench.source / "cages.parquet").unlink()
    done = bench.take(bench.write("a.csv", "file,start,end\nC,1,2\n"))
    assert "rodepil cages draw" in str(done.refused[0])
    assert bench.marks() == []
