"""Features that grow on the disk, so that a recording of any length takes no more memory.

Shapes: T windows, F width.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from rodepil.errors import FeatureError
from rodepil.io.files import unwritable


class Spool:
    """A file of float32 rows; use it in a ``with`` block, and read it afterwards.

    Parameters
    ----------
    path
        The file, in a folder that is there.
    width
        F.
    """

    def __init__(self, path: Path, width: int) -> None:
        self._path, self._width, self.rows = path, width, 0

    def __enter__(self) -> Self:
        self._stream = self._path.open("wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()

    def add(self, features: npt.NDArray[np.float32]) -> None:
        """Append features (T, F).

        Raises
        ------
        FeatureError
            They have another width, or the file can't be written, for example because the disk
            is full.
        """
        if features.shape[1:] != (self._width,):
            raise FeatureError(f"features are {features.shape}, wanted (T, {self._width})")
        try:
            self._stream.write(np.ascontiguousarray(features, dtype=np.float32).data)
        except OSError as error:
            raise FeatureError(unwritable(self._path, error)) from error
        self.rows += len(features)

    def read(self) -> npt.NDArray[np.float32]:
        """Return all rows, (T, F) float32, of which only those that are looked at are loaded."""
        if not self.rows:
            return np.zeros((0, self._width), np.float32)
        return np.memmap(self._path, np.float32, mode="c", shape=(self.rows, self._width))
