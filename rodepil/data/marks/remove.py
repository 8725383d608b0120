"""The way back: what a file or an annotator gave is withdrawn, and annotations are remade."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rodepil.config.imports import AnnotationImportSettings
from rodepil.data.annotations import Annotation
from rodepil.data.lock import alone_in, writing
from rodepil.data.marks.ledger import Ledger, read_ledger, withdraw_ledger
from rodepil.data.marks.take import LOCK, read_catalog
from rodepil.errors import AnnotationError
from rodepil.io.files import relative_to


@dataclass(frozen=True)
class Removed:
    """What was withdrawn.

    Parameters
    ----------
    marks, watched
        Rows that are gone, by what was named.
    refused
        What was named and is not there, each a sentence.
    annotations
        The annotations table as it is now.
    """

    marks: dict[str, int]
    watched: dict[str, int]
    refused: tuple[str, ...]
    annotations: tuple[Annotation, ...]


def remove_annotations(
    names: Sequence[str], folder: Path, settings: AnnotationImportSettings
) -> Removed:
    """Withdraw the marks of files or annotators, and what they watched, from a source.

    Parameters
    ----------
    names
        Each a file, by its path, by its name, or as the marks table holds it; or an annotator,
        whose rows go from every file.
    folder
        The source.
    settings
        How the marks that stay are merged.

    Raises
    ------
    AnnotationError
        None of it is there; the message lists what is.
    SourceError
        The folder has no recordings, or another import is at work in it.
    TableError
        A table is damaged.
    """
    catalog = read_catalog(folder)
    with alone_in(folder / LOCK):
        before = ledger = read_ledger(folder)
        marks: dict[str, int] = {}
        watched: dict[str, int] = {}
        refused = []
        for name in dict.fromkeys(names):
            left = _without(ledger, name, folder)
            if left == ledger:
                refused.append(f"'{name}' gave nothing that is there; {_there(before)}")
                continue
            marks[name] = len(ledger.marks) - len(left.marks)
            watched[name] = len(ledger.watched) - len(left.watched)
            ledger = left
        if not marks:
            raise AnnotationError("\n  ".join(["nothing was removed:", *refused]))
        with writing(folder):
            rows = withdraw_ledger(folder, before, ledger, catalog, settings)
    return Removed(marks, watched, tuple(refused), tuple(rows))


def say_removed(done: Removed, min_agreement: float) -> str:
    """Return what was withdrawn, and what is there now."""
    lines = [
        f"{name}: withdrawn {count} marks, {done.watched[name]} rows of what was watched"
        for name, count in done.marks.items()
    ]
    agreed = sum(row.agreement >= min_agreement for row in done.annotations)
    disputed = len(done.annotations) - agreed
    lines.append(f"annotations now: {agreed} events agreed upon, {disputed} intervals disputed")
    return "\n".join([*lines, *(f"refused: {reason}" for reason in done.refused)])


def _without(ledger: Ledger, name: str, folder: Path) -> Ledger:
    """Return the ledger without what `name` gave, a file before an annotator."""
    files = {file for file, _ in ledger.given}
    alike = [file for file in files if PurePosixPath(file).name == name]
    for found in ([name], [relative_to(Path(name), folder)], alike):
        if len(found) == 1 and found[0] in files:
            return ledger.without(found)
    if len(alike) > 1:
        raise AnnotationError(
            f"'{name}' can be {', '.join(sorted(alike))}; name one of them as it stands here"
        )
    return Ledger(
        tuple(row for row in ledger.marks if row.annotator != name),
        tuple(row for row in ledger.watched if row.annotator != name),
    )


def _there(ledger: Ledger) -> str:
    """Return the files and annotators that can be named."""
    marks = Counter((row.file, row.annotator) for row in ledger.marks)
    listed = [f"{file} by {who} ({marks[file, who]} marks)" for file, who in sorted(ledger.given)]
    return f"there is {'; '.join(listed)}" if listed else "no annotator's file was imported"
