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

from rodepil.cluster import Outcome, run_many
from rodepil.config.settings import CurateSettings
from rodepil.data.annotations import Annotation, annotations_of, seizures_by_cage
from rodepil.data.cages import Cage, cages_of
from rodepil.data.job import PARTS, Job
from rodepil.data.lock import alone_in
from rodepil.data.manifest import assemble
from rodepil.data.problems import raise_if
from rodepil.data.recording_pass import curate_recording
from rodepil.data.recordings import recordings_of
from rodepil.data.sources import Source, read_sound
from rodepil.data.stretch import Film, seizures_on_grid, stretches
from rodepil.data.watch import Watch
from rodepil.errors import ClipNameError, ShortRecording, SourceError, TableError
from rodepil.io import tables
from rodepil.io.files import relative_to, sweep
from rodepil.io.names import SUFFIX, parse_clip_name
from rodepil.io.progress import Progress, Silent

FAILURES = "failures.parquet"
"""What could not be curated, in the clips' folder: it is versioned with them."""


@dataclass(frozen=True)
class CurateSummary:
    """What came of a curation.

    Parameters
    ----------
    clips
        The manifest: table "clips".
    failures
        Table "failures": recordings that could not be curated, with the reason, and rows of the
        source's tables that belong to none.
    unfinished
        What is said of those recordings that may succeed another time: all that failed but by
        what the tables and the videos themselves hold.
    """

    clips: pa.Table
    failures: pa.Table
    unfinished: tuple[str, ...] = ()

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
        What failed is noted in the clips' folder: `FAILURES`, empty where nothing did.
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
        The tables are missing, every recording failed, the clips' folder can't be written to, or
        another curation is at work there.
    TableError, CageError, AnnotationError
        A table is damaged or can't be written, or no recording is without a row that can't be.
    """
    clips_folder, clips_table = clips_folder.absolute(), clips_table.absolute()
    source, unsound = read_sound(raw.absolute())
    jobs = _jobs(source, settings, clips_folder, processes)
    with alone_in(clips_folder / PARTS):
        outcomes = _run(jobs, progress or Silent(), processes)
        failures = pa.concat_tables([unsound, _failures(outcomes)]).sort_by("item")
        parts = [outcome.result for outcome in outcomes if outcome.result is not None]
        _note(failures, clips_folder / FAILURES)
        if not parts:
            reasons = failures.column("message").to_pylist()
            raise_if(reasons, SourceError, "No recording could be curated")
        clips = assemble(sorted(parts), relative_to(clips_folder, clips_table.parent))
        for table in (clips_table, clips_folder / FAILURES):
            sweep(table)
        tables.write("clips", clips, clips_table)
        done = [outcome.item for outcome in outcomes if outcome.result is not None]
        _sweep(clips_folder, clips, done, whole=not failures.num_rows)
    return CurateSummary(clips, failures, _unfinished(outcomes))


def _jobs(
    source: Source, settings: CurateSettings, clips_folder: Path, processes: int | None
) -> list[Job]:
    films = [Film(row, source.folder / row.path) for row in recordings_of(source.recordings)]
    seizures = seizures_by_cage(annotations_of(source.annotations))
    cages: dict[str, list[tuple[Cage, tuple[Annotation, ...]]]] = {}
    for cage in cages_of(source.cages):
        marked = seizures.get((cage.recording_id, cage.position), ())
        cages.setdefault(cage.recording_id, []).append((cage, marked))
    side_by_side = min(processes or len(films), len(films))
    return [
        Job(
            stretch=stretch,
            cages=seizures_on_grid(stretch, cages),
            settings=settings,
            clips_folder=clips_folder,
            side_by_side=side_by_side,
        )
        for stretch in stretches(films, cages, settings).values()
    ]


def _run(
    jobs: Sequence[Job], progress: Progress, processes: int | None
) -> list[Outcome[Job, Path]]:
    outcomes = []
    watch = Watch(jobs)
    with (
        progress.task("curate", watch.left_h, "h of video") as advance,
        watch.telling(advance),
    ):
        for outcome in run_many(curate_recording, jobs, processes=processes):
            outcomes.append(outcome)
            watch.end(outcome.item)
    return outcomes


def _unfinished(outcomes: Sequence[Outcome[Job, Path]]) -> tuple[str, ...]:
    return tuple(
        f"{outcome.item.recording.recording_id}: {outcome.error}"
        for outcome in outcomes
        if outcome.error is not None and not isinstance(outcome.error, ShortRecording)
    )


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
    return tables.from_rows("failures", rows)


def _note(failures: pa.Table, path: Path) -> None:
    """Write what failed; where not even that can be written, say it with the reason."""
    try:
        tables.write("failures", failures, path)
    except TableError as error:
        reasons = [str(error), *failures.column("message").to_pylist()]
        raise_if(reasons, SourceError, "The manifest is as it was")


def _sweep(clips_folder: Path, clips: pa.Table, done: Sequence[Job], *, whole: bool) -> None:
    """Remove clips and parts of earlier curations, and what a killed one left half-written.

    Where a recording failed (not `whole`) only what is of the others is removed: what is done of
    it is kept until it is mended.
    """
    kept = {Path(path).name for path in clips.column("path").to_pylist() if path is not None}
    rows = [job.recording for job in done]
    named = {(row.date, row.name_id) for row in rows}
    for file in clips_folder.glob(f"*{SUFFIX}"):
        of = _recording_of(file.name)
        if file.name not in kept and of is not None and (whole or of in named):
            file.unlink()
    noted = {job.part.name for job in done} | {"lock"}
    ids = {row.recording_id for row in rows}
    for file in (clips_folder / PARTS).iterdir():
        if file.name not in noted and (whole or file.name.rpartition("-")[0] in ids):
            file.unlink()


def _recording_of(name: str) -> tuple[str, str] | None:
    """Return date and video id of a clip's name, nothing of a hidden beginning; None of others."""
    if name.startswith("."):
        return ("", "") if f".tmp{SUFFIX}" in name else None
    try:
        parsed = parse_clip_name(name)
    except ClipNameError:
        return None
    return parsed.date, parsed.video_id
