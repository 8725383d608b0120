"""What an audit looks at: curated clips, or the cages of recordings as they came."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from rodepil.data.annotations import annotations_of, seizures_by_cage
from rodepil.data.cages import cages_of
from rodepil.data.recordings import recordings_of
from rodepil.data.sources import Source
from rodepil.errors import AuditError
from rodepil.io import tables
from rodepil.io.files import short_hash

Of = Literal["clips", "source"]


@dataclass(frozen=True)
class AuditItem:
    """One clip, or one cage of a recording, with its label.

    Parameters
    ----------
    clip_id
        Its name: the clip's id, or ``RECORDING/POSITION``.
    path
        Its file.
    sha256
        The file's digest, by the table that names it.
    label
        1 where there is a seizure, else 0.
    subject_id, date, video_id, position
        Whose it is. Date and video id name the recording that it was cut from: a published clip,
        imported as a recording of its own, shares them with others.
    box
        The part of the frame that is looked at; None is all of it.
    """

    clip_id: str
    path: Path
    sha256: str
    label: int
    subject_id: str
    date: str
    video_id: str
    position: int
    box: tuple[int, int, int, int] | None = None

    @property
    def recording(self) -> str:
        """The recording that it was cut from."""
        return f"{self.date} {self.video_id}"


def clip_items(clips: pa.Table, folder: Path) -> list[AuditItem]:
    """Return the kept clips of a manifest whose paths are relative to `folder`.

    Raises
    ------
    AuditError
        No clip is kept.
    """
    clips = tables.check("clips", clips)
    items = [
        AuditItem(
            clip_id=row["clip_id"],
            path=folder / row["path"],
            sha256=row["sha256"],
            label=row["label"],
            subject_id=row["subject_id"],
            date=row["date"],
            video_id=row["video_id"],
            position=row["position"],
        )
        for row in clips.to_pylist()
        if row["kept"]
    ]
    if not items:
        raise AuditError(
            f"none of the manifest's {clips.num_rows} clips is kept, so that there is nothing to "
            "audit; look at drop_reason, loosen the settings of curate and run 'rodepil curate'"
        )
    return items


def source_items(source: Source, min_agreement: float) -> list[AuditItem]:
    """Return the cages of a source's recordings; one with an agreed seizure has label 1."""
    seizures = seizures_by_cage(annotations_of(source.annotations))
    recordings = {row.recording_id: row for row in recordings_of(source.recordings)}
    items = []
    for cage in cages_of(source.cages):
        recording = recordings[cage.recording_id]
        marked = seizures.get((cage.recording_id, cage.position), ())
        whole = (0, 0, recording.width_px, recording.height_px)
        items.append(
            AuditItem(
                clip_id=f"{cage.recording_id}/{cage.position}",
                path=source.folder / recording.path,
                sha256=recording.sha256,
                label=int(any(row.agreement >= min_agreement for row in marked)),
                subject_id=cage.subject_id,
                date=recording.date,
                video_id=recording.video_id,
                position=cage.position,
                box=None if cage.box == whole else cage.box,
            )
        )
    return items


def digest_of(clip_ids: list[str], labels: list[int]) -> str:
    """Return what a set of labelled clips is told from another by."""
    return short_hash(sorted(zip(clip_ids, labels, strict=True)))
