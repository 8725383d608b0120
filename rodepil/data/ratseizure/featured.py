"""Clips of which nobody here has the video: their file is that of their features."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from rodepil.data.lab.register import failure
from rodepil.data.ratseizure.clips import RatSeizureClip
from rodepil.data.ratseizure.made import (
    MISSING,
    SHORT,
    UNSOUND,
    Row,
    UnitClips,
    left_out,
    named,
)
from rodepil.data.ratseizure.source import UnitsSource
from rodepil.errors import FeatureError
from rodepil.io.files import relative_to, sha256_file, short_hash
from rodepil.io.progress import Progress
from rodepil.io.sequences import SequenceForm, read_sequence

RATE_MAX = 1001
"""The largest divisor of a rate, as in 30000/1001."""


def featured_clips(
    source: UnitsSource, form: SequenceForm, folder: Path, progress: Progress
) -> UnitClips:
    """Return a row for every annotated clip, whose path is that of its features.

    Parameters
    ----------
    source
        The annotated clips.
    form
        What a file must be.
    folder
        What paths are relative to.
    progress
        Shown the clips.
    """
    made = UnitClips()
    clips = source.annotations.clips
    with progress.task("check features", len(clips), "clips") as advance:
        for clip in clips:
            made.rows.append(_row(clip, source, form, folder, made))
            advance(1)
    return made


def _row(
    clip: RatSeizureClip, source: UnitsSource, form: SequenceForm, folder: Path, made: UnitClips
) -> Row:
    path = source.features.get(clip.video_id)
    if path is None:
        return left_out(clip, form.fps, MISSING)
    if form.frames(clip.duration_s) < form.window_frames:
        return left_out(clip, form.fps, SHORT)
    sha256 = sha256_file(path)
    try:
        read_sequence(path, form, clip.duration_s)
    except FeatureError as error:
        made.failures.append(failure(relative_to(path, folder), error))
        return left_out(clip, form.fps, UNSOUND)
    made.digests[clip.video_id] = sha256
    return {
        **named(clip.video_id),
        "clip_id": short_hash(sha256, clip.video_id),
        "start_frame": 0,
        "end_frame": form.frames(clip.duration_s),
        "start_s": 0.0,
        "duration_s": clip.duration_s,
        "kept": True,
        "path": relative_to(path, folder),
        "sha256": sha256,
        "fps": str(Fraction(form.fps).limit_denominator(RATE_MAX)),
        "n_frames": form.frames(clip.duration_s),
    }
