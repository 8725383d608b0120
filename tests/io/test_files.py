"""Files appear whole or not at all, and digests are stable."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodepil.io.files import (
    publish,
    relative_to,
    sha256_file,
    short_hash,
    sweep,
    write_json,
    write_text,
)


def test_a_file_appears_when_the_block_ends(tmp_path: Path):
    path = tmp_path / "new" / "a.txt"
    with publish(path) as beside:
        beside.write_text("whole")
        assert not path.exists()
        assert beside.parent == path.parent
        assert beside.suffix == path.suffix
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_what_stood_there_stays_when_the_block_fails(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with publish(path) as beside:
            beside.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_replaced_as_a_whole(tmp_path: Path):
    path = tmp_path / "folder"
    path.mkdir()
    (path / "old").touch()
    with publish(path) as beside:
        beside.mkdir()
        (beside / "new").touch()
    assert [file.name for file in path.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_sorted_and_ends_its_last_line(tmp_path: Path):
    write_json(tmp_path / "a.json", {"b": 1, "a": "ü"})
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert text == '{\n  "a": "ü",\n  "b": 1\n}\n'
    write_text(tmp_path / "a.json", "{}")
    assert json.loads((tmp_path / "a.json").read_text()) == {}


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1])
def test_a_files_digest_is_that_of_its_bytes(tmp_path: Path, size: int):
    data = bytes(range(256)) * (size // 256 + 1)
    (tmp_path / "a").write_bytes(data[:size])
    assert sha256_file(tmp_path / "a") == hashlib.sha256(data[:size]).hexdigest()


def test_a_short_hash_is_the_start_of_the_digest_of_its_json():
    text = '["a",{"x":1,"y":[2,3]}]'
    assert short_hash("a", {"y": [2, 3], "x": 1}) == hashlib.sha256(text.encode()).hexdigest()[:16]
    assert len(short_hash("a", digits=40)) == 40


@given(st.dictionaries(st.text(), st.integers()))
def test_a_short_hash_does_not_depend_on_the_order_of_keys(value: dict[str, int]):
    assert short_hash(value) == short_hash(dict(reversed(value.items())))


def test_a_relative_path_leads_back(tmp_path: Path):
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    target = tmp_path / "c" / "d.txt"
    relative = relative_to(target, folder)
    assert relative == "../../c/d.txt"
    assert (folder / relative).resolve() == target.resolve()


def test_what_a_killed_writer_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a[1].json"
    kept = ("a[1].json", ".a[1].other.json", ".b.0123456789ab.tmp.json", ".a[1].0123.tmp.csv")
    for name in (*kept, ".a[1].0123456789ab.tmp.json"):
        (tmp_path / name).touch()
    sweep(path)
    assert {file.name for file in tmp_path.iterdir()} == set(kept)
