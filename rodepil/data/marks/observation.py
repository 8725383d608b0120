"""BORIS's observations: which media files they ran over, as a timeline."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rodepil.data.marks.catalog import Catalog, Unknown
from rodepil.data.marks.sheet import Line
from rodepil.data.marks.timeline import Stretch
from rodepil.data.recordings import Recording

_FIRST_PLAYER = re.compile(r"player\s*#\s*1\s*:\s*([^|]*)", re.IGNORECASE)
_SLACK_S = 1.0


@dataclass(frozen=True)
class Observation:
    """What BORIS says of an observation.

    Parameters
    ----------
    name
        Its id.
    lines
        Its rows.
    seen
        Media files named beside events, in order.
    listed
        Media files above the header (older tabular exports), in order.
    source
        ``player #1:a.mp4;b.mp4|player #2:…``, or empty.
    durations
        Their lengths in seconds, in the same form without names, or empty.
    offset_s
        What BORIS added to every time.
    total_s
        The length of all media together, or None.
    """

    name: str
    lines: tuple[Line, ...]
    seen: tuple[str, ...]
    listed: tuple[str, ...]
    source: str
    durations: str
    offset_s: float
    total_s: float | None


def timeline_of(
    observed: Observation, catalog: Catalog, default: str | None
) -> tuple[Stretch, ...]:
    """Return the media files of an observation's first player, one after another.

    Parameters
    ----------
    observed
        The observation.
    catalog
        The recordings.
    default
        The recording or session of an observation that names no media, or None.

    Raises
    ------
    Unknown
        It names no medium, its only one is no recording, or its files are shorter than it.
    """
    files, lengths = media_of(observed)
    if not files:
        if default is not None:
            return catalog.timeline(default, "auto")
        raise Unknown(
            f"observation '{observed.name}' names no media file; name its recording by "
            "imports.annotations.recording"
        )
    if len(files) == 1:
        row = catalog.recording(files[0])
        _check_whole(observed, [row.duration_s], files)
        return (Stretch(row, 0.0, row.duration_s),)
    found = [_recording(file, catalog) for file in files]
    taken = [
        length if length is not None else (None if row is None else row.duration_s)
        for row, length in zip(found, lengths, strict=True)
    ]
    return _one_after_another(observed, files, found, taken)


def _one_after_another(
    observed: Observation,
    files: Sequence[str],
    found: Sequence[Recording | None],
    lengths: Sequence[float | None],
) -> tuple[Stretch, ...]:
    timeline, from_s = [], 0.0
    for file, row, length in zip(files, found, lengths, strict=True):
        if length is None:
            raise Unknown(
                f"observation '{observed.name}' runs over '{file}', which is none of the "
                "recordings and whose length it does not say; import that video first"
            )
        own_s = length if row is None else row.duration_s
        timeline.append(Stretch(row, from_s, own_s, file))
        from_s += length
    if not observed.durations:
        _check_whole(observed, [length or 0.0 for length in lengths], files)
    return tuple(timeline)


def media_of(observed: Observation) -> tuple[list[str], list[float | None]]:
    """Return the first player's files and their lengths, None where BORIS does not say them."""
    first = _FIRST_PLAYER.search(observed.source)
    if first:
        files = [file.strip() for file in first[1].split(";") if file.strip()]
        lengths = [_number(text) for text in observed.durations.split("|")[0].split(";")]
        return files, lengths if len(lengths) == len(files) else [None] * len(files)
    files = list(observed.listed or observed.seen)
    return files, [None] * len(files)


def _recording(file: str, catalog: Catalog) -> Recording | None:
    try:
        return catalog.recording(file)
    except Unknown:
        return None


def _check_whole(observed: Observation, lengths: Sequence[float], files: Sequence[str]) -> None:
    """Refuse an observation over files that it does not name: its times can't be placed."""
    if observed.source or observed.total_s is None:
        return
    if observed.total_s - sum(lengths) > _SLACK_S * len(files):
        raise Unknown(
            f"observation '{observed.name}' is {observed.total_s:g} s long, but what it names, "
            f"{', '.join(files)}, is {sum(lengths):g} s; export it from a newer BORIS, which names "
            "every file"
        )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
