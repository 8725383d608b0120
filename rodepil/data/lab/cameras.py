"""The folder that tells a recording's camera: the nearest one whose name is not just a time.

Recorders sort files by day, as ``cam 1/2024-05-01/a.mp4`` or ``2024-05-01/cam 1/a.mp4``, or by
year, month and day, each a folder of its own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

_Y, _M, _D = "(?:19|20)[0-9]{2}", "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_MM, _DD = "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_NAME = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_H, _S = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
_GAP = "[-_. ]"

_YEAR = re.compile(_Y)
_MONTH = re.compile(f"{_Y}{_GAP}?{_MM}|{_Y}{_GAP}{_NAME}", re.IGNORECASE)
_MONTH_OF_YEAR = re.compile(f"{_M}|(?:{_MM}{_GAP})?{_NAME}", re.IGNORECASE)
_DAY_OF_MONTH = re.compile(_D)
_TIME = re.compile(f"{_H}[-_.h ]{_S}(?:[-_.m ]{_S})?s?|{_H}{_S}{_S}", re.IGNORECASE)
_DAY = re.compile(
    f"(?:{_Y}{_MM}{_DD}"
    f"|{_Y}{_GAP}(?:{_M}|{_NAME}){_GAP}{_D}"
    f"|{_D}{_GAP}(?:{_M}|{_NAME}){_GAP}{_Y}"
    f"|(?:{_M}|{_NAME}){_GAP}{_D}{_GAP}{_Y})"
    f"(?:[-_. T]*{_H}(?:[-_.h ]?{_S}){{0,2}}s?)?",
    re.IGNORECASE,
)

_Span = Literal["year", "month", "day"]


def camera_of(video: Path, top: Path | None = None) -> str | None:
    """Return the name of the nearest folder that says more than a time.

    A day (``2024-05-01``, ``20240501_180000``, ``1.5.2024``, ``May-1-2024``), a year, and a year
    with a month are passed over wherever they stand; a bare number is only directly below its
    year (a month) or month (a day), and a time of day only directly below its day. So camera
    ``2`` in ``2024-05-01/2/a.mp4`` stays a camera.

    Parameters
    ----------
    video
        Absolute path of a file.
    top
        The highest folder that may be the camera's; None for all above the file.

    Returns
    -------
    str or None
        None where all folders up to `top` are times.
    """
    folders = video.parent.parts
    allowed = 1 if top is None else len(top.parts) - 1  # the first part is the root
    camera: str | None = None
    above: _Span | None = None
    for place, name in enumerate(folders):
        above = _span(name, above)
        if above is None and place >= max(1, allowed):
            camera = name
    return camera


def _span(name: str, above: _Span | None) -> _Span | None:
    """Return the span of time that a folder's name says, None where it is more than a time."""
    if _DAY.fullmatch(name):
        return "day"
    if _MONTH.fullmatch(name) or (above == "year" and _MONTH_OF_YEAR.fullmatch(name)):
        return "month"
    if _YEAR.fullmatch(name):
        return "year"
    if above == "month" and _DAY_OF_MONTH.fullmatch(name):
        return "day"
    return "day" if above == "day" and _TIME.fullmatch(name) else None
