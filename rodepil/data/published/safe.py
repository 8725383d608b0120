"""Names from outside as paths that can't leave their folder."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

_DRIVE = re.compile(r"[A-Za-z]:")


class UnsafeName(ValueError):
    """A name would lead out of its folder, or names nothing."""


def safe_path(name: str) -> PurePosixPath:
    """Return `name` as a relative path, in Unicode's composed form.

    A backslash parts folders as a slash does, since some archivers of Windows write it.

    Raises
    ------
    UnsafeName
        It is absolute, holds a drive letter, ``..`` or a null byte, or is empty.
    """
    plain = unicodedata.normalize("NFC", name).replace("\\", "/")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    if plain.startswith("/") or (parts and _DRIVE.match(parts[0])):
        raise UnsafeName(f"the name '{name}' is an absolute path")
    if ".." in parts:
        raise UnsafeName(f"the name '{name}' leads out of its folder")
    if not parts or "\0" in plain:
        raise UnsafeName(f"the name '{name}' names no file")
    return PurePosixPath(*parts)
