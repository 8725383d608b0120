"""Progress as an edge: long work reports to whatever it is given."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[float], None]


class Progress(Protocol):
    """Shows how far a task is; the command line gives one that draws bars."""

    def task(self, name: str, total: float, unit: str) -> AbstractContextManager[Advance]:
        """Open a task of `total` units; call what it yields with each amount done."""


class Silent:
    """Shows nothing; the default of every function that reports progress."""

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        """Yield a function that forgets what it is told."""
        del name, total, unit
        yield _forget


@contextmanager
def every(seconds: float, look: Callable[[], None]) -> Iterator[None]:
    """Call `look` by itself, each time that `seconds` have gone, for the block."""
    ended = threading.Event()

    def repeat() -> None:
        while not ended.wait(seconds):
            look()

    thread = threading.Thread(target=repeat, name="look", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _forget(amount: float) -> None:
    del amount
