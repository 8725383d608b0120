"""Boxes in the videos of clips, as somebody gives them: checked before any video is decoded."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePath

from rodepil.data.boxes.sheet import read_sheet
from rodepil.data.cages import Cage, cages_of
from rodepil.data.problems import SHOWN, raise_if, repeated
from rodepil.data.region.found import check_within
from rodepil.errors import CageError, SourceError, VideoError
from rodepil.io import tables
from rodepil.io.video import VideoReader
from rodepil.io.wording import by_number

TABLE = ".parquet"


def read_given(path: Path, clips: Collection[str]) -> list[Cage]:
    """Read which part of each video is looked at: a table "cages", or a sheet, one row a clip.

    Parameters
    ----------
    path
        A table (.parquet), or a sheet as `rodepil region find` writes it.
    clips
        The names of clips; a sheet may name the file of one as well.

    Raises
    ------
    CageError, TableError
        The file, or a row of it, can't be read.
    SourceError
        A clip has two boxes, or no box is of a clip.
    """
    if path.suffix.lower() == TABLE:
        cages = cages_of(tables.read("cages", path))
    else:
        rows = read_sheet(path)
        bad = [f"line {row.line}: {row.problem}" for row in rows if row.cage is None]
        raise_if(bad, CageError, f"Mend the sheet {path}")
        cages = [Cage(_clip(row.recording, clips), *row.cage) for row in rows if row.cage]
    twice = [
        f"clip '{name}' has two boxes" for name in repeated([one.recording_id for one in cages])
    ]
    raise_if(twice, SourceError, f"A clip shows one cage; leave one of them in {path}")
    if not any(cage.recording_id in clips for cage in cages):
        named = sorted({cage.recording_id for cage in cages})
        raise SourceError(
            f"no box in {path} is of a clip: it names {named[:SHOWN]}, the clips are "
            f"{sorted(clips)[:SHOWN]}; name boxes as the clips"
        )
    return cages


def check_frames(cages: Sequence[Cage], videos: Mapping[str, Path]) -> None:
    """Check that boxes lie in the pictures of their videos, by the first frame of each.

    Raises
    ------
    SourceError
        Some do not.
    """
    problems = []
    for cage in cages:
        if cage.recording_id in videos:
            try:
                with VideoReader(videos[cage.recording_id], threads=1) as reader:
                    check_within(cage.box, next(iter(reader)).size_px)
            except CageError as error:
                problems.append(f"'{cage.recording_id}': {error}")
            except VideoError:
                continue  # told when videos are checked
    raise_if(problems, SourceError, "Mend these boxes")


def notes_of(cages: Sequence[Cage], clips: Collection[str]) -> list[str]:
    """Say which boxes are of no clip, and which clips have none."""
    names, boxed = set(clips), {cage.recording_id for cage in cages}
    strange, bare = sorted(boxed - names), sorted(names - boxed)
    told = []
    if strange:
        count = by_number(len(strange), "box is", "boxes are")
        told.append(f"{count} of no clip, and left out of account: {_shown(strange)}")
    if bare:
        count = by_number(len(bare), "clip has", "clips have")
        told.append(f"{count} no box, so that the whole frame is looked at: {_shown(bare)}")
    return told


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + ", …" * (len(names) > SHOWN)


def _clip(named: str, clips: Collection[str]) -> str:
    """Return the clip that a row names, by its name or its file."""
    return named if named in clips else PurePath(named.replace("\\", "/")).stem
