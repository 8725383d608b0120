"""A contact sheet on which a person sees what a network sees of a clip."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from rodepil.config.settings import ProjectSettings
from rodepil.errors import ReportError
from rodepil.io.files import publish, unwritable
from rodepil.io.pictures import check_picture
from rodepil.report.films import Film, find_film
from rodepil.report.seen import ClipSeen, shown_of, strips
from rodepil.report.seen_words import AT_EDGES
from rodepil.report.strips import sheet_of
from rodepil.store.decode import decode_one
from rodepil.store.know.picture import encoded
from rodepil.store.know.project import StoreProject
from rodepil.store.views.frames import FrameView
from rodepil.store.views.registry import training_view
from rodepil.vision.inputs import make_inputs

SAMPLED_ONLY = (
    "The settings store no pairs (features.pairs none): each frame is compared with the next one "
    "sampled, the last one with the one before it."
)
ALONE = (
    "The settings take a single frame without a neighbour (features.frames 1, features.pairs "
    "none): there is nothing to compare, and no row of differences or flow."
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
    check_picture(out)
    film = find_film(project, named)
    clip = look_at(film, project.settings, wish)
    places = clip.seen_numbers()[shown_of(clip, wish.columns)].tolist()
    heads = [f"{number}: {float(number / film.span.fps):.2f} s" for number in map(int, places)]
    rows = strips(clip, wish.columns, wish.epoch)
    words = [film.words, *_notes(clip, project.settings.features.size_px, wish.columns)]
    picture = encoded(sheet_of(rows, heads, words), out.suffix.lower())
    over = " over the one that was there" if out.is_file() else ""
    try:
        with publish(out) as beside:
            beside.write_bytes(picture)
    except OSError as error:
        raise ReportError(unwritable(out, error)) from error
    return f"wrote {out}{over}: {film.called}"


def look_at(film: Film, settings: ProjectSettings, wish: Wish) -> ClipSeen:
    """Return a clip as training takes it.

    Raises
    ------
    SettingError
        The settings' modality can't be had of such frames.
    FeatureError
        The clip does not decode to what it should, or is too short for pairs.
    VideoError
        It can't be decoded.
    """
    features, train = settings.features, settings.train
    make_inputs(features, train.modality, train.flow)  # refuses what training would refuse
    if wish.size_px is not None:
        features = features.model_copy(update={"size_px": wish.size_px})
    view = training_view(features)
    if not isinstance(view, FrameView):  # the settings know no other
        raise TypeError(f"'{view.kind}' is no view of frames")
    stored = decode_one(film.path, view, film.span)[view.main]
    numbers = torch.from_numpy(view.numbers(film.span.n_frames))
    pixels = torch.from_numpy(stored)[None]
    return ClipSeen(features, train, pixels, numbers, film.span.fps, film.clip_id)


def _notes(clip: ClipSeen, network_px: int, columns: int) -> list[str]:
    """Return what is to be said of all rows."""
    size_px, frames = clip.features.size_px, clip.features.frames
    more = " (the settings take no more)" if columns > frames else ""
    drawn = f"as the network gets them before normalisation, {size_px}x{size_px} px"
    if size_px != network_px:
        drawn = (
            f"that the network sees, drawn at {size_px}x{size_px} px; the network gets "
            f"{network_px}x{network_px} px"
        )
    count = f"{min(columns, frames)} of the {frames} frames{more}"
    notes = [f"{count} {drawn}. Above each: its number in the clip, and its time."]
    if not clip.compares:
        return [*notes, ALONE]
    if size_px != network_px:
        notes.append(
            f"Windows of flow (train.flow.winsize {clip.train.flow.winsize}) are px of what is "
            f"drawn: the network's flow is {'coarser' if network_px < size_px else 'finer'}."
        )
    return [*notes, AT_EDGES, *([SAMPLED_ONLY] if clip.features.pairs == "none" else [])]
