"""The manifest: one row for every window of every cage, those that were left out included."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from rodepil.config.settings import CurateSettings
from rodepil.data.cages import Cage
from rodepil.data.problems import SHOWN, repeated
from rodepil.data.recordings import Recording
from rodepil.data.stretch import Stretch
from rodepil.data.windows import WindowLabel, duration_of
from rodepil.errors import DuplicateClip
from rodepil.io import tables
from rodepil.io.files import short_hash
from rodepil.io.names import ClipName, format_clip_name

Row = dict[str, object]


def window_row(
    stretch: Stretch,
    cage: Cage,
    *,
    window: int,
    span: tuple[int, int],
    label: WindowLabel,
    settings: CurateSettings,
    in_gap: bool,
) -> Row:
    """Return a window's row before it is known whether it is kept.

    Parameters
    ----------
    stretch, cage
        Whose window it is.
    window
        Its place on the grid of the session.
    span
        Its half-open span of source frames, which go on counting in the next files.
    label
        What the annotations say.
    settings
        How clips are made.
    in_gap
        Whether the recording has a hole there, or breaks off.
    """
    recording = stretch.film.recording
    duration = duration_of(settings)
    # Several windows within a hole show the same frame; their place on the grid tells them apart.
    extra: tuple[object, ...] = (window,) if in_gap else ()
    extra = (*extra, *(film.recording.sha256 for film in stretch.reached(span[1])))
    return {
        "clip_id": short_hash(recording.sha256, cage.box, span, *extra),
        "recording_id": recording.recording_id,
        "subject_id": cage.subject_id,
        "position": cage.position,
        "date": recording.date,
        "video_id": recording.video_id,
        "start_frame": span[0],
        "end_frame": span[1],
        "start_s": float(window * duration - stretch.film.begin_s),
        "duration_s": float(duration),
        "label": label.label,
        "overlap_s": label.overlap_s,
    }


def clip_columns(
    recording: Recording,
    cage: Cage,
    span: tuple[int, int],
    label: WindowLabel,
    settings: CurateSettings,
) -> Row:
    """Return the columns that a kept window has besides; ``path`` is the clip's file name."""
    name = ClipName(
        recording.date,
        recording.name_id,
        cage.position,
        cage.subject_id,
        *span,
        "S" if label.label else "N",
    )
    return {
        "path": format_clip_name(name),
        "fps": str(settings.fps),
        "n_frames": settings.frames_per_clip,
        "width_px": settings.size_px,
        "height_px": settings.size_px,
    }


def assemble(parts: Sequence[Path], prefix: str) -> pa.Table:
    """Join the parts of recordings into one manifest, in order of id, time and position.

    Parameters
    ----------
    parts
        Tables "clips" whose paths are file names.
    prefix
        The clips' folder relative to the manifest's; put before every path.

    Raises
    ------
    DuplicateClip
        Two windows carry one id.
    """
    rows = [row for part in parts for row in tables.read("clips", part).to_pylist()]
    rows.sort(key=lambda row: (row["recording_id"], row["start_s"], row["position"]))
    for row in rows:
        if row["path"] is not None:
            row["path"] = f"{prefix}/{row['path']}"
    clips = tables.from_rows("clips", rows)
    check_unique(clips)
    return clips


def check_unique(clips: pa.Table) -> None:
    """Check that every clip has an id and a path of its own.

    Raises
    ------
    DuplicateClip
        Two rows share one.
    """
    ids = repeated(clips.column("clip_id").to_pylist())
    rows = clips.select(["clip_id", "recording_id", "position", "start_s"]).to_pylist()
    paths = repeated([path for path in clips.column("path").to_pylist() if path is not None])
    if not ids and not paths:
        return
    where = [
        f"{row['clip_id']} (cage {row['position']} of '{row['recording_id']}' at "
        f"{row['start_s']:g} s)"
        for row in rows
        if row["clip_id"] in ids
    ] or [str(path) for path in paths]
    raise DuplicateClip(
        f"{len(ids) or len(paths)} clips stand more than once: {', '.join(where[:SHOWN])}. The "
        "same video or box is given twice; leave one out of recordings or cages"
    )
