"""Tables are checked against their schema at every read and write."""

from __future__ import annotations

import secrets
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rodepil.errors import TableError
from rodepil.io import tables

FOLD: dict[str, object] = {"clip_id": "a", "subject_id": "70-3", "fold": 0}


@pytest.mark.parametrize("name", sorted(tables.SCHEMAS))
def test_an_empty_table_of_every_name_comes_back_as_it_was(tmp_path: Path, name: str):
    path = tmp_path / f"{name}.parquet"
    written = tables.write(name, tables.from_rows(name, []), path)
    assert written.schema.equals(tables.schema(name))
    assert tables.read(name, path).equals(written)


def test_rows_come_back_and_missing_optional_columns_are_null(tmp_path: Path):
    table = tables.from_rows("scores", [{"path": "a.avi", "score": 0.5}])
    tables.write("scores", table, tmp_path / "scores.parquet")
    (row,) = tables.read("scores", tmp_path / "scores.parquet").to_pylist()
    assert row == {"path": "a.avi", "clip_id": None, "score": 0.5, "predicted": None, "error": None}


def test_columns_come_back_in_the_schemas_order(tmp_path: Path):
    table = tables.from_rows("folds", [FOLD]).select(["fold", "clip_id", "subject_id"])
    tables.write("folds", table, tmp_path / "folds.parquet")
    found = pq.read_table(tmp_path / "folds.parquet")
    assert found.column_names == ["clip_id", "subject_id", "fold"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (FOLD | {"extra": 1}, r"has no column \['extra'\]"),
        (FOLD | {"fold": "zero"}, "does not fit table 'folds'"),
        (FOLD | {"fold": None}, "column 'fold' holds 1 nulls"),
        ({"clip_id": "a", "fold": 1}, "column 'subject_id' holds 1 nulls"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(row: dict[str, object], says: str):
    with pytest.raises(TableError, match=says):
        tables.from_rows("folds", [row])


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (pa.table({"clip_id": ["a"]}), r"missing columns \['subject_id', 'fold'\]"),
        (
            pa.table({"clip_id": ["a"], "subject_id": ["s"], "fold": [0], "more": [1]}),
            r"unknown columns \['more'\]",
        ),
        (
            pa.table({"clip_id": ["a"], "subject_id": ["s"], "fold": [0.5]}),
            "column 'fold' is double, wanted int64",
        ),
    ],
)
def test_a_file_of_another_shape_is_refused_by_its_path(tmp_path: Path, table: pa.Table, says: str):
    path = tmp_path / "folds.parquet"
    pq.write_table(table, path)
    with pytest.raises(TableError, match=says) as caught:
        tables.read("folds", path)
    assert str(path) in str(caught.value)


def test_only_columns_that_came_later_may_be_missing(tmp_path: Path):
    late = {"part", "session_id", "container"}
    for name, gone, taken in (("recordings", late, True), ("clips", {"drop_reason"}, False)):
        path = tmp_path / f"{name}.parquet"
        whole = tables.from_rows(name, [])
        pq.write_table(whole.select([key for key in whole.column_names if key not in gone]), path)
        if taken:
            assert tables.read(name, path).schema.equals(tables.schema(name))
        else:
            with pytest.raises(TableError, match=r"missing columns \['drop_reason'\]"):
                tables.read(name, path)


def test_a_table_that_does_not_fit_is_not_written(tmp_path: Path):
    path = tmp_path / "folds.parquet"
    with pytest.raises(TableError):
        tables.write("folds", pa.table({"clip_id": ["a"]}), path)
    assert not path.exists()


def test_a_missing_or_damaged_file_is_named_with_the_command_that_makes_it(tmp_path: Path):
    path = tmp_path / "folds.parquet"
    with pytest.raises(TableError, match=r"is not at .*dvc repro"):
        tables.read("folds", path)
    path.write_bytes(b"PAR1 torn")
    with pytest.raises(TableError, match=r"can't be read as Parquet.*dvc repro"):
        tables.read("folds", path)


def test_a_table_that_cannot_be_written_is_said_and_what_stood_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "folds.parquet"
    tables.write("folds", tables.from_rows("folds", [FOLD]), path)
    before = path.read_bytes()
    monkeypatch.setattr(secrets, "token_hex", lambda _: "known")
    # The file beside it that is written first: every write to it fails as on a full disk.
    (tmp_path / ".folds.known.tmp.parquet").symlink_to("/dev/full")
    with pytest.raises(TableError, match=r"No space left on device.*check the") as caught:
        tables.write("folds", tables.from_rows("folds", []), path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_folder_that_is_a_file_is_said(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(TableError, match=r"file/folds\.parquet can't be written"):
        tables.write("folds", tables.from_rows("folds", []), tmp_path / "file" / "folds.parquet")
