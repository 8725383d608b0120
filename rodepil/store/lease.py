"""Leases: who adds to a view's folder says so by a file in it, so that nobody cleans up there.

The file is hidden, and what killed writers leave of it is swept up as other unfinished files are.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from rodepil.errors import FeatureError
from rodepil.store.places import Place

PREFIX = ".lease-"
RENEWED_S = 60.0
HELD_S = 3600.0
"""A lease that was not renewed for so long is of somebody who was killed."""


@contextmanager
def lease(
    place: Place, folders: Sequence[str], clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[], None]]:
    """Hold the folders; what is yielded is to be called from time to time.

    Parameters
    ----------
    place
        The store.
    folders
        The folders to add to; none holds nothing.
    clock
        Gives seconds.

    Raises
    ------
    FeatureError
        The store can't be written to.
    """
    names = [f"{folder}/{PREFIX}{secrets.token_hex(8)}.tmp" for folder in folders]
    renewed_s = clock()

    def renew() -> None:
        nonlocal renewed_s
        if clock() - renewed_s >= RENEWED_S:
            renewed_s = clock()
            _write(place, names)

    try:
        _write(place, names)
        yield renew
    finally:
        for name in names:
            with suppress(FeatureError, OSError):  # it ends by itself
                place.discard(name)


def _write(place: Place, names: Sequence[str]) -> None:
    for name in names:
        with place.publish(name) as beside:
            beside.write_text("at work", encoding="utf-8")


def is_leased(place: Place, folder: str, now_s: float) -> bool:
    """Say whether somebody adds to a folder, `now_s` in seconds since 1970."""
    return holders(place, folder, now_s) > 0


def holders(place: Place, folder: str, now_s: float) -> int:
    """Return how many add to a folder, `now_s` in seconds since 1970."""
    held = 0
    for name in place.hidden(folder):
        if name.startswith(PREFIX):
            with suppress(FileNotFoundError):  # its holder has ended
                held += place.modified_s(f"{folder}/{name}") > now_s - HELD_S
    return held
