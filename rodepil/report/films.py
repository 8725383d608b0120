"""Clips to look at: those of a manifest, or any video file."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rodepil.errors import FeatureError
from rodepil.io.clip_frames import ClipSpan, clip_frames, measure_span
from rodepil.store.know.get import LABELS
from rodepil.store.know.project import StoreProject


@dataclass(frozen=True)
class Film:
    """A clip to look at.

    Attributes
    ----------
    path
        Where it is.
    clip_id
        What augmentation is drawn from, beside seed and epoch; a file's name without suffix where
        it is no clip of the manifest.
    span
        Its frames, as they decode, and their rate.
    words
        What it is.
    called
        The same in few words.
    """

    path: Path
    clip_id: str
    span: ClipSpan
    words: str
    called: str


def find_film(project: StoreProject, named: str) -> Film:
    """Return the video file of that path, or the clip of the manifest that is called so.

    Raises
    ------
    FeatureError
        There is neither.
    VideoError
        The file is no video.
    """
    path = Path(named)
    listed = project.workspace.clips.is_file()
    if path.is_file():
        return (_same_file(project, path) if listed else None) or _of_file(path)
    missing = f"there is no video file '{named}'"
    if path.is_dir():
        missing = f"'{named}' is a folder, wanted one video"
    if not listed:
        raise FeatureError(
            f"{missing}, and there is no manifest {project.workspace.clips} with such a clip; give "
            "the path of a video, or make clips with 'rodepil curate'"
        )
    try:
        row = project.clip(named)
    except FeatureError as error:
        raise FeatureError(f"{missing}, and {error}") from error
    return _of_row(project.manifest.root / str(row["path"]), row)


def _same_file(project: StoreProject, path: Path) -> Film | None:
    """Return the clip of the manifest that this file is, if it is one."""
    try:
        row = project.clip(str(path))
    except FeatureError:
        return None
    listed = project.manifest.root / str(row["path"])
    return _of_row(listed, row) if listed.resolve() == path.resolve() else None


def _of_row(path: Path, row: dict[str, object]) -> Film:
    if row["n_frames"] is None or row["fps"] is None:
        span = _measured(path)
    else:
        span = ClipSpan(int(str(row["n_frames"])), Fraction(str(row["fps"])))
    label = LABELS.get(row["label"], "label unknown")
    called = f"clip {row['clip_id']} of subject {row['subject_id']}, {label}"
    words = f"{called[0].upper()}{called[1:]}: {_said(path, span)}"
    return Film(path, str(row["clip_id"]), span, words, called)


def _of_file(path: Path) -> Film:
    span = _measured(path)
    words = f"{_said(path, span)}; not in the manifest of clips"
    return Film(path, path.stem, span, words, f"{path.name}, not in the manifest of clips")


def _measured(path: Path) -> ClipSpan:
    """Return how long a video is by what decodes, whatever its packets promise."""
    fps = measure_span(path).fps
    return ClipSpan(max(1, sum(1 for _ in clip_frames(path))), fps)


def _said(path: Path, span: ClipSpan) -> str:
    return f"{path.name}, {span.n_frames} frames at {float(span.fps):.4g} a second"
