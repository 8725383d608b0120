"""What was probed already, so that a killed import goes on there and a second one is quick.

Every probed file adds a line of JSON at once. A file that has another size or time of change than
its line says is probed again, and all are where another decoder would find other frames.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TypeAlias

from rodepil.data.lab.facts import VERSION, Facts, Stamp, stamp_of
from rodepil.errors import SourceError, VideoError
from rodepil.io.clip_frames import decoder_version
from rodepil.io.files import write_text

Found: TypeAlias = Facts | VideoError
"""What came of a file that could be read: facts, or why it is no video to curate."""


class ProbeJournal:
    """The files that were probed.

    Parameters
    ----------
    path
        Where it lies; None keeps it in memory alone. Its folder is made when missing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._found: dict[Stamp, Found] = {}
        if path is not None:
            self._read(path)

    @property
    def folder(self) -> Path | None:
        """Where it lies; None where it is kept in memory."""
        return None if self._path is None else self._path.parent

    def get(self, stamp: Stamp) -> Found | None:
        """Return what came of the file in that state; None where it was not probed."""
        return self._found.get(stamp)

    @property
    def refused(self) -> list[Path]:
        """Files that are no video to curate, as they stand now."""
        return [
            Path(stamp.path)
            for stamp, found in self._found.items()
            if isinstance(found, VideoError) and _stands(stamp)
        ]

    def add(self, stamp: Stamp, found: Found) -> None:
        """Note what came of a file, on disk at once."""
        self._found[stamp] = found
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(_line(stamp, found))

    def _read(self, path: Path) -> None:
        """Read the lines; a torn or older one is a file that was not probed, and is left out."""
        text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
        latest: dict[str, tuple[Stamp, Found]] = {}
        for line in text.split("\n")[:-1]:
            with suppress(ValueError, KeyError, TypeError):
                noted = json.loads(line)
                stamp = Stamp(**noted["stamp"])
                if noted["version"] == _version():
                    latest[stamp.path] = stamp, _found(noted)
        self._found = dict(latest.values())
        whole = "".join(_line(stamp, found) for stamp, found in self._found.items())
        if whole != text or not path.is_file():
            write_text(path, whole)


def _stands(stamp: Stamp) -> bool:
    """Say whether the file is there as it was."""
    try:
        return stamp_of(Path(stamp.path)) == stamp
    except SourceError:
        return False


def _found(noted: dict[str, object]) -> Found:
    facts = noted["facts"]
    return Facts.from_json(facts) if isinstance(facts, dict) else VideoError(str(noted["refused"]))


@cache
def _version() -> str:
    """Return what the facts of a file depend on besides the file."""
    return f"{VERSION}, {decoder_version()}"


def _line(stamp: Stamp, found: Found) -> str:
    value: dict[str, object] = {"version": _version(), "stamp": asdict(stamp)}
    if isinstance(found, Facts):
        value |= {"facts": asdict(found)}
    else:
        value |= {"facts": None, "refused": str(found)}
    return json.dumps(value, ensure_ascii=False) + "\n"
