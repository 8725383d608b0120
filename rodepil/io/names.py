"""The names of clips: ``Date_VideoID_Position_RatID_frames_Label_Y.avi``, parsed and formatted.

Parser and formatter are inverse to each other: what one takes the other gives back.

References
----------
RodEpil's published files, for example ``Feb-1-2019_M2U00244_3_70-3_1153-1168_N_0.avi``. The unit
of ``frames`` is not documented there, so the two integers are kept and no time is made of them.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Literal

from rodepil.errors import ClipNameError

Label = Literal["N", "S"]

SUFFIX = ".avi"
UNDATED = "undated"
"""The date of a recording whose file name holds none."""

CONVENTION = f"Date_VideoID_Position_RatID_frames_Label_Y{SUFFIX}"
EXAMPLE = "Feb-1-2019_M2U00244_3_70-3_1153-1168_N_0.avi"
LABELS: dict[Label, int] = {"N": 0, "S": 1}

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PART = re.compile(r'[^_/\\<>:"|?*\x00-\x1f\x7f]+')
_DATE = re.compile(r"([A-Z][a-z]{2})-([0-9]{1,2})-([0-9]{4})")
_NUMBER = re.compile(r"0|[1-9][0-9]*")
_SPAN = re.compile(r"(0|[1-9][0-9]*)-(0|[1-9][0-9]*)")
_PARTS = 7


@dataclass(frozen=True)
class ClipName:
    """What a clip's file name says.

    Parameters
    ----------
    date
        ``Mon-D-YYYY``, for example ``Feb-1-2019``, or ``undated``.
    video_id
        The recording's name within the date; no underscore.
    position
        The cage's place in the recording, 0 or more.
    rat_id
        The animal; no underscore.
    first, last
        The two integers of ``frames``, 0 or more. In clips that this project makes, the half-open
        span of the recording's frames; in published ones their unit is unknown.
    label
        ``N`` (normal, Y is 0) or ``S`` (seizure, Y is 1).
    """

    date: str
    video_id: str
    position: int
    rat_id: str
    first: int
    last: int
    label: Label


def parse_clip_name(name: str) -> ClipName:
    """Read a clip's file name, without folders.

    Raises
    ------
    ClipNameError
        The name breaks the convention; the message says in which part.
    """
    if not name.endswith(SUFFIX):
        raise _broken(name, f"it does not end in {SUFFIX}")
    parts = name.removesuffix(SUFFIX).split("_")
    if len(parts) != _PARTS:
        raise _broken(name, f"it has {len(parts)} parts between underscores, wanted {_PARTS}")
    date, video_id, position, rat_id, span, label, y = parts
    _check_parts(name, date, video_id, rat_id)
    if not _NUMBER.fullmatch(position):
        raise _broken(name, f"Position '{position}' is no number without leading zeros")
    frames = _SPAN.fullmatch(span)
    if not frames:
        raise _broken(name, f"frames '{span}' is no pair of numbers such as 1153-1168")
    known = _known_label(name, label)
    if y != str(LABELS[known]):
        raise _broken(name, f"Y is '{y}', but Label {known} wants {LABELS[known]}")
    return ClipName(date, video_id, int(position), rat_id, int(frames[1]), int(frames[2]), known)


def format_clip_name(clip: ClipName) -> str:
    """Return the file name of a clip.

    Raises
    ------
    ClipNameError
        A part can't stand in a name, for example an animal with an underscore.
    """
    name = (
        f"{clip.date}_{clip.video_id}_{clip.position}_{clip.rat_id}"
        f"_{clip.first}-{clip.last}_{clip.label}_{LABELS.get(clip.label, '?')}{SUFFIX}"
    )
    _check_parts(name, clip.date, clip.video_id, clip.rat_id)
    _known_label(name, clip.label)
    if min(clip.position, clip.first, clip.last) < 0:
        raise _broken(name, "Position and frames must be 0 or more")
    return name


def is_date(text: str) -> bool:
    """Say whether `text` is a date of the convention: a real ``Mon-D-YYYY``, or ``undated``."""
    found = _DATE.fullmatch(text)
    if not found or found[1] not in _MONTHS:
        return text == UNDATED
    try:
        dt.date(int(found[3]), _MONTHS.index(found[1]) + 1, int(found[2]))
    except ValueError:
        return False
    return True


def is_part(text: str) -> bool:
    """Say whether `text` can be the VideoID or the RatID of a name."""
    return _PART.fullmatch(text) is not None


def _check_parts(name: str, date: str, video_id: str, rat_id: str) -> None:
    if not is_date(date):
        raise _broken(name, f"Date '{date}' is no date such as Feb-1-2019, nor '{UNDATED}'")
    for part, text in (("VideoID", video_id), ("RatID", rat_id)):
        if not is_part(text):
            raise _broken(name, f"{part} '{text}' is empty or holds one of _ / \\ < > : \" | ? *")


def _known_label(name: str, label: str) -> Label:
    for known in LABELS:
        if label == known:
            return known
    raise _broken(name, f"Label is '{label}', wanted N (normal) or S (seizure)")


def _broken(name: str, reason: str) -> ClipNameError:
    return ClipNameError(
        f"clip name '{name}': {reason}. Rename it as {CONVENTION}, for example {EXAMPLE}"
    )
