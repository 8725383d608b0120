"""Memory in which the rows of a shard wait until it is whole.

Megabytes that are taken anew for every clip cost a page fault for each 4 KiB, on some machines as
much time as half of the decoding. One array for the clips of a shard is taken in large pages and
serves one shard after another.
"""

from __future__ import annotations

import numpy as np

from rodepil.store.views.base import Array, Row, View

WORTH_BYTES = 1 << 16
"""Arrays below this stay as they are: they come from memory that is in use already."""


class Shelf:
    """Room for the rows of one shard.

    Parameters
    ----------
    view
        The view that makes the rows.
    clips
        The most rows of a shard.
    """

    def __init__(self, view: View, clips: int) -> None:
        self._clips = clips
        self._large = {
            name: column
            for name, column in view.columns.items()
            if column.fixed is not None and column.size_bytes() >= WORTH_BYTES
        }
        self._held: dict[str, Array] = {}

    def keep(self, place: int, row: Row) -> Row:
        """Return a row with its large arrays copied to the place of that number on the shelf.

        What stood there before is lost.
        """
        kept = dict(row)
        for name, column in self._large.items():
            if name not in self._held:
                shape = (self._clips, *(column.fixed or ()))
                self._held[name] = np.empty(shape, dtype=column.dtype)
            self._held[name][place] = row[name]
            kept[name] = self._held[name][place]
        return kept
