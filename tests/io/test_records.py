"""Records as files: read when whole, and refused with what to do when not."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil.config.base import Settings
from rodepil.errors import AuditError, ReportError
from rodepil.io.records import read_record


class Weighed(Settings):
    """A record of a rat."""

    name: str
    grams: float


def read(path: Path) -> Weighed:
    return read_record(path, Weighed, "what a scale writes", "weigh again")


def test_a_record_is_read(tmp_path: Path) -> None:
    path = tmp_path / "rat.json"
    path.write_text('{"name": "70-3", "grams": 310.5}', encoding="utf-8")
    assert read(path) == Weighed(name="70-3", grams=310.5)


def test_a_missing_record_is_named_with_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"rat\.json is not there.*what a scale writes; weigh"):
        read(tmp_path / "rat.json")


@pytest.mark.parametrize("held", ["{", "[]", "{}", '{"name": "70-3", "grams": "heavy"}', "\xff"])
def test_what_is_no_such_record_is_refused(tmp_path: Path, held: str) -> None:
    path = tmp_path / "rat.json"
    path.write_bytes(held.encode("latin-1"))
    with pytest.raises(ReportError, match=r"(?s)rat\.json does not hold what .*; weigh again$"):
        read(path)


def test_a_file_that_can_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rat.json").mkdir()
    with pytest.raises(ReportError, match=r"rat\.json can't be read: .*; weigh again$"):
        read(tmp_path / "rat.json")


def test_the_error_is_of_the_class_that_is_asked_for(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match="weigh again"):
        read_record(tmp_path / "rat.json", Weighed, "what", "weigh again", AuditError)
