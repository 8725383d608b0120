"""Import recordings into a source: found, probed, named, joined to sessions, merged, written."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.attached import attached_to
from rodepil.data.lab.find import find_videos
from rodepil.data.lab.gone import with_gone
from rodepil.data.lab.journal import ProbeJournal
from rodepil.data.lab.register import probe_many
from rodepil.data.lab.taking import TABLE, ImportedRecordings, take_recordings
from rodepil.data.lab.twins import Held
from rodepil.data.lock import alone_in, writing
from rodepil.data.recordings import recordings_of
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.progress import Progress

STATE = ".import"
"""The folder beside the tables where the lock and the journal of probed files lie."""


def import_recordings(
    given: Sequence[Path],
    into: Path,
    settings: RecordingImportSettings,
    *,
    camera: str | None = None,
    repaired: bool = False,
    progress: Progress | None = None,
    processes: int | None = None,
) -> ImportedRecordings:
    """Take video files into the recordings table of a source; the files stay where they are.

    What the table holds stays: a recording that is imported again keeps its recording_id.

    Parameters
    ----------
    given
        Video files, and folders that hold some at any depth.
    into
        The source's folder.
    settings
        Where the clock comes from, and which files are a session.
    camera
        Of all files; by default the nearest folder of a file whose name is no day or time.
    repaired
        Whether files whose content changed are the same recordings, copied again or repaired, of
        which cages and annotations stay. Else those that have some are refused.
    progress
        Shown the hours of video that are done, as headers tell them.
    processes
        Processes on this machine; by default one for each CPU.

    Raises
    ------
    SourceError
        None of it can be taken, or `into` can't be written to.
    TableError
        The table that is there is damaged.
    """
    into = into.resolve()
    _check_writable(into)
    found = find_videos(given)
    videos = [replace(video, camera=camera or video.camera) for video in found.videos]
    with alone_in(into / STATE):
        journal = ProbeJournal(into / STATE / "probed.jsonl")
        probed = probe_many(
            [video.path for video in videos],
            journal=journal,
            progress=progress,
            processes=processes,
        )
        with writing(into):
            table = into / TABLE
            before = tables.read("recordings", table) if table.is_file() else None
            rows = [] if before is None else recordings_of(before)
            made = take_recordings(
                videos,
                probed,
                into,
                settings,
                before=Held(rows, into, attached_to(into), repaired),
                failures=with_gone(found.failures, given, rows, probed.facts, into),
                lost=journal.refused,
            )
            made = replace(made, recordings=made.recordings.sort_by("recording_id"))
            if before is None or not made.recordings.equals(before):
                tables.write("recordings", made.recordings, table)
    return made


def _check_writable(into: Path) -> None:
    """Check at once what would else be found when hours of probing are done."""
    state = into / STATE
    try:
        state.mkdir(parents=True, exist_ok=True)
        reason = None if all(os.access(folder, os.W_OK) for folder in (into, state)) else "no right"
    except OSError as error:
        reason = str(error.strerror)
    if reason is not None:
        raise SourceError(
            f"{into} can't be written to ({reason}); name another folder with --into, or give "
            "yourself the right to write there"
        )
