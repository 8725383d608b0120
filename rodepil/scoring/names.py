"""A column of names as codes, so that names are compared once and not a row at a time.

N rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Names:
    """A column of names.

    Parameters
    ----------
    known
        The names that occur, each once, in no order.
    codes
        (N,) int64, each row's place in `known`.
    """

    known: tuple[str, ...]
    codes: Ints

    @classmethod
    def of(cls, values: Sequence[str] | npt.NDArray[np.str_] | pa.Array | pa.ChunkedArray) -> Names:
        """Code a column without nulls."""
        if not isinstance(values, pa.Array | pa.ChunkedArray):
            values = pa.array(values, pa.string())
        column = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
        coded = column.dictionary_encode()
        codes = coded.indices.to_numpy().astype(np.int64, copy=False)
        return cls(tuple(coded.dictionary.to_pylist()), codes)

    def __len__(self) -> int:
        """N."""
        return len(self.codes)

    def __getitem__(self, row: int) -> str:
        """Return the name of a row."""
        return self.known[int(self.codes[row])]

    def tolist(self) -> list[str]:
        """Return the name of every row."""
        return [self.known[code] for code in self.codes.tolist()]

    def rows(self, name: str) -> Ints:
        """Return the rows of one name, in order."""
        if name not in self.known:
            return np.empty(0, dtype=np.int64)
        return np.flatnonzero(self.codes == self.known.index(name)).astype(np.int64, copy=False)


def joined(one: pa.ChunkedArray, other: pa.ChunkedArray, between: str) -> pa.ChunkedArray:
    """Return two columns as one of texts, with `between` in the middle of each."""
    return pc.binary_join_element_wise(one, pc.cast(other, pa.string()), between)


def codes_of(one: Names, other: Names) -> tuple[tuple[str, ...], Ints, Ints]:
    """Return the names of both in order, and the place of each one's rows among them."""
    names = tuple(sorted({*one.known, *other.known}))
    places = {name: place for place, name in enumerate(names)}
    first, second = (
        np.array([places[name] for name in side.known], dtype=np.int64)[side.codes]
        for side in (one, other)
    )
    return names, first, second
