"""Tell files that are new from copies, and from recordings that the table holds already."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rodepil.data.lab.facts import Facts
from rodepil.data.lab.find import absolute
from rodepil.data.lab.register import failure
from rodepil.data.recordings import Recording
from rodepil.errors import SourceError


def without_twins(
    found: Sequence[Facts],
    before: Sequence[Recording],
    folder: Path,
    refused: list[dict[str, object]],
) -> list[tuple[Facts, Recording | None]]:
    """Return the files whose content is new or theirs in the table, each with its row.

    A file that the table has under another path is a copy while that one stands, else it moved.
    """
    contents = {facts.path: facts.sha256 for facts in found}
    present = set(contents.values())
    by_content = {row.sha256: row for row in before}
    by_path = {str(absolute(folder / row.path)): row for row in before if row.sha256 not in present}
    first: dict[str, str] = {}
    fresh: list[tuple[Facts, Recording | None]] = []
    for facts in found:
        row = by_content.get(facts.sha256)
        twin = first.get(facts.sha256)
        if twin is None and row is not None:
            place = absolute(folder / row.path)
            stands = contents.get(str(place), facts.sha256) == facts.sha256 and place.is_file()
            twin = str(place) if stands and not place.samefile(facts.path) else None
        if twin is None:
            first[facts.sha256] = facts.path
            fresh.append((facts, row or by_path.get(facts.path)))
        else:
            reason = f"{facts.path} holds the same video as {twin}; give it once"
            refused.append(failure(facts.path, SourceError(reason)))
    return fresh
