"""Names of columns that sheets of annotations commonly have."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN = re.compile(r"[\W_]+")

NAMES: dict[str, tuple[str, ...]] = {
    "start": (
        "start", "start s", "start sec", "start seconds", "start time", "start time s", "starttime",
        "onset", "onset s", "onset time", "begin", "begin s", "begin time", "beginning", "from",
        "seizure start", "seizure onset", "t start", "beginn", "anfang", "von",
    ),
    "end": (
        "end", "end s", "end sec", "end seconds", "end time", "end time s", "endtime", "stop",
        "stop s", "stop time", "offset", "offset s", "offset time", "finish", "to", "until",
        "seizure end", "seizure offset", "t end", "ende", "bis",
    ),
    "duration": (
        "duration", "duration s", "duration sec", "duration seconds", "dur", "dur s", "length",
        "length s", "seizure duration", "dauer", "dauer s",
    ),
    "date": ("date", "start date", "day", "datum"),
    "end_date": ("end date", "stop date"),
    "recording": (
        "recording id", "recording", "session id", "session", "path", "media file path",
        "media file name", "media file", "video file", "file name", "filename", "file", "video id",
        "video", "movie", "aufnahme", "datei",
    ),
    "rat": (
        "subject id", "subject", "rat id", "rat", "animal id", "animal", "mouse id", "mouse",
        "ratte", "tier",
    ),
    "cage": (
        "position", "pos", "cage", "cage id", "cage no", "cage number", "cage position", "box",
        "käfig",
    ),
    "label": (
        "label", "behavior", "behaviour", "event type", "event", "type", "annotation", "class",
        "verhalten",
    ),
    "annotator": (
        "annotator", "annotator id", "observer", "rater", "scorer", "coder", "reviewer", "expert",
    ),
}  # fmt: skip
"""For each field the headers that name it, the likelier first."""

SESSIONS = {"session", "session id"}
"""Headers of a column whose names of sessions mean them, though their first file has that name."""

KNOWN = {name for names in NAMES.values() for name in names}

BORIS = {"time", "status", "behavior type", "fps", "observation id", "total length"}
"""Headers that BORIS's exports have beside the common ones."""


def plain(text: object) -> str:
    """Return a header in lower case, with one space where signs stood: ``Start (s)`` → ``start s``.

    Composed letters and the letters with their accents apart (as some file systems write) are one.
    """
    return _BETWEEN.sub(" ", unicodedata.normalize("NFKC", str(text)).casefold()).strip()
