"""What to know of the numbers when found events are compared with true ones, a sentence each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from rodepil.detect.cage_places import Places
from rodepil.detect.event_labels import lonely_labels
from rodepil.io.wording import by_number
from rodepil.scoring import video_key

_SLACK_S: Final = 1.0
"""How far past the end an event may end unnoted: people and containers round lengths."""


def absent_cages(events: pa.Table, places: Places) -> dict[str, str]:
    """Return the videos of events whose recording has no such cage, each with a sentence.

    Parameters
    ----------
    events
        Table ``events``.
    places
        Every cage of the recordings that are there, by recording_id and animal.
    """
    cages: dict[str, set[int]] = {}
    for (film, _), position in places.items():
        cages.setdefault(film, set()).add(position)
    named = {(row["recording_id"], row["position"]) for row in _pairs(events)}
    return {
        video_key(film, position): (
            f"there is no cage {position} in '{film}'; it has {_cages(cages[film])}, and what is "
            f"true of {position} counts as missed"
        )
        for film, position in sorted(named)
        if film in cages and position not in cages[film]
    }


def late_ends(found: pa.Table, true: pa.Table, durations_s: Mapping[str, float]) -> list[str]:
    """Note events that end far past the end of their video.

    Parameters
    ----------
    found, true
        Tables ``events``.
    durations_s
        Seconds of each video, by its name; others have no end that is known.
    """
    return [*_late("true", true, durations_s), *_late("found", found, durations_s)]


def _late(which: str, events: pa.Table, durations_s: Mapping[str, float]) -> list[str]:
    late = [
        (row["end_s"], name)
        for row in events.to_pylist()
        if (name := video_key(row["recording_id"], row["position"])) in durations_s
        and row["end_s"] > durations_s[name] + _SLACK_S
    ]
    if not late:
        return []
    end_s, name = max(late)
    count = by_number(len(late), f"{which} event ends", f"{which} events end")
    said = (
        f"{count} after the end of the video: at {end_s:g} s in {name}, which is "
        f"{durations_s[name]:g} s long; times are seconds from the start of the recording"
    )
    return [said]


def own_labels(predicted: Path, said: pa.Table, true: Path, known: pa.Table) -> list[str]:
    """Note labels that are no units and stand on one side alone."""
    return [
        *(
            f"label '{label}' is in {true} alone and counts as a class of AP 0"
            for label in lonely_labels(known, said)
        ),
        *(
            f"label '{label}' is in {predicted} alone, and mAP leaves a class without truths out"
            for label in lonely_labels(said, known)
        ),
    ]


def unknown_lengths(guessed: Collection[str]) -> list[str]:
    """Note videos of which no file says how long they are."""
    if not guessed:
        return []
    count = by_number(len(guessed), "video is", "videos are")
    return [f"no file says how long {count}, so that frames end with the last event there"]


def without_truth(alone: Collection[str]) -> list[str]:
    """Note videos of which nothing is known to be true."""
    if not alone:
        return []
    count = by_number(len(alone), "video has", "videos have")
    return [f"{count} predictions and no truth: all are false positives"]


def _pairs(events: pa.Table) -> Iterable[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = events.select(["recording_id", "position"]).to_pylist()
    return rows


def _cages(positions: Iterable[int]) -> str:
    every = [str(position) for position in sorted(positions)]
    return f"cage {every[0]} alone" if len(every) == 1 else f"cages {', '.join(every)}"
