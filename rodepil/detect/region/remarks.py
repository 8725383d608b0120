"""What somebody should know of a box that was found before it is used, in a few words."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rodepil.data.cages import Cage
from rodepil.data.region import Region
from rodepil.data.region.keep import sheet_of
from rodepil.io.video import VideoReader

COLUMN: Final = "remark"
"""Of a printed sheet; who reads sheets of boxes passes over it."""


def remark_on(video: Path, region: Region) -> str:
    """Return why a region may not be that of one animal, empty where nothing tells so.

    Raises
    ------
    VideoError
        The video can't be read.
    """
    with VideoReader(video, threads=1) as reader:
        width_px, height_px = next(iter(reader)).size_px
    whole = region.box == (0, 0, width_px, height_px)
    said = ["the box is the whole picture"] if whole else []
    said += [text.partition(";")[0] for text in (region.fallback, region.doubt) if text]
    return "; ".join(said)


def remarked(cages: Sequence[Cage], remarks: Mapping[str, str]) -> str:
    """Return the sheet of cages, with a column of remarks where there are any.

    Parameters
    ----------
    cages
        A row each.
    remarks
        Those of recordings, by name; an empty one is none.
    """
    sheet = sheet_of(cages)
    if not any(remarks.values()):
        return sheet
    head, *rows = csv.reader(io.StringIO(sheet, newline=""))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*head, COLUMN])
    writer.writerows([*row, remarks.get(row[0], "")] for row in rows)
    return text.getvalue()
