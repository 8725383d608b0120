"""Entries: what a row of a file says, before and after it is placed in the recordings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rodepil.data.marks.catalog import Catalog
from rodepil.data.marks.headers import plain
from rodepil.data.marks.sheet import Cell
from rodepil.data.marks.timeline import Stretch, cut
from rodepil.errors import AnnotationError, SettingError
from rodepil.io.labels import LABELS, SEIZURE


@dataclass(frozen=True)
class Mark:
    """What an annotator marked in one cage; the fields are the columns of the marks table."""

    file: str
    line: int
    recording_id: str
    position: int
    start_s: float
    end_s: float
    label: str
    annotator: str
    sheet: str | None = None

    @property
    def what(self) -> tuple[object, ...]:
        """What is marked and by whom, wherever it is written."""
        return (
            self.annotator, self.recording_id, self.position, self.label, self.start_s, self.end_s,
        )  # fmt: skip

    @property
    def where(self) -> str:
        """File, sheet and line, for people."""
        return place(self.file, self.sheet, self.line)


@dataclass(frozen=True)
class Watch:
    """A recording that an annotator looked at; no position stands for every cage of it."""

    file: str
    annotator: str
    recording_id: str
    position: int | None = None


@dataclass(frozen=True)
class Refusal:
    """A row that can't be taken, and why; line 0 stands for a whole sheet or file."""

    file: str
    sheet: str | None
    line: int
    reason: str

    def __str__(self) -> str:
        """Return it for people."""
        return f"{place(self.file, self.sheet, self.line)}: {self.reason}"


@dataclass
class Taken:
    """What was taken from a file; grows as it is read."""

    marks: list[Mark] = field(default_factory=list)
    watched: set[Watch] = field(default_factory=set)
    refused: list[Refusal] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    left_out: int = 0

    @property
    def annotators(self) -> set[str]:
        """Who marked or watched anything."""
        return {one.annotator for one in self.marks} | {one.annotator for one in self.watched}

    @property
    def recordings(self) -> set[str]:
        """What was watched."""
        return {one.recording_id for one in self.watched}


@dataclass(frozen=True)
class Entry:
    """A marked interval on a timeline.

    Parameters
    ----------
    line
        Where it stands.
    timeline, start_s, end_s
        When it is.
    rat, cage
        Whose it is; either may be None.
    label
        One of the vocabulary.
    annotator
        Who marked it.
    """

    line: int
    timeline: tuple[Stretch, ...]
    start_s: float
    end_s: float
    rat: Cell
    cage: Cell
    label: str
    annotator: str


class Labels:
    """A sheet's labels in the vocabulary.

    Parameters
    ----------
    given
        The setting: a sheet's label to one of the vocabulary, or to None to leave it out.

    Raises
    ------
    SettingError
        The setting maps to an unknown label.
    """

    def __init__(self, given: Mapping[str, str | None]) -> None:
        wrong = sorted({label for label in given.values() if label and label not in LABELS})
        if wrong:
            raise SettingError(
                f"imports.annotations.labels maps to {wrong}; allowed are {', '.join(LABELS)}, or "
                "null to leave a label out"
            )
        self._map: dict[str, str | None] = {plain(label): label for label in LABELS}
        self._map |= {plain(name): label for name, label in given.items()}

    def of(self, cell: Cell) -> str | None:
        """Return the label of a cell, None for one that is to be left out; no cell is a seizure.

        Raises
        ------
        AnnotationError
            The label is unknown.
        """
        if cell is None:
            return SEIZURE
        if plain(cell) not in self._map:
            raise AnnotationError(
                f"label '{cell}' is unknown; map it in imports.annotations.labels, for example "
                f"{{'{cell}': {SEIZURE}}}, or to null to leave it out"
            )
        return self._map[plain(cell)]


def marks_of(
    entry: Entry, catalog: Catalog, overrun_s: float, file: str, sheet: str | None
) -> list[Mark]:
    """Return an entry's marks, one for each recording that it touches.

    Raises
    ------
    AnnotationError
        It lies in no recording, or its cage is unknown in one of them; then none is returned.
    """
    return [
        Mark(
            file,
            entry.line,
            part.recording.recording_id,
            catalog.position(part.recording, entry.rat, entry.cage),
            part.start_s,
            part.end_s,
            entry.label,
            entry.annotator,
            sheet,
        )
        for part in cut(entry.timeline, entry.start_s, entry.end_s, overrun_s)
    ]


def place(file: str, sheet: str | None, line: int) -> str:
    """Return file, sheet and line for people."""
    parts = [file]
    parts += [f"sheet '{sheet}'"] if sheet is not None else []
    parts += [f"line {line}"] if line else []
    return ", ".join(parts)
