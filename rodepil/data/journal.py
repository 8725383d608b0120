"""What is done of a recording, window by window, so that a killed curation goes on there.

While a recording is worked on, each finished window adds a line of JSON, after its clips are on
disk. When all is done the lines become a Parquet part, whose existence means that the recording
is whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

from rodepil.errors import TableError
from rodepil.io import tables
from rodepil.io.files import sha256_file, unwritable, write_text

Row = Mapping[str, object]


class Journal:
    """The windows of one recording that are done.

    Parameters
    ----------
    part
        Where the finished part shall stand; the open journal stands beside it.
    clips_folder
        Where the clips lie that rows name.
    begin_s
        Where the recording begins on the grid of windows, which is its session's.
    """

    def __init__(self, part: Path, clips_folder: Path, begin_s: Fraction = Fraction(0)) -> None:
        self._part = part
        self._begin_s = float(begin_s)
        self._open = part.with_suffix(".jsonl")
        self._clips_folder = clips_folder
        self._windows: dict[int, list[Row]] = {}

    def __contains__(self, window: int) -> bool:
        return window in self._windows

    def resume(self) -> bool:
        """Read what is done, forget windows whose clips are gone or changed.

        Returns
        -------
        bool
            Whether the whole recording is done.
        """
        part = self._read_part()
        whole = part is not None
        found = self._read_open() if part is None else part
        self._windows = {
            window: rows for window, rows in found.items() if all(map(self._stands, rows))
        }
        if whole and len(self._windows) == len(found):
            return True
        lines = (_line(window, rows) for window, rows in self._windows.items())
        with self._writing():
            write_text(self._open, "".join(lines))
            self._part.unlink(missing_ok=True)
        return False

    def add(self, window: int, rows: Iterable[Row]) -> None:
        """Note that a window is done; its clips must be on disk."""
        self._windows[window] = list(rows)
        with self._writing(), self._open.open("a", encoding="utf-8") as stream:
            stream.write(_line(window, self._windows[window]))

    def finish(self) -> None:
        """Publish the part, in order of time, and remove the open journal."""
        rows = [row for _, rows in sorted(self._windows.items()) for row in rows]
        tables.write("clips", tables.from_rows("clips", rows), self._part)
        self._open.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TableError(unwritable(self._open, error)) from error

    def _read_part(self) -> dict[int, list[Row]] | None:
        """Read the finished part; None where there is none that can be read."""
        found: dict[int, list[Row]] = {}
        try:
            rows = tables.read("clips", self._part).to_pylist()
        except TableError:
            return None
        for row in rows:
            window = round((row["start_s"] + self._begin_s) / row["duration_s"])
            found.setdefault(window, []).append(row)
        return found

    def _read_open(self) -> dict[int, list[Row]]:
        """Read the lines; a torn or damaged one is a window that is not done."""
        found: dict[int, list[Row]] = {}
        if not self._open.is_file():
            return found
        text = self._open.read_text(encoding="utf-8", errors="replace")
        for line in text.split("\n")[:-1]:
            with suppress(json.JSONDecodeError, KeyError, TypeError):
                noted = json.loads(line)
                found[noted["window"]] = noted["rows"]
        return found

    def _stands(self, row: Row) -> bool:
        """Say whether the row's clip is on disk as it was written, or there is none."""
        if not row["kept"]:
            return True
        clip = self._clips_folder / str(row["path"])
        return clip.is_file() and sha256_file(clip) == row["sha256"]


def _line(window: int, rows: Iterable[Row]) -> str:
    return json.dumps({"window": window, "rows": list(rows)}, ensure_ascii=False) + "\n"
