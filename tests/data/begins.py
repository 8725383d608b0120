"""A progress that tells another process when the work begins; it imports nearly nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.synchronize import Event

from rodepil.io.progress import Advance


class Begins:
    """Sets `event` when its first task is opened."""

    def __init__(self, event: Event) -> None:
        self._event = event

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        """Set the event and forget all that follows."""
        del name, total, unit
        self._event.set()
        yield self._forget

    @staticmethod
    def _forget(amount: float) -> None:
        del amount
