"""Files that appear whole or not at all, and digests of what they hold."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHUNK_BYTES = 1 << 20


@contextmanager
def publish(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` and rename it to `path` when all went well.

    Parameters
    ----------
    path
        Where the finished file (or folder) shall stand. Its folder is made when missing.

    Yields
    ------
    Path
        A name in the same folder with the same suffix, hidden by a leading dot. What stands
        there when the block raises is removed, and `path` is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(6)}.tmp{path.suffix}")
    try:
        yield beside
        if beside.is_dir() and path.is_dir():
            shutil.rmtree(path)
        beside.replace(path)
    finally:
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            beside.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Remove what killed processes left half-written of `path`.

    For who alone writes it: another process that is at it would lose its work.
    """
    for beside in path.parent.glob(f".{glob.escape(path.stem)}.*.tmp{path.suffix}"):
        beside.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` in UTF-8, whole or not at all."""
    with publish(path) as beside:
        beside.write_text(text, encoding="utf-8")


def write_json(path: Path, value: object) -> None:
    """Write `value` to `path` as indented JSON, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n")


def link_or_copy(source: Path | str, to: Path | str) -> None:
    """Give a file a second name, or copy it where that can't be: models are large."""
    try:
        os.link(source, to)
    except OSError:
        shutil.copy2(source, to)


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def short_hash(*parts: object, digits: int = 16) -> str:
    """Return a short stable hash of `parts`.

    Parameters
    ----------
    *parts
        Anything that JSON can hold; mappings are taken in sorted order of keys.
    digits
        Hexadecimal digits to keep, at most 64.
    """
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def unwritable(path: Path, error: OSError) -> str:
    """Return what to say of a file or folder that can't be written: which, why, what to do."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno == errno.ENOENT:
        reason = "no file can be made there"
    return (
        f"{path} can't be written ({reason}); check the free space and your right to write "
        "there, and run the same command again: what is done is kept"
    )


def relative_to(path: Path, folder: Path) -> str:
    """Return `path` as a POSIX path relative to `folder`, with ``..`` where it lies outside."""
    return Path(os.path.relpath(path, folder)).as_posix()
