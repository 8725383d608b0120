"""What a file gave can be withdrawn, and the rest is as if it had never been there."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil.config.imports import AnnotationImportSettings
from rodepil.data.annotations import Annotation
from rodepil.data.lock import alone_in
from rodepil.data.marks import ledger
from rodepil.data.marks.remove import Removed, remove_annotations
from rodepil.errors import AnnotationError, SourceError
from rodepil.io import tables
from tests.data.marks.conftest import Bench

NAMES = ("marks.parquet", "watched.parquet", "annotations.parquet")
ANNA = "file,rat,start,end\nA,70-1,100,120\nC,99-1,10,20\n"
BEN = "file,rat,start,end\nA,70-1,100,130\nA,70-2,300,310\nB,70-1,5,9\n"


def remove(bench: Bench, *names: object) -> Removed:
    given = [str(name) for name in names]
    return remove_annotations(given, bench.source, AnnotationImportSettings())


def held(bench: Bench) -> dict[str, list[dict[str, object]]]:
    return {name: tables.read(Path(name).stem, bench.source / name).to_pylist() for name in NAMES}


@pytest.mark.parametrize("named", ["path", "name", "id", "annotator"])
def test_what_is_removed_leaves_what_the_others_gave_alone(bench: Bench, named: str):
    bench.take(bench.write("anna.csv", ANNA))
    alone = held(bench)
    ben = bench.write("ben.csv", BEN)
    bench.take(ben)
    assert held(bench) != alone
    names = {"path": ben, "name": "ben.csv", "id": "../../ben.csv", "annotator": "ben"}
    done = remove(bench, names[named])
    assert held(bench) == alone
    assert (list(done.marks.values()), list(done.watched.values())) == ([3], [2])
    with pytest.raises(AnnotationError, match=r"there is \.\./\.\./anna\.csv by anna \(2 marks\)"):
        remove(bench, names[named])
    assert held(bench) == alone


def test_all_can_be_removed_and_taken_again(bench: Bench):
    files = bench.write("anna.csv", ANNA), bench.write("ben.csv", BEN)
    bench.take(*files)
    both = held(bench)
    assert len(remove(bench, *files).annotations) == 0
    assert held(bench) == {name: [] for name in NAMES}
    with pytest.raises(AnnotationError, match="no annotator's file was imported"):
        remove(bench, "anna")
    bench.take(*files)
    assert held(bench) == both


def test_annotations_that_came_another_way_stay(bench: Bench):
    rows = [
        Annotation("Mar-2-2026_C", 0, 1.0, 2.0, "seizure", "me", 1.0),
        Annotation("Mar-1-2026_B", 1, 3.0, 4.0, "seizure", "me", 1.0),
    ]
    table = tables.from_rows("annotations", [vars(row) for row in rows])
    tables.write("annotations", table, bench.source / "annotations.parquet")
    anna = bench.write("anna.csv", ANNA)
    bench.take(anna)
    remove(bench, anna)
    assert sorted(map(str, bench.annotations())) == sorted(map(str, rows))


def test_an_annotator_goes_from_a_file_of_several(bench: Bench):
    bench.take(bench.write("both.csv", "file,start,end,annotator\nC,1,2,Ben\nC,1,2,Zoë\n"))
    remove(bench, "Ben")
    assert [row.annotator for row in bench.annotations()] == ["Zoë"]


def test_one_name_of_two_files_is_not_guessed(bench: Bench):
    for folder in ("x", "y"):
        (bench.folder / folder).mkdir()
        bench.take(bench.write(f"{folder}/anna.csv", ANNA), annotator=folder)
    with pytest.raises(AnnotationError, match=r"can be \.\./\.\./x/anna\.csv, \.\./\.\./y/anna"):
        remove(bench, "anna.csv")
    remove(bench, "../../x/anna.csv")
    assert {row.annotator for row in bench.annotations()} == {"y"}


@pytest.mark.parametrize("lands", [1, 2])
def test_a_removal_that_is_cut_off_can_be_done_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, lands: int
):
    bench.take(bench.write("anna.csv", ANNA))
    alone = held(bench)
    bench.take(bench.write("ben.csv", BEN))
    plain, written = ledger._write, []

    def cut_off(name: str, rows: list[dict[str, object]], folder: Path) -> None:
        if len(written) == lands:
            raise KeyboardInterrupt
        written.append(name)
        plain(name, rows, folder)

    monkeypatch.setattr(ledger, "_write", cut_off)
    with pytest.raises(KeyboardInterrupt):
        remove(bench, "ben.csv")
    monkeypatch.undo()
    remove(bench, "ben.csv")
    assert held(bench) == alone


def test_a_removal_waits_for_no_import(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA))
    with (
        alone_in(bench.source / ".annotations.tmp"),
        pytest.raises(SourceError, match="another process is at work"),
    ):
        remove(bench, "anna")
