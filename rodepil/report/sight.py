"""A contact sheet on which a person sees what a network sees of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from rodepil.config.settings import FeatureSettings, ProjectSettings
from rodepil.errors import ReportError
from rodepil.io.files import publish, unwritable
from rodepil.report.films import Film, find_film
from rodepil.report.seen import ClipSeen, shown_of, strips
from rodepil.report.strips import sheet_of
from rodepil.store.decode import decode_one
from rodepil.store.know.get import PICTURES
from rodepil.store.know.picture import encoded
from rodepil.store.know.project import StoreProject
from rodepil.store.views.frames import FrameView
from rodepil.store.views.registry import training_view
from rodepil.vision.modality import make_modality

NOT_STORED = (
    "The settings store no pairs (features.pairs none): each frame is compared here with one that "
    "follows in the clip, as with features.pairs native."
)
SAMPLED_ONLY = (
    "The settings store no pairs (features.pairs none): each frame is compared with the next one "
    "sampled."
)


@dataclass(frozen=True)
class Wish:
    """What shall be on the sheet.

    Attributes
    ----------
    columns
        Frames to show, spread evenly over those that a network sees.
    epoch
        The first epoch whose augmentation is shown.
    size_px
        Height and width of the frames, for the settings'; None takes those.
    """

    columns: int = 8
    epoch: int = 0
    size_px: int | None = None


def show_clip(project: StoreProject, named: str, out: Path, wish: Wish) -> str:
    """Write a contact sheet of a clip, and say what it is.

    Parameters
    ----------
    project
        Whose settings hold, and among whose clips is looked.
    named
        The path of a video file, or the id of a clip of the manifest, the beginning of one, or
        its path.
    out
        ``.png`` or ``.jpg``.
    wish
        What shall be on it.

    Raises
    ------
    ReportError
        The suffix is of no picture, or the file can't be written.
    FeatureError
        There is no such clip, or it is too short.
    VideoError
        The file is no video that can be decoded.
    """
    suffix = out.suffix.lower()
    if suffix not in PICTURES:
        raise ReportError(
            f"'{out.name}' names no picture; end it in {', '.join(PICTURES)}, as in sheet.png"
        )
    film = find_film(project, named)
    clip, note = look_at(film, project.settings, wish)
    places = clip.seen_numbers()[shown_of(clip, wish.columns)].tolist()
    heads = [f"{number}: {float(number / film.span.fps):.2f} s" for number in map(int, places)]
    size_px, of = clip.features.size_px, clip.features.frames
    what = (
        f"{len(heads)} of {of} frames as the network gets them before normalisation, "
        f"{size_px}x{size_px} px. Above each: its number in the clip, and its time."
    )
    rows = strips(clip, wish.columns, wish.epoch)
    words = [line for line in (film.words, what, note) if line]
    picture = encoded(sheet_of(rows, heads, words), suffix)
    try:
        with publish(out) as beside:
            beside.write_bytes(picture)
    except OSError as error:
        raise ReportError(unwritable(out, error)) from error
    return f"{out}: {film.words}"


def look_at(film: Film, settings: ProjectSettings, wish: Wish) -> tuple[ClipSeen, str]:
    """Return a clip as training takes it, and what is to be said of its pairs.

    Raises
    ------
    FeatureError
        The clip does not decode to what it should, or is too short for pairs.
    VideoError
        It can't be decoded.
    """
    features, note = _with_pairs(settings)
    if wish.size_px is not None:
        features = features.model_copy(update={"size_px": wish.size_px})
    view = training_view(features)
    if not isinstance(view, FrameView):  # the settings know no other
        raise TypeError(f"'{view.kind}' is no view of frames")
    stored = decode_one(film.path, view, film.span)[view.main]
    numbers = torch.from_numpy(view.numbers(film.span.n_frames))
    pixels = torch.from_numpy(stored)[None]
    seen = ClipSeen(features, settings.train, pixels, numbers, film.span.fps, film.clip_id)
    return seen, note


def _with_pairs(settings: ProjectSettings) -> tuple[FeatureSettings, str]:
    """Return how frames are taken, with native neighbours where the settings have none.

    A network that is trained on motion without stored pairs compares the frames that are sampled:
    then so does the sheet.
    """
    features = settings.features
    if features.pairs != "none":
        return features, ""
    if make_modality(settings.train.modality).of_motion and features.frames > 1:
        return features, SAMPLED_ONLY
    return features.model_copy(update={"pairs": "native"}), NOT_STORED
