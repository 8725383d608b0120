"""Which parts of a video are looked at: boxes of a sheet, given boxes, found ones, or all of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath

from rodepil.data.boxes.sheet import read_sheet
from rodepil.data.cages import Cage, cages_of, problems_of
from rodepil.data.lab.naming import name_of
from rodepil.data.problems import raise_if
from rodepil.data.recordings import Recording
from rodepil.data.region import Region
from rodepil.errors import CageError
from rodepil.io import tables
from rodepil.io.names import UNDATED
from rodepil.io.video import VideoReader

Box = tuple[int, int, int, int]
"""Left, top, width and height in pixels of the upright frame."""


@dataclass(frozen=True)
class Where:
    """Where the cages of videos are; without anything, the whole frame is one.

    Parameters
    ----------
    sheet
        Boxes with the animals' names: CSV, Excel, or a table ``cages``.
    boxes
        The same boxes in every video.
    detect
        Finds the one animal of a video.
    """

    sheet: Path | None = None
    boxes: tuple[Box, ...] = ()
    detect: Callable[[Path], Region] | None = None

    def __post_init__(self) -> None:
        if sum((self.sheet is not None, bool(self.boxes), self.detect is not None)) > 1:
            raise CageError("give cages by a sheet, by boxes, or by a detector, one of the three")

    @property
    def named(self) -> bool:
        """Whether the animals have names, not only places."""
        return self.sheet is not None

    @property
    def whole(self) -> bool:
        """Whether nothing says where cages are, so that the picture is taken for one."""
        return self.sheet is None and not self.boxes and self.detect is None


def places_of(sheet: Path | None) -> dict[tuple[str, str], int]:
    """Return the position of each animal that a sheet names, by recording and animal.

    Recordings are named as there, and as their files without ending. A row that can't be read is
    none; `cages_in` tells it. Without a sheet nothing is named.

    Raises
    ------
    CageError, TableError
        The sheet can't be read.
    """
    if sheet is None:
        return {}
    if sheet.suffix == ".parquet":
        cages = cages_of(tables.read("cages", sheet))
    else:
        cages = [Cage(row.recording, *row.cage) for row in read_sheet(sheet) if row.cage]
    return {
        (name, cage.subject_id): cage.position
        for cage in cages
        for name in (cage.recording_id, PurePath(cage.recording_id.replace("\\", "/")).stem)
    }


def parse_box(text: str) -> Box:
    """Return a box that is written ``x,y,width,height``.

    Raises
    ------
    CageError
        It is none.
    """
    try:
        x_px, y_px, width_px, height_px = (int(part) for part in text.split(","))
    except ValueError as error:
        raise CageError(
            f"box '{text}' can't be read; write left,top,width,height in pixels, as 450,0,450,360"
        ) from error
    return x_px, y_px, width_px, height_px


def cages_in(video: Path, recording_id: str, where: Where) -> tuple[list[Cage], str | None]:
    """Return the cages of a video, checked against its frame, and what speaks against them.

    Raises
    ------
    CageError
        A box lies outside the frame or is too small, two are alike, a row of the sheet can't be
        read, or the sheet has no box for the video.
    VideoError
        The video can't be read.
    """
    width_px, height_px = _frame_px(video)
    doubt = None
    if where.sheet is not None:
        cages = _of_sheet(where.sheet, video, recording_id)
    else:
        boxes = where.boxes or ((0, 0, width_px, height_px),)
        if where.detect is not None:
            region = where.detect(video)
            boxes, doubt = (region.box,), region.doubt
        cages = [
            Cage(recording_id, position, f"cage-{position}", *box)
            for position, box in enumerate(boxes)
        ]
    row = Recording(
        recording_id, str(video), "", UNDATED, recording_id, "1", 1, 1.0, width_px, height_px, ""
    )
    problems = [problem.text for problem in problems_of(cages, [row])]
    raise_if(problems, CageError, f"Mend the boxes for {video}")
    return cages, doubt


def _frame_px(video: Path) -> tuple[int, int]:
    with VideoReader(video, threads=1) as reader:
        return next(iter(reader)).size_px


def _of_sheet(sheet: Path, video: Path, recording_id: str) -> list[Cage]:
    names = names_of(video, recording_id)
    if sheet.suffix == ".parquet":
        rows = cages_of(tables.read("cages", sheet))
        cages = [
            Cage(recording_id, row.position, row.subject_id, *row.box)
            for row in rows
            if row.recording_id in names
        ]
    else:
        mine = [row for row in read_sheet(sheet) if row.recording in names]
        bad = [f"line {row.line}: {row.problem}" for row in mine if row.cage is None]
        raise_if(bad, CageError, f"Mend the sheet {sheet}")
        cages = [Cage(recording_id, *row.cage) for row in mine if row.cage is not None]
    if not cages:
        raise CageError(
            f"{sheet} has no box for {video}; name it there as '{video.name}', or leave it out"
        )
    return sorted(cages, key=lambda cage: cage.position)


def names_of(video: Path, recording_id: str) -> frozenset[str]:
    """Return what tables and sheets may call a video."""
    return frozenset(
        {
            recording_id, name_of(video.stem).recording_id,
            str(video), video.as_posix(), str(video.resolve()), video.name, video.stem,
        }
    )  # fmt: skip
