"""Recordings whose files are gone from where an import looks for them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rodepil.data.lab.facts import Facts
from rodepil.data.lab.find import absolute
from rodepil.data.lab.register import failure
from rodepil.data.recordings import Recording, gone_words
from rodepil.errors import SourceError


def with_gone(
    failures: Sequence[dict[str, object]],
    given: Sequence[Path],
    rows: Sequence[Recording],
    found: Sequence[Facts],
    folder: Path,
) -> list[dict[str, object]]:
    """Return failures with those of recordings that were looked for and are not there.

    Parameters
    ----------
    failures
        Rows of the table "failures" of what was given.
    given
        The files and folders that were given.
    rows
        What the recordings table holds.
    found
        What is there: a recording with that content only moved.
    folder
        What the paths of recordings are relative to.
    """
    tops = list(map(absolute, given))
    contents = {facts.sha256 for facts in found}
    gone = {}
    for row in rows:
        path = absolute(folder / row.path)
        within = any(path.is_relative_to(top) for top in tops)
        if within and row.sha256 not in contents and not path.exists():
            gone[str(path)] = failure(path, SourceError(gone_words(row, path)))
    return [*(one for one in failures if one["item"] not in gone), *gone.values()]
