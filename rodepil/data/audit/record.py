"""What an audit found, as results/audit.json holds it."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from rodepil.config.base import Settings
from rodepil.data.audit.attributes import Group
from rodepil.data.audit.items import Of
from rodepil.errors import AuditError
from rodepil.io import records
from rodepil.io.files import write_json
from rodepil.io.wording import by_number

Verdict = Literal["pass", "fail", "undecided"]
Level = Literal["fault", "warning", "note"]
NAMED: Final = 2
"""Attributes of the pixels that a headline names."""


class Judged(Settings):
    """How well one attribute, or several together, tell the label.

    ``normal`` and ``seizure`` are its values in words, by label; ``state`` is ``tells`` where it is
    above the threshold and not by chance, ``unsure`` where it may be chance. Group ``length`` is
    of whole recordings, whose lengths are reported alone.
    """

    name: str
    title: str
    group: Group | Literal["together"]
    auroc: float
    low: float | None
    high: float | None
    p: float
    state: Literal["quiet", "unsure", "tells"]
    normal: str = ""
    seizure: str = ""


class PlaceRecord(Settings):
    """One subject, recording, date or position: clips and those with a seizure."""

    value: str
    clips: int
    positives: int


class FactorRecord(Settings):
    """How much subject, recording, date or position say of the label."""

    name: str
    explained: float
    chance: float
    p: float
    places: tuple[PlaceRecord, ...]


class DuplicateGroup(Settings):
    """Clips that hold the same film: ids, subjects and labels in one order."""

    clips: tuple[str, ...]
    subjects: tuple[str, ...]
    labels: tuple[int, ...]
    likeness: float


class Finding(Settings):
    """What was found, what it means, and what to do."""

    level: Level
    what: str
    meaning: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.level}: {self.what}: {self.meaning}; {self.remedy}"


class Counted(Settings):
    """What was audited."""

    clips: int
    seizures: int
    subjects: int
    recordings: int
    unreadable: int


class AuditRecord(Settings):
    """The whole audit.

    ``auroc`` and ``counts`` are what ``dvc metrics show`` prints; ``digest`` tells which labelled
    clips were audited.
    """

    data: str
    of: Of
    digest: str
    verdict: Verdict
    threshold: float
    counts: Counted
    auroc: dict[str, float]
    attributes: tuple[Judged, ...]
    together: tuple[Judged, ...]
    factors: tuple[FactorRecord, ...]
    duplicates: tuple[DuplicateGroup, ...]
    findings: tuple[Finding, ...]

    @property
    def unit(self) -> str:
        """What one item is, in the plural."""
        return "clips" if self.of == "clips" else "cages of recordings"

    @property
    def unit_of_one(self) -> str:
        """What one item is."""
        return "clip" if self.of == "clips" else "cage of a recording"

    @property
    def telling_pixels(self) -> tuple[Judged, ...]:
        """What of the pixels tells the label, and what parts it by chance or not, first the most.

        None of it fails an audit, for some may be behaviour; no verdict goes without it. The size
        of a file, which no model reads, is not among them.
        """
        found = [
            one
            for one in self.attributes
            if one.group == "pixels"
            and one.name != "size_bytes"
            and (one.state == "tells" or one.auroc == 1)
        ]
        return tuple(sorted(found, key=lambda one: -one.auroc))

    @property
    def files_words(self) -> str:
        """The verdict, as what it is of."""
        return {"pass": "files pass", "fail": "files fail", "undecided": "files undecided"}[
            self.verdict
        ]

    @property
    def pixels_words(self) -> str:
        """What of the pixels tells the label, as ``pixels tell the label (noise, AUROC 0.9)``."""
        found = self.telling_pixels
        if not found:
            return ""
        sure = any(one.state == "tells" for one in found)
        more = f", and {len(found) - NAMED} more" if len(found) > NAMED else ""
        named = ", ".join(f"{one.title}, AUROC {one.auroc:.3f}" for one in found[:NAMED])
        say = "pixels tell the label" if sure else "pixels part the labels, by chance or not"
        return f"{say} ({named}{more})"

    @property
    def headline(self) -> str:
        """The verdict, how many warnings there are, and what of the pixels tells the label."""
        warnings = sum(one.level == "warning" for one in self.findings)
        counted = by_number(warnings, "warning", "warnings") if warnings else ""
        noted = ": ".join(filter(None, [counted, self.pixels_words]))
        return "; ".join(filter(None, [self.files_words, noted]))

    def __str__(self) -> str:
        counts = self.counts
        clips = by_number(counts.clips, self.unit_of_one, self.unit)
        subjects = by_number(counts.subjects, "subject", "subjects")
        head = f"audit of {clips} ({counts.seizures} with a seizure, {subjects}): {self.headline}"
        return "\n".join([head, *map(str, self.findings)])


def save_record(record: AuditRecord, path: Path) -> None:
    """Write the record as JSON, whole or not at all."""
    write_json(path, record.model_dump(mode="json"))


def read_record(path: Path) -> AuditRecord:
    """Read a record.

    Raises
    ------
    AuditError
        The file is missing or does not hold one.
    """
    remedy = "run 'rodepil audit'"
    return records.read_record(path, AuditRecord, "what an audit writes", remedy, AuditError)
