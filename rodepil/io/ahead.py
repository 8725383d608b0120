"""Read ahead of who reads: a generator runs in a thread of its own, a few items before."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

CHUNK = 8
"""Items handed over at a time, so that the two threads seldom wait for each other."""

CHUNKS = 3
WAIT_S = 0.01


@dataclass(frozen=True)
class Handed(Generic[Item]):
    """What one thread hands to the other: items, and at last how it ended."""

    items: list[Item]
    last: bool = False
    error: BaseException | None = None


@contextmanager
def read_ahead(items: Generator[Item], *, threaded: bool) -> Iterator[Iterable[Item]]:
    """Yield what gives the items in order, made in another thread where `threaded`.

    An error of the generator is raised where its item would have come. When the block ends the
    generator is closed, read to its end or not. At most ``CHUNK * (CHUNKS + 2)`` items are held.
    """
    if not threaded:
        with closing(items):
            yield items
        return
    ready: queue.Queue[Handed[Item]] = queue.Queue(CHUNKS)
    left = threading.Event()
    thread = threading.Thread(target=_read, args=(items, ready, left), name="read-ahead")
    thread.start()
    try:
        yield _taken(ready)
    finally:
        left.set()
        while thread.is_alive():
            _empty(ready)
            thread.join(WAIT_S)


def _empty(ready: queue.Queue[Handed[Item]]) -> None:
    """Empty the queue, so that who waits to put something in wakes up."""
    while not ready.empty():
        ready.get_nowait()


def _read(
    items: Generator[Item],
    ready: queue.Queue[Handed[Item]],
    left: threading.Event,
) -> None:
    chunk: list[Item] = []
    error: BaseException | None = None
    try:
        with closing(items):
            for item in items:
                chunk.append(item)
                if len(chunk) == CHUNK:
                    ready.put(Handed(chunk))
                    chunk = []
                if left.is_set():
                    return
    except BaseException as caught:  # noqa: BLE001 - raised again where the items are read
        error = caught
    ready.put(Handed(chunk, last=True, error=error))


def _taken(
    ready: queue.Queue[Handed[Item]],
) -> Iterator[Item]:
    last = False
    while not last:
        handed = ready.get()
        yield from handed.items
        if handed.error is not None:
            raise handed.error
        last = handed.last
