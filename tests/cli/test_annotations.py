"""The commands of annotations print what was taken, refused, agreed upon and disputed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Rodepil, Shown
from tests.data.marks.conftest import Bench, bench

__all__ = ["bench"]

ANNA = "Video;Ratte;Beginn;Ende;Label\nA;70-1;1:40;2:00;SZ\nC;99-1;10,5;20;SZ\nC;99-1;30;20;SZ\n"
BEN = "Video;Ratte;Beginn;Ende;Label\nA;70-1;1:40;2:10;SZ\nA;70-2;5:00;5:10;SZ\n"
Annotations = Callable[..., Shown]
SEIZURE = ["--set", "imports.annotations.labels={SZ: seizure}"]


@pytest.fixture
def annotations(rodepil: Rodepil) -> Annotations:
    def call(project: Path, *words: str) -> Shown:
        return rodepil("annotations", *words, folder=project, COLUMNS="200")

    return call


def test_from_two_sheets_to_conflicts(bench: Bench, annotations: Annotations) -> None:
    bench.write("Anna Müller.csv", ANNA)
    bench.write("ben.csv", BEN)
    done = annotations(bench.folder, "import", "Anna Müller.csv", "ben.csv", *SEIZURE)
    assert done.returncode == 0, done.stderr
    assert "Anna Müller.csv: 2 marks by Anna Müller, 2 recordings watched, 1 refused" in done.stdout
    assert "annotations now: 2 events agreed upon, 2 intervals disputed" in done.stdout
    assert "Anna Müller.csv, line 4: it ends 10 s before it starts" in done.stdout
    nobody = "watched by nobody: 2 cages (Mar-1-2026_B 1, Mar-1-2026_B 2)"
    assert nobody in done.stdout

    compared = annotations(bench.folder, "agreement", "--bin-s", "1", "-o", "out/conflicts.csv")
    assert compared.returncode == 0, compared.stderr
    assert "matched events      1, mean tIoU 0.667" in compared.stdout
    assert "only ben: 1" in compared.stdout
    assert "300-310 s (../../ben.csv, line 3); Anna Müller marked nothing" in compared.stdout
    assert len((bench.folder / "out" / "conflicts.csv").read_text().splitlines()) == 2

    shown = annotations(bench.folder, "show")
    assert shown.returncode == 0, shown.stderr
    assert "Anna Müller: 2 marks" in shown.stdout
    assert "from ../../Anna Müller.csv" in shown.stdout

    removed = annotations(bench.folder, "remove", "ben.csv", "nobody.csv")
    assert removed.returncode == 0, removed.stderr
    assert "ben.csv: withdrawn 2 marks, 1 rows of what was watched" in removed.stdout
    assert "annotations now: 2 events agreed upon, 0 intervals disputed" in removed.stdout
    assert "refused: 'nobody.csv' gave nothing that is there; there is " in removed.stdout
    assert [row.annotator for row in bench.annotations()] == ["Anna Müller"] * 2
    again = annotations(bench.folder, "remove", "ben.csv")
    assert again.returncode == 1
    assert "nothing was removed" in again.stderr
    assert "there is ../../Anna Müller.csv by Anna Müller (2 marks)" in again.stderr


def test_when_nothing_can_be_taken_the_status_says_so(
    bench: Bench, annotations: Annotations
) -> None:
    bench.write("anna.csv", ANNA)
    done = annotations(bench.folder, "import", "anna.csv", "--into", "elsewhere")
    assert done.returncode == 1
    assert "has no recordings.parquet; import videos first" in done.stderr
    done = annotations(bench.folder, "import", "missing.csv")
    assert done.returncode == 1
    assert "error: nothing could be taken:\n  missing.csv: missing.csv is not there" in done.stderr


@pytest.mark.parametrize("command", ["import", "remove", "agreement", "show"])
def test_every_command_explains_itself(
    tmp_path: Path, annotations: Annotations, command: str
) -> None:
    shown = annotations(tmp_path, command, "--help")
    assert shown.returncode == 0
    assert "--into" in shown.stdout
