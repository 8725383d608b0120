"""Clips of which there is a video: each a recording with one cage, curated as all others are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from rodepil.cluster import run_many
from rodepil.config.settings import ProjectSettings
from rodepil.data.job import PARTS, Job
from rodepil.data.lab.facts import Facts
from rodepil.data.lab.find import absolute
from rodepil.data.lab.journal import ProbeJournal
from rodepil.data.lab.register import failure, probe_many
from rodepil.data.lock import alone_in
from rodepil.data.ratseizure.clips import RatSeizureClip
from rodepil.data.ratseizure.films import cage_of, job_of, recording_of, seizures_of
from rodepil.data.ratseizure.lengths import cutting_of
from rodepil.data.ratseizure.made import (
    MISSING,
    SHORT,
    TAIL,
    UNSOUND,
    Row,
    UnitClips,
    left_out,
    named,
)
from rodepil.data.ratseizure.source import UnitsSource
from rodepil.data.recording_pass import curate_recording
from rodepil.data.watch import Watch
from rodepil.errors import CageError, SourceError, VideoError
from rodepil.io import tables
from rodepil.io.files import relative_to, short_hash
from rodepil.io.names import SUFFIX
from rodepil.io.progress import Progress

PROBED: Final = "probed.jsonl"

_OF_THE_FILE: Final = (VideoError, SourceError, CageError)
"""Failures of what a file holds, which no second try mends."""


def filmed_clips(
    source: UnitsSource,
    settings: ProjectSettings,
    clips_folder: Path,
    folder: Path,
    progress: Progress,
    *,
    processes: int | None = None,
) -> UnitClips:
    """Curate the videos of a source into uniform clips, and return a row for every one.

    What is done is kept, so that a killed run goes on there.

    Parameters
    ----------
    source
        The annotated clips.
    settings
        Sections ``sequence`` (rate, size and window) and ``curate`` (all else).
    clips_folder
        Where clips go; what an earlier run left there and this one does not make is removed.
    folder
        What paths are relative to.
    progress
        Shown hours of video.
    processes
        Processes on this machine; by default one for each CPU.

    Raises
    ------
    SettingError
        No videos can be made so.
    SourceError
        Another process is at work in the folder.
    """
    made = UnitClips()
    with alone_in(clips_folder / PARTS):
        facts = _probed(source, clips_folder / PARTS / PROBED, made, progress, processes)
        jobs = _jobs(source, facts, settings, clips_folder, made)
        _curate(jobs, made, relative_to(clips_folder, folder), progress, processes)
        sweep(clips_folder, made, jobs)
    done = {row["recording_id"] for row in made.rows}
    for clip in source.annotations.clips:
        if clip.video_id not in done:
            reason = UNSOUND if clip.video_id in source.videos else MISSING
            made.rows.append(left_out(clip, settings.sequence.fps, reason))
    return made


def _probed(
    source: UnitsSource,
    journal: Path,
    made: UnitClips,
    progress: Progress,
    processes: int | None,
) -> dict[str, Facts]:
    """Probe the videos of annotated clips; return the facts of those that can be read."""
    names = [clip.video_id for clip in source.annotations.clips]
    paths = {absolute(source.videos[name]): name for name in names if name in source.videos}
    probed = probe_many(
        list(paths), journal=ProbeJournal(journal), progress=progress, processes=processes
    )
    for row in probed.failures:
        made.failures.append(row)
        if row["error"] != VideoError.__name__:
            made.unfinished.append(str(row["message"]))
    return {paths[Path(one.path)]: one for one in probed.facts}


def _jobs(
    source: UnitsSource,
    facts: Mapping[str, Facts],
    settings: ProjectSettings,
    clips_folder: Path,
    made: UnitClips,
) -> dict[str, Job]:
    """Return what is to do of each video, and note those of which there is nothing."""
    seizures = seizures_of(source)
    jobs: dict[str, Job] = {}
    for clip in source.annotations.clips:
        if clip.video_id not in facts:
            continue
        own = facts[clip.video_id]
        made.digests[clip.video_id] = own.sha256
        try:
            recording = recording_of(clip.video_id, own)
            cage = cage_of(recording, source.boxes.get(clip.video_id))
        except (SourceError, CageError) as error:
            made.failures.append(failure(own.path, error))
            continue
        cutting = cutting_of(recording, clip.duration_s, settings.curate, settings.sequence)
        if cutting is None:
            made.rows.append(left_out(clip, settings.sequence.fps, SHORT))
            continue
        marked = seizures.get(clip.video_id, ())
        jobs[clip.video_id] = job_of(
            recording, cage, cutting, marked, clips_folder=clips_folder, side_by_side=len(facts)
        )
        if cutting.tail_s:
            made.rows.append(_tail(clip, own, cutting.tail_s, settings.sequence.fps))
    return jobs


def _tail(clip: RatSeizureClip, facts: Facts, tail_s: float, fps: float) -> Row:
    """Return the row of what is left behind the last window of a recording."""
    start_s = facts.duration_s - tail_s
    return left_out(clip, fps, TAIL) | {
        "start_frame": min(facts.n_frames - 1, round(start_s * facts.n_frames / facts.duration_s)),
        "end_frame": facts.n_frames,
        "start_s": start_s,
        "duration_s": tail_s,
    }


def _curate(
    jobs: Mapping[str, Job],
    made: UnitClips,
    prefix: str,
    progress: Progress,
    processes: int | None,
) -> None:
    """Curate videos side by side, and add their rows in order of clips and time."""
    watch = Watch(list(jobs.values()))
    failed: dict[str, Exception] = {}
    with (
        progress.task("curate action units", watch.left_h, "h of video") as advance,
        watch.telling(advance),
    ):
        for outcome in run_many(curate_recording, list(jobs.values()), processes=processes):
            if outcome.error is not None:
                failed[outcome.item.recording.recording_id] = outcome.error
            watch.end(outcome.item)
    for video_id, job in jobs.items():
        if video_id in failed:
            error = failed[video_id]
            made.rows = [row for row in made.rows if row["recording_id"] != video_id]
            made.failures.append(failure(job.path, error))
            if not isinstance(error, _OF_THE_FILE):
                made.unfinished.append(f"{video_id}: {error}")
            continue
        made.rows += [
            _row(row, video_id, prefix) for row in tables.read("clips", job.part).to_pylist()
        ]


def _row(row: Row, video_id: str, prefix: str) -> Row:
    """Return a clip's row with an id of its own: copies of one video are clips of their own."""
    path = None if row["path"] is None else f"{prefix}/{row['path']}"
    return row | named(video_id) | {"clip_id": short_hash(row["clip_id"], video_id), "path": path}


def sweep(clips_folder: Path, made: UnitClips, jobs: Mapping[str, Job]) -> None:
    """Remove clips and notes of earlier runs; what is done of videos that failed is kept."""
    kept = {Path(str(row["path"])).name for row in made.rows if row.get("path") is not None}
    noted = {path.name for job in jobs.values() for path in (job.part, job.open_part)}
    unfinished = any(not job.part.is_file() for job in jobs.values())
    for file in clips_folder.glob(f"*{SUFFIX}"):
        if file.name not in kept and not unfinished:
            file.unlink()
    for file in (clips_folder / PARTS).iterdir():
        if file.name not in {*noted, "lock", PROBED} and file.suffix in {".parquet", ".jsonl"}:
            file.unlink()
