"""What nobody watched counts as normal; it is said."""

from __future__ import annotations

from rodepil.data.annotations import Annotation
from rodepil.data.marks.summary import say_unwatched
from rodepil.io import tables
from tests.data.marks.conftest import Bench

ANNA = "file,rat,start,end\nA,70-1,100,120\n"


def cages(said: str) -> str:
    return said.partition(" (")[2].partition(")")[0]


def test_cages_that_nobody_watched_are_named(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA))
    said = say_unwatched(bench.source)
    assert cages(said) == "Mar-1-2026_B 1, Mar-1-2026_B 2, Mar-2-2026_C 0"
    assert "watched by nobody: 3 cages" in said
    bench.take(bench.write("anna.csv", ANNA), watched=["all"])
    assert say_unwatched(bench.source) == ""


def test_who_watched_one_cage_left_the_other(bench: Bench):
    bench.take(bench.write("anna.csv", ANNA), watched=["B", "C"], looked_at="cage")
    assert cages(say_unwatched(bench.source)) == "Mar-1-2026_A 2"


def test_what_is_annotated_was_watched(bench: Bench):
    rows = [Annotation("Mar-2-2026_C", 0, 1.0, 2.0, "seizure", "me", 1.0)]
    table = tables.from_rows("annotations", [vars(row) for row in rows])
    tables.write("annotations", table, bench.source / "annotations.parquet")
    bench.take(bench.write("anna.csv", ANNA))
    assert cages(say_unwatched(bench.source)) == "Mar-1-2026_B 1, Mar-1-2026_B 2"
