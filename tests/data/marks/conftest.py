"""A source of two files of one session on the clock and one alone, and files of annotators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from rodepil.config.imports import AnnotationImportSettings
from rodepil.data.annotations import Annotation, annotations_of
from rodepil.data.marks.entry import Mark
from rodepil.data.marks.ledger import Ledger, read_ledger
from rodepil.data.marks.take import Form, Imported, import_annotations
from rodepil.io import tables


def recording(name: str, path: str, duration_s: float, **more: object) -> dict[str, object]:
    date, video_id = name.split("_")
    return {
        "recording_id": name,
        "path": path,
        "sha256": name,
        "date": date,
        "video_id": video_id,
        "fps": "25",
        "n_frames": round(duration_s * 25),
        "duration_s": duration_s,
        "width_px": 640,
        "height_px": 480,
        "codec": "h264",
        **more,
    }


def cage(name: str, position: int, subject_id: str) -> dict[str, object]:
    box = {"x_px": 200 * position, "y_px": 0, "width_px": 200, "height_px": 400}
    return {"recording_id": name, "position": position, "subject_id": subject_id, **box}


@dataclass(frozen=True)
class Bench:
    """A source, and a folder beside it for annotators' files."""

    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / "data" / "imported"

    def write(self, name: str, text: str, encoding: str = "utf-8") -> Path:
        path = self.folder / name
        path.write_bytes(text.encode(encoding))
        return path

    def book(self, name: str, **sheets: Sequence[Sequence[object]]) -> Path:
        book = openpyxl.Workbook()
        book.remove(book.worksheets[0])
        for title, rows in sheets.items():
            page = book.create_sheet(title)
            for row in rows:
                page.append(list(row))
        path = self.folder / name
        book.save(path)
        return path

    def take(
        self,
        *files: Path,
        annotator: str | None = None,
        form: Form = "auto",
        watched: Sequence[str] = (),
        **settings: object,
    ) -> Imported:
        made = AnnotationImportSettings.model_validate(settings)
        return import_annotations(
            files, self.source, made, annotator=annotator, form=form, watched=watched
        )

    def ledger(self) -> Ledger:
        return read_ledger(self.source)

    def marks(self) -> list[tuple[str, int, float, float, str]]:
        """Recording, cage, start, end and label of every mark."""
        return [
            (mark.recording_id[-1], mark.position, mark.start_s, mark.end_s, mark.label)
            for mark in self.ledger().marks
        ]

    def annotations(self) -> list[Annotation]:
        return annotations_of(tables.read("annotations", self.source / "annotations.parquet"))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a source with the recordings A and B (session s1, on the clock) and C."""
    made = Bench(tmp_path)
    rows = [
        recording(
            "Mar-1-2026_A", "../../videos/Ratten-Käfig A.mp4", 600.0, session_id="s1",
            session_start_s=0.0, starts_at="2026-03-01T23:50:00", camera="cam 1",
        ),
        recording(
            "Mar-1-2026_B", "../../videos/Ratten-Käfig B.mp4", 600.0, session_id="s1",
            session_start_s=600.0, starts_at="2026-03-02T00:00:00", camera="cam 1",
        ),
        recording("Mar-2-2026_C", "../../other/C.mkv", 7200.0),
    ]  # fmt: skip
    cages = [cage(str(row["recording_id"]), at, f"70-{at}") for row in rows[:2] for at in (1, 2)]
    cages.append(cage("Mar-2-2026_C", 0, "99-1"))
    tables.write(
        "recordings", tables.from_rows("recordings", rows), made.source / "recordings.parquet"
    )
    tables.write("cages", tables.from_rows("cages", cages), made.source / "cages.parquet")
    return made


def mark(annotator: str, start_s: float, end_s: float, label: str = "seizure") -> Mark:
    """Return a mark in cage 0 of the recording r."""
    return Mark("f", 1, "r", 0, start_s, end_s, label, annotator)
