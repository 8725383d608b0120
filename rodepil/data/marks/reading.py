"""A reading: one sheet of a file under the settings, and what is taken from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rodepil.config.imports import AnnotationImportSettings
from rodepil.data.marks.catalog import Catalog
from rodepil.data.marks.entry import Entry, Labels, Refusal, Taken, Watch, marks_of
from rodepil.data.marks.sheet import Line, Sheet
from rodepil.data.marks.timeline import Stretch


@dataclass(frozen=True)
class Origin:
    """A file as it is named to people and in the tables, and who marked it by default."""

    shown: str
    file: str
    stem: str
    annotator: str


@dataclass(frozen=True)
class Reading:
    """What a reader of rows works with.

    Parameters
    ----------
    sheet, origin
        What is read, and whence.
    catalog
        The recordings and cages.
    settings, labels
        How to read it.
    taken
        Grows with every row.
    """

    sheet: Sheet
    origin: Origin
    catalog: Catalog
    settings: AnnotationImportSettings
    labels: Labels
    taken: Taken

    def refuse(self, line: Line, reason: object) -> None:
        """List a row as refused."""
        self.taken.refused.append(
            Refusal(self.origin.shown, self.sheet.name, line.number, str(reason))
        )

    def watch(self, annotator: str, timeline: Iterable[Stretch]) -> None:
        """Note that the recordings of a timeline were watched."""
        self.taken.watched |= {
            Watch(self.origin.file, annotator, one.recording.recording_id)
            for one in timeline
            if one.recording is not None
        }

    def add(self, entry: Entry) -> None:
        """Place an entry and take its marks; their recordings, or cages, were watched.

        Raises
        ------
        AnnotationError
            It can't be placed.
        """
        marks = marks_of(
            entry, self.catalog, self.settings.overrun_s, self.origin.file, self.sheet.name
        )
        self.taken.marks += marks
        by_cage = self.settings.looked_at == "cage"
        self.taken.watched |= {
            Watch(one.file, one.annotator, one.recording_id, one.position if by_cage else None)
            for one in marks
        }
