"""What the tables hold when an import dies, or others write meanwhile."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rodepil.config.imports import AnnotationImportSettings
from rodepil.data.boxes.keep import put_cages
from rodepil.data.cages import Cage
from rodepil.data.marks.take import import_annotations
from rodepil.data.published import clips as clips_module
from rodepil.data.sources import read_source
from rodepil.io import tables
from tests.data.published.importing import SHORT, read, renamed, run
from tests.published_clips import film_clip

BROKEN = pytest.mark.parametrize("step", range(5))


def breaking(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Let the process seem to die ahead of the table that is written as number `step`."""
    real, done = tables.write, []

    def write(name: str, table: pa.Table, path: Path) -> pa.Table:
        if len(done) == step:
            raise KeyboardInterrupt
        done.append(name)
        return real(name, table, path)

    monkeypatch.setattr(tables, "write", write)


def recorded_without_seizure(into: Path) -> list[str]:
    """Return seizure clips that stand among the recordings without their annotation."""
    path = into / "annotations.parquet"
    marked = tables.read("annotations", path).to_pylist() if path.is_file() else []
    known = {row["recording_id"] for row in marked}
    there = into / "recordings.parquet"
    rows = tables.read("recordings", there).to_pylist() if there.is_file() else []
    return [
        row["recording_id"]
        for row in rows
        if "_S_" in row["recording_id"] and row["recording_id"] not in known
    ]


@BROKEN
def test_an_import_that_dies_between_tables_loses_no_label_and_the_next_mends_it(
    brief: list[Path], into: Path, step: int, monkeypatch: pytest.MonkeyPatch
):
    run(into, brief[0])
    with monkeypatch.context() as patched:
        breaking(patched, step)
        with suppress(KeyboardInterrupt):
            run(into, *brief)
    assert not recorded_without_seizure(into)
    run(into, *brief)
    source = read_source(into)
    assert source.recordings.column("recording_id").to_pylist() == sorted(p.stem for p in brief)
    assert source.annotations.column("recording_id").to_pylist() == [brief[2].stem]
    assert source.cages.num_rows == 3


@BROKEN
def test_a_removal_that_dies_between_tables_leaves_no_seizure_clip_without_its_label(
    brief: list[Path], into: Path, step: int, monkeypatch: pytest.MonkeyPatch
):
    run(into, *brief)
    film_clip(renamed(brief[2], rat="9-9"), SHORT, np.random.default_rng(5))
    with monkeypatch.context() as patched:
        breaking(patched, step)
        with suppress(KeyboardInterrupt):
            run(into, brief[0].parents[1])
    assert not recorded_without_seizure(into)
    run(into, brief[0].parents[1])
    source = read_source(into)
    assert source.recordings.column("recording_id").to_pylist() == sorted(p.stem for p in brief[:2])
    assert (source.cages.num_rows, source.annotations.num_rows) == (2, 0)


def test_what_others_write_while_clips_are_probed_stays(
    brief: list[Path], into: Path, monkeypatch: pytest.MonkeyPatch
):
    run(into, brief[0])
    probe = clips_module.probe_many

    def probe_slowly(*arguments: object, **named: object) -> object:
        found = probe(*arguments, **named)  # type: ignore[arg-type]
        (cage,) = [Cage(**row) for row in read(into)["cages"].to_pylist()]
        put_cages(into, {cage.recording_id: [replace(cage, subject_id="drawn")]})
        return found

    monkeypatch.setattr(clips_module, "probe_many", probe_slowly)
    run(into, *brief[1:])
    cages = read(into)["cages"].to_pylist()
    assert [row["subject_id"] for row in cages].count("drawn") == 1
    assert len(cages) == 3


def test_clips_that_annotators_judged_keep_what_they_agreed_upon(
    brief: list[Path], into: Path, tmp_path: Path
):
    run(into, *brief)
    sheet = tmp_path / "anna.csv"
    sheet.write_text(f"recording,start_s,end_s\n{brief[2].stem},0.25,0.75\n")
    import_annotations([sheet], into, AnnotationImportSettings())
    before = read(into)["annotations"].to_pylist()
    assert {row["annotator"] for row in before} >= {"anna + published"}
    assert max(row["agreement"] for row in before) == 0.5  # half of the clip was marked by both
    run(into, *brief)
    assert read(into)["annotations"].to_pylist() == before
