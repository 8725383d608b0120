"""A recording that is gone for good leaves the tables, and nobody's marks are lost."""

from __future__ import annotations

import pytest

from rodepil.data.marks.forget import forget_recordings
from rodepil.errors import SourceError
from rodepil.io import tables
from tests.data.marks.conftest import Bench


def ids(bench: Bench, name: str) -> set[str]:
    table = tables.read(name, bench.source / f"{name}.parquet")
    return set(table.column("recording_id").to_pylist())


def test_rows_and_cages_go_and_marks_wait_for_their_recording(bench: Bench):
    sheet = bench.write("anna.csv", "file,rat,start,end\nA,70-1,1,9\nC,99-1,5,8\nC,99-1,50,80\n")
    bench.take(sheet)
    before = {path.name: path.read_bytes() for path in bench.source.glob("*.parquet")}
    done = forget_recordings(["Mar-2-2026_C", "nobody"], bench.source)
    assert (done.cages, done.marks) == ({"Mar-2-2026_C": 1}, {"Mar-2-2026_C": 2})
    assert (done.unknown, done.left) == (("nobody",), 2)
    assert "Mar-2-2026_C, with 1 cage; 2 marks wait" in str(done)
    assert all("Mar-2-2026_C" not in ids(bench, one) for one in ("recordings", "cages"))
    assert ids(bench, "annotations") == {"Mar-1-2026_A"}
    assert len(bench.marks()) == 3
    after = {path.name: path.read_bytes() for path in bench.source.glob("*.parquet")}
    again = forget_recordings(["Mar-2-2026_C"], bench.source)
    assert (again.cages, again.unknown) == ({}, ("Mar-2-2026_C",))
    assert {path.name: path.read_bytes() for path in bench.source.glob("*.parquet")} == after
    for name in ("recordings.parquet", "cages.parquet"):  # it is back
        (bench.source / name).write_bytes(before[name])
    bench.take(sheet)
    assert len([one for one in bench.annotations() if one.recording_id == "Mar-2-2026_C"]) == 2


def test_a_recording_is_named_by_its_path_as_well(bench: Bench):
    path = bench.folder / "other" / "C.mkv"  # it is not there
    assert set(forget_recordings([str(path)], bench.source).cages) == {"Mar-2-2026_C"}


def test_annotations_that_no_mark_made_wait_as_marks(bench: Bench):
    row = {
        "recording_id": "Mar-2-2026_C", "position": 0, "start_s": 3.0, "end_s": 9.0,
        "label": "seizure", "annotator": "names", "agreement": 1.0,
    }  # fmt: skip
    made = tables.from_rows("annotations", [row])
    tables.write("annotations", made, bench.source / "annotations.parquet")
    assert forget_recordings(["Mar-2-2026_C"], bench.source).marks == {"Mar-2-2026_C": 1}
    assert bench.marks() == [("C", 0, 3.0, 9.0, "seizure")]
    assert bench.annotations() == []


def test_without_a_table_there_is_nothing_to_forget(bench: Bench):
    with pytest.raises(SourceError, match="no recordings to forget"):
        forget_recordings(["a"], bench.folder)
