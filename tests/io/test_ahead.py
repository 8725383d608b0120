"""Reading ahead changes nothing but who waits: order, errors and closing are kept."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from rodepil.errors import VideoError
from rodepil.io.ahead import CHUNK, CHUNKS, read_ahead


class Counted:
    """A generator of numbers that knows how far it went and whether it was closed."""

    def __init__(self, count: int, fails_at: int = -1) -> None:
        self.made = 0
        self.closed = False
        self.thread: threading.Thread | None = None
        self._count = count
        self._fails_at = fails_at

    def items(self) -> Generator[int]:
        self.thread = threading.current_thread()
        try:
            for number in range(self._count):
                if number == self._fails_at:
                    raise VideoError("broken at 13")
                self.made += 1
                yield number
        finally:
            self.closed = True


@pytest.mark.parametrize("threaded", [False, True])
@pytest.mark.parametrize("count", [0, 1, CHUNK - 1, CHUNK, 10 * CHUNK + 3])
def test_all_items_come_in_order(count: int, *, threaded: bool):
    counted = Counted(count)
    with read_ahead(counted.items(), threaded=threaded) as items:
        assert list(items) == list(range(count))
    assert counted.closed
    assert (counted.thread is not threading.current_thread()) == threaded


@pytest.mark.parametrize("threaded", [False, True])
def test_an_error_comes_after_what_was_made_before_it(*, threaded: bool):
    counted, taken = Counted(100, fails_at=13), []
    with (
        pytest.raises(VideoError, match="broken at 13"),
        read_ahead(counted.items(), threaded=threaded) as items,
    ):
        taken.extend(iter_into(items, taken))
    assert taken == list(range(13))
    assert counted.closed


def iter_into(items: object, taken: list[int]) -> list[int]:
    """Append one by one, so that what came before an error is kept."""
    for item in items:  # type: ignore[attr-defined]  # an iterable
        taken.append(item)  # noqa: PERF402 - extend would lose what came before the error
    return []


@pytest.mark.parametrize("threaded", [False, True])
def test_leaving_early_closes_the_generator(*, threaded: bool):
    counted = Counted(10**6)
    with read_ahead(counted.items(), threaded=threaded) as items:
        for item in items:
            if item == 5:
                break
    assert counted.closed
    assert counted.made < 1000
    assert not [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_no_more_than_a_few_items_are_made_ahead():
    counted = Counted(10**6)
    with read_ahead(counted.items(), threaded=True) as items:
        next(iter(items))
        time.sleep(0.2)
        assert counted.made <= CHUNK * (CHUNKS + 2)
