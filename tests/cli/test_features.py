"""The commands of the feature store, as people type them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from rodepil.cli.main import app
from rodepil.cli.run import guarded
from tests.store.know.conftest import Small, small

PARAMS = """
features: {frames: 4, size_px: 32}
views:
  motion: {kind: motion, size_px: 24}
  pairs: {kind: frames, frames: 3, size_px: 16, pairs: native}
"""


class Shown(NamedTuple):
    status: int
    out: str
    err: str


class Run(Protocol):
    def __call__(self, *arguments: str) -> Shown: ...


@pytest.fixture
def project(tmp_path: Path) -> Small:
    (tmp_path / "params.yaml").write_text(PARAMS)
    return small(tmp_path)


@pytest.fixture
def run(project: Small, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call a command in the project's folder, in this process, on a wide terminal."""
    monkeypatch.chdir(project.root)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Shown:
        capsys.readouterr()
        status = guarded(lambda: app(["features", *arguments], standalone_mode=False))
        return Shown(status, *capsys.readouterr())

    return call


def test_views_are_chosen_by_name_and_the_others_keep_their_rows(run: Run, project: Small) -> None:
    shown = run("materialize", "motion")
    assert (shown.status, shown.out) == (0, "motion: 16 features, 16 computed, 0 reused\n")
    assert "16/16 clips" in shown.err
    assert "clips/s" in shown.err
    assert run("materialize", "pairs").status == 0
    assert set(project.asked.features.column("view").to_pylist()) == {"motion", "pairs"}
    shown = run("materialize")
    assert "frames: 16 features, 16 computed" in shown.out
    assert "motion: 16 features, 0 computed, 16 reused" in shown.out
    shown = run("materialize", "flow")
    assert shown.status == 1
    assert "no view 'flow'; there are frames, motion, pairs" in shown.err


def test_all_that_there_is_is_told(run: Run, project: Small) -> None:
    shown = run("list")
    assert "not materialized" in shown.out
    assert "'rodepil features materialize' makes" in shown.out
    project.materialize()
    lines = [line.split() for line in run("list").out.splitlines() if line]
    states = {line[0]: line[-1] for line in lines if line[0] in {"frames", "motion", "pairs"}}
    assert states == dict.fromkeys(["frames", "motion", "pairs"], "current")
    shown = run("describe", "frames", "--test-fold", "1", "--json", "told.json")
    assert shown.status == 0, shown.err
    assert "tests fold 1: 8 clips of 2 subjects" in shown.out
    told = json.loads((project.root / "told.json").read_text())
    assert told["statistics"]["labels"] == {"0": 4, "1": 4}


def test_verify_leaves_with_1_until_all_is_sound(run: Run, project: Small) -> None:
    project.materialize()
    assert run("verify").status == 0
    path = project.shards("motion")[0]
    path.write_bytes(path.read_bytes()[:-20])
    shown = run("verify", "motion")
    assert shown.status == 1
    assert f"torn: {path.parent.name}/{path.name}" in shown.out
    assert "verify --mend" in shown.err
    assert run("verify", "frames").status == 0
    assert run("verify", "--mend").status == 1
    assert run("materialize").status == 0
    assert run("verify").status == 0


def test_what_is_there_is_handed_out(run: Run, project: Small) -> None:
    project.materialize()
    assert run("gc", "--dry-run").out.splitlines()[-1] == "0 B would be removed"
    shown = run("export", "motion", "--format", "npz", "-o", "out")
    assert shown.out == "16 clips in 1 file in out\n"
    assert run("get", "c003", "pairs", "-o", "c003.png").status == 0
    assert (project.root / "c003.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_run_and_a_missing_snapshot_are_users_errors(run: Run) -> None:
    for arguments in (
        ("lineage", "0123"), ("describe", "frames"), ("get", "c003", "frames", "-o", "x.png"),
        ("gc",), ("export", "frames", "-o", "out"),
    ):  # fmt: skip
        shown = run(*arguments)
        assert shown.status == 1
        assert shown.err.startswith("error: ")


def test_help_fits_80_columns_and_no_line_is_cut(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    shown = run("--help")
    commands = shown.out.partition("Commands")[2]
    for name in (
        "materialize", "list", "describe", "verify", "gc", "export", "get", "lineage",
    ):  # fmt: skip
        assert name in commands
    assert "..." not in commands
    assert "…" not in commands
    assert "younger" in run("gc", "--help").out or "an hour old" in run("gc", "--help").out
    assert "clips.parquet" in run("get", "--help").out
    assert "left out" in run("materialize", "--help").out


def test_a_lineage_refuses_its_format_before_it_looks(run: Run) -> None:
    shown = run("lineage", "0123", "-o", "x.xlsx")
    assert (shown.status, shown.out) == (1, "")
    assert "end it in .csv or .parquet" in shown.err
