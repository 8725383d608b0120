"""Tell files that are new from copies, and from recordings that the table holds already."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rodepil.data.lab.facts import Facts
from rodepil.data.lab.find import absolute
from rodepil.data.lab.notes import Note
from rodepil.data.lab.register import failure
from rodepil.data.recordings import Recording
from rodepil.errors import SourceError
from rodepil.io.files import CHUNK_BYTES


@dataclass(frozen=True)
class Held:
    """What the source holds before an import.

    Parameters
    ----------
    rows
        The recordings table.
    folder
        What its paths are relative to.
    attached
        What hangs on a recording, by id (`attached_to`); nothing on one that is not there.
    repaired
        Whether a file whose content changed is the same recording, copied again or repaired.
    """

    rows: Sequence[Recording]
    folder: Path
    attached: Mapping[str, str] = field(default_factory=dict)
    repaired: bool = False


def without_twins(
    found: Sequence[Facts], held: Held, refused: list[dict[str, object]], notes: list[Note]
) -> list[tuple[Facts, Recording | None]]:
    """Return the files whose content is new or theirs in the table, each with its row.

    A file that the table has under another path is a copy while that one stands, else it moved.
    Other content at a path of the table takes that row where it is what stood there, grown, or
    where nothing hangs on the row; else it is refused, unless files were `repaired`.
    """
    contents = {facts.path: facts.sha256 for facts in found}
    present = set(contents.values())
    by_content = {row.sha256: row for row in held.rows}
    by_path = {
        str(absolute(held.folder / row.path)): row for row in held.rows if row.sha256 not in present
    }
    first: dict[str, str] = {}
    fresh: list[tuple[Facts, Recording | None]] = []
    for facts in found:
        row = by_content.get(facts.sha256)
        twin = first.get(facts.sha256)
        if twin is None and row is not None:
            place = absolute(held.folder / row.path)
            stands = contents.get(str(place), facts.sha256) == facts.sha256 and place.is_file()
            twin = str(place) if stands and not place.samefile(facts.path) else None
        reason = f"{facts.path} holds the same video as {twin}; give it once" if twin else None
        if reason is None and row is None and facts.path in by_path:
            row = by_path[facts.path]
            reason = _changed(facts, row, held, notes)
        if reason is None:
            first[facts.sha256] = facts.path
            fresh.append((facts, row))
        else:
            refused.append(failure(facts.path, SourceError(reason)))
    return fresh


def _changed(facts: Facts, row: Recording, held: Held, notes: list[Note]) -> str | None:
    """Return why a file that holds other content than its row can't take the row, or None."""
    if _grew(facts, row):
        return None
    attached = held.attached.get(row.recording_id)
    if attached and not held.repaired:
        return (
            f"{facts.path} holds another video than at the import of '{row.recording_id}', of "
            f"which the tables hold {attached}. Say --repaired if it is the same recording, "
            "copied again or repaired; if it is another one, give it another name"
        )
    kept = f"; the tables' {attached} of it stay, check them" if attached else ""
    notes.append((f"holds another video than at the last import{kept}", facts.path))
    return None


def _grew(facts: Facts, row: Recording) -> bool:
    """Say whether the file begins with all that the row was made of."""
    left = row.size_bytes
    if left is None or not 0 < left < facts.size_bytes:
        return False
    digest = hashlib.sha256()
    with Path(facts.path).open("rb") as stream:
        while left and (chunk := stream.read(min(CHUNK_BYTES, left))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest() == row.sha256
