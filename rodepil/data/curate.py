"""Curation: recordings become clips of one kind, and a manifest of every window.

Recordings are worked on side by side. What is done is noted beside the clips, so that a killed
curation goes on where it was and ends with the same files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from rodepil.cluster import Outcome, cpu_count, run_many
from rodepil.config.settings import CurateSettings
from rodepil.data.annotations import Annotation, annotations_of, seizures_by_cage
from rodepil.data.cages import Cage, cages_of
from rodepil.data.job import PARTS, Job
from rodepil.data.lock import alone_in
from rodepil.data.manifest import assemble
from rodepil.data.problems import raise_if
from rodepil.data.recording_pass import curate_recording
from rodepil.data.recordings import recordings_of
from rodepil.data.sources import Source, read_source
from rodepil.data.stretch import Film, seizures_on_grid, stretches
from rodepil.data.watch import watching
from rodepil.errors import ClipNameError, SourceError
from rodepil.io import tables
from rodepil.io.files import relative_to
from rodepil.io.names import SUFFIX, parse_clip_name
from rodepil.io.progress import Progress, Silent
from rodepil.io.units import S_PER_H


@dataclass(frozen=True)
class CurateSummary:
    """What came of a curation.

    Parameters
    ----------
    clips
        The manifest: table "clips".
    failures
        Table "failures": recordings that could not be curated, with the reason.
    """

    clips: pa.Table
    failures: pa.Table

    @property
    def kept(self) -> int:
        """Clips that were kept."""
        return sum(self.clips.column("kept").to_pylist())

    @property
    def positives(self) -> int:
        """Kept clips with a seizure."""
        rows = self.clips.select(["kept", "label"]).to_pylist()
        return sum(row["kept"] and row["label"] == 1 for row in rows)

    @property
    def dropped(self) -> dict[str, int]:
        """Windows that were left out, by reason."""
        reasons = self.clips.column("drop_reason").to_pylist()
        return dict(sorted(Counter(reason for reason in reasons if reason).items()))

    def __str__(self) -> str:
        dropped = ", ".join(f"{count} {reason}" for reason, count in self.dropped.items())
        windows = (
            f"{self.clips.num_rows} windows: {self.kept} clips kept ({self.positives} with a "
            f"seizure), dropped: {dropped or 'none'}"
        )
        failed = [f"failed: {row['message']}" for row in self.failures.to_pylist()]
        return "\n".join([windows, *failed])


def curate(
    raw: Path,
    settings: CurateSettings,
    clips_folder: Path,
    clips_table: Path,
    *,
    progress: Progress | None = None,
    processes: int | None = None,
) -> CurateSummary:
    """Cut recordings into uniform clips and write the manifest.

    Parameters
    ----------
    raw
        Folder with the recordings, cages and annotations tables.
    settings
        How clips are made.
    clips_folder
        Where clips go. What an earlier curation left there and this one does not make is removed.
    clips_table
        Where the manifest goes; its paths are relative to its folder.
    progress
        Shown the hours of video that are done.
    processes
        Processes on this machine; by default one for each CPU.

    Returns
    -------
    CurateSummary
        The manifest, and the recordings that failed.

    Raises
    ------
    SourceError
        The tables are missing or impossible, every recording failed, or another curation is at
        work in the same folder.
    TableError, CageError, AnnotationError
        A table is damaged or holds what can't be.
    """
    clips_folder, clips_table = clips_folder.absolute(), clips_table.absolute()
    jobs = _jobs(read_source(raw.absolute()), settings, clips_folder, processes)
    with alone_in(clips_folder / PARTS):
        outcomes = _run(jobs, progress or Silent(), processes)
        failures = _failures(outcomes)
        parts = [outcome.result for outcome in outcomes if outcome.result is not None]
        if not parts:
            reasons = failures.column("message").to_pylist()
            raise_if(reasons, SourceError, "No recording could be curated")
        clips = assemble(sorted(parts), relative_to(clips_folder, clips_table.parent))
        tables.write("clips", clips, clips_table)
        if not failures.num_rows:
            _sweep(clips_folder, clips, parts)
    return CurateSummary(clips, failures)


def _jobs(
    source: Source, settings: CurateSettings, clips_folder: Path, processes: int | None
) -> list[Job]:
    films = [Film(row, source.folder / row.path) for row in recordings_of(source.recordings)]
    seizures = seizures_by_cage(annotations_of(source.annotations))
    cages: dict[str, list[tuple[Cage, tuple[Annotation, ...]]]] = {}
    for cage in cages_of(source.cages):
        marked = seizures.get((cage.recording_id, cage.position), ())
        cages.setdefault(cage.recording_id, []).append((cage, marked))
    side_by_side = min(processes or cpu_count(), len(films))
    return [
        Job(
            stretch=stretch,
            cages=seizures_on_grid(stretch, cages),
            settings=settings,
            clips_folder=clips_folder,
            threads=max(1, cpu_count() // side_by_side),
        )
        for stretch in stretches(films, cages, settings.max_gap_s).values()
    ]


def _run(
    jobs: Sequence[Job], progress: Progress, processes: int | None
) -> list[Outcome[Job, Path]]:
    outcomes = []
    total_h = sum(job.recording.duration_s for job in jobs) / S_PER_H
    with (
        progress.task("curate", total_h, "h of video") as advance,
        watching(jobs, advance) as watch,
    ):
        for outcome in run_many(curate_recording, jobs, processes=processes):
            outcomes.append(outcome)
            watch.end(outcome.item)
    return outcomes


def _failures(outcomes: Sequence[Outcome[Job, Path]]) -> pa.Table:
    rows = [
        {
            "item": outcome.item.recording.path,
            "error": type(outcome.error).__name__,
            "message": f"{outcome.item.recording.recording_id}: {outcome.error}",
        }
        for outcome in outcomes
        if outcome.error is not None
    ]
    return tables.from_rows("failures", rows).sort_by("item")


def _sweep(clips_folder: Path, clips: pa.Table, parts: Sequence[Path]) -> None:
    """Remove clips and parts of earlier curations, and what a killed one left half-written."""
    kept = {Path(path).name for path in clips.column("path").to_pylist() if path is not None}
    for file in clips_folder.glob(f"*{SUFFIX}"):
        if file.name not in kept and _is_clip(file.name):
            file.unlink()
    noted = {part.name for part in parts} | {"lock"}
    for file in (clips_folder / PARTS).iterdir():
        if file.name not in noted:
            file.unlink()


def _is_clip(name: str) -> bool:
    """Say whether a file is a clip of ours, or the hidden beginning of one."""
    if name.startswith("."):
        return f".tmp{SUFFIX}" in name
    try:
        parse_clip_name(name)
    except ClipNameError:
        return False
    return True
