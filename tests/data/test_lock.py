"""One curation at a time in one folder, and an error that says what is in the way."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.data.lock import alone_in, writing
from rodepil.errors import SourceError


def test_a_second_one_is_told_to_wait_until_the_first_has_ended(tmp_path: Path) -> None:
    with (
        alone_in(tmp_path),
        pytest.raises(SourceError, match="wait until it has ended"),
        alone_in(tmp_path),
    ):
        pass
    with alone_in(tmp_path):
        assert (tmp_path / "lock").is_file()


@pytest.mark.parametrize("spoil", [Path.mkdir, lambda path: path.write_bytes(b"no lock" * 99)])
def test_a_lock_that_is_none_is_an_error_that_names_it(
    tmp_path: Path, spoil: Callable[[Path], object]
) -> None:
    spoil(tmp_path / "lock")
    with pytest.raises(SourceError, match=r"lock can't be held .* remove it"), alone_in(tmp_path):
        pass


def test_who_writes_tables_second_waits_for_the_first(tmp_path: Path):
    order: list[str] = []

    def second() -> None:
        with writing(tmp_path):
            order.append("second")

    with writing(tmp_path):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join(5)
    assert order == ["first", "second"]
