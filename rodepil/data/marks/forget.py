"""Recordings that are gone for good: withdrawn from the tables, their marks kept waiting."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.data.lab.find import absolute
from rodepil.data.lock import alone_in, writing
from rodepil.data.marks.ledger import read_ledger, set_aside
from rodepil.data.marks.take import LOCK
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.wording import by_number


@dataclass(frozen=True)
class Forgotten:
    """What was withdrawn.

    Parameters
    ----------
    cages
        How many cages each recording had, by recording_id.
    marks
        How many marks wait for each.
    unknown
        What was named and is not in the table.
    left
        Recordings that the table still holds.
    """

    cages: dict[str, int]
    marks: dict[str, int]
    unknown: tuple[str, ...]
    left: int

    def __str__(self) -> str:
        lines = []
        for name, cages in self.cages.items():
            waiting = self.marks[name]
            wait = f"; {by_number(waiting, 'mark waits', 'marks wait')}" if waiting else ""
            lines.append(f"forgotten: {name}, with {by_number(cages, 'cage', 'cages')}{wait}")
        if any(self.marks.values()):
            lines.append(
                "marks label clips again once their recordings and cages are back and annotations "
                "are imported; 'rodepil annotations remove' withdraws a file's for good"
            )
        lines += [f"not in the table (forgotten already?): {name}" for name in self.unknown]
        return "\n".join(
            [*lines, f"the table holds {by_number(self.left, 'recording', 'recordings')}"]
        )


def forget_recordings(names: Sequence[str], folder: Path) -> Forgotten:
    """Withdraw recordings and their cages from a source's tables; no video is touched.

    Their annotations leave the table as well, and wait as marks. What is not there is told; so a
    second time changes nothing.

    Parameters
    ----------
    names
        A recording_id each, or the path of its file, whether or not that is still there.
    folder
        The source.

    Raises
    ------
    SourceError
        There is no recordings table, or another import is at work in the folder.
    TableError
        A table is damaged, or can't be written.
    AnnotationError
        Annotations of the recordings were merged of marks that are missing.
    """
    folder = folder.resolve()
    path, boxes = folder / "recordings.parquet", folder / "cages.parquet"
    if not path.is_file():
        raise SourceError(f"{folder} has no recordings to forget; name another with --into")
    with alone_in(folder / LOCK), writing(folder):
        recordings = tables.read("recordings", path)
        gone, unknown = _named(names, recordings, folder)
        cages = tables.read("cages", boxes) if boxes.is_file() else None
        counts: Counter[str] = Counter() if cages is None else _count(cages)
        # Recordings go last: a removal that is killed can be said again.
        ledger = set_aside(folder, gone) if gone else read_ledger(folder)
        if cages is not None and not gone.isdisjoint(counts):
            tables.write("cages", _without(cages, gone), boxes)
        left = _without(recordings, gone)
        if gone:
            tables.write("recordings", left, path)
    marks = Counter(row.recording_id for row in ledger.marks)
    return Forgotten(
        {name: counts[name] for name in sorted(gone)},
        {name: marks[name] for name in sorted(gone)},
        tuple(unknown),
        left.num_rows,
    )


def _named(names: Sequence[str], recordings: pa.Table, folder: Path) -> tuple[set[str], list[str]]:
    """Return the ids of what is named, and the names that nothing has."""
    known: dict[str, str] = {}
    rows = recordings.select(["recording_id", "path"]).to_pylist()
    for row in rows:
        known[_plain(str(absolute(folder / row["path"])))] = row["recording_id"]
        known[_plain(row["path"])] = row["recording_id"]
    known |= {_plain(row["recording_id"]): row["recording_id"] for row in rows}
    gone, unknown = set[str](), list[str]()
    for name in dict.fromkeys(names):
        found = known.get(_plain(name)) or known.get(_plain(str(absolute(Path(name)))))
        if found is None:
            unknown.append(name)
        else:
            gone.add(found)
    return gone, unknown


def _without(table: pa.Table, gone: set[str]) -> pa.Table:
    kept = pc.invert(
        pc.is_in(table.column("recording_id"), value_set=pa.array(sorted(gone), pa.string()))
    )
    return table.filter(kept)


def _count(cages: pa.Table) -> Counter[str]:
    return Counter(cages.column("recording_id").to_pylist())


def _plain(text: str) -> str:
    return unicodedata.normalize("NFC", text)
