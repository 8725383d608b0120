"""Files dropped from the system's memory, so that reads come from the disk."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

PROBE_BYTES = 1 << 22
LEFT = 0.05
"""Share of a file that may stay in memory where it counts as dropped."""


def drop_from_memory(paths: Iterable[Path]) -> None:
    """Ask the system to forget what it holds of files; they must not be mapped."""
    for path in set(paths):
        with path.open("rb") as stream:
            os.fsync(stream.fileno())  # what is not on the disk yet can't be forgotten
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def drops_from_memory(folder: Path) -> bool:
    """Say whether files in a folder can be dropped, by doing it; those of a RAM disk can't."""
    if sys.platform != "linux":
        return False
    probe = folder / "probe"
    probe.write_bytes(bytes(PROBE_BYTES))
    drop_from_memory([probe])
    dropped = in_memory(probe) < LEFT
    probe.unlink()
    return dropped


def in_memory(path: Path) -> float:
    """Return the share of a file's pages that lie in memory, as Linux tells it."""
    libc = ctypes.CDLL(None, use_errno=True)
    with path.open("rb") as stream:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    pages = np.frombuffer(mapped, np.uint8)
    found = np.zeros(-(-len(pages) // mmap.PAGESIZE), np.uint8)
    address = (ctypes.c_void_p(each.ctypes.data) for each in (pages, found))
    start, into = address
    if libc.mincore(start, ctypes.c_size_t(len(pages)), into):
        raise OSError(ctypes.get_errno(), "mincore fails", str(path))
    return float((found & 1).mean())
