"""Timeline pictures of localized recordings, one a cage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.data.cages import Cage
from rodepil.detect.localize.boxes import names_of
from rodepil.detect.localize.former import TIMELINES
from rodepil.detect.localize.outcome import Localized, VideoFacts
from rodepil.errors import TableError
from rodepil.io.files import publish, unwritable
from rodepil.report.figures.units_timeline import units_timeline
from rodepil.report.style import LIGHT, png


def write_timelines(localized: Localized, out: Path, truth: pa.Table | None = None) -> list[Path]:
    """Draw what is told of every cage of every video, and write each picture as PNG.

    Parameters
    ----------
    localized
        What was found.
    out
        The folder in which the folder ``timelines`` lies.
    truth
        Table ``events`` of annotated ones. A video's are those whose recording_id is its name,
        its file's name or its path, at the cage's position.

    Raises
    ------
    TableError
        A picture can't be written.
    """
    written = []
    for video in localized.videos:
        for cage in video.cages:
            path = out / TIMELINES / f"{video.recording_id}_{cage.position}.png"
            drawn = _picture(localized, video, cage, truth)
            try:
                with publish(path) as beside:
                    beside.write_bytes(drawn)
            except OSError as error:
                raise TableError(unwritable(path, error)) from error
            written.append(path)
    return written


def is_annotated(localized: Localized, truth: pa.Table) -> bool:
    """Tell whether any annotated event is of a video that was looked through."""
    names = {name for video in localized.videos for name in _names(video)}
    return not names.isdisjoint(truth.column("recording_id").to_pylist())


def _picture(localized: Localized, video: VideoFacts, cage: Cage, truth: pa.Table | None) -> bytes:
    labels = list(localized.about["labels"])
    true = None if truth is None else _at(truth, _names(video), cage.position)
    animal = "" if cage.subject_id == f"cage-{cage.position}" else f" ({cage.subject_id})"
    place = f", cage {cage.position}{animal}" if len(video.cages) > 1 else ""
    about = localized.about
    note = (
        f"Found by trial {about['trial_id']}, which learned from {about['learned_from_data']}. "
        f"Events of score {about['min_score']:g} or more; those of one unit that overlap "
        "are one, with the highest score."
    )
    return png(
        units_timeline(
            _at(localized.told, [video.recording_id], cage.position),
            labels,
            video.duration_s,
            LIGHT,
            title=f"Action units in {video.recording_id}{place}",
            note=note,
            truth=true,
        )
    )


def _names(video: VideoFacts) -> list[str]:
    return sorted(names_of(Path(video.path), video.recording_id))


def _at(events: pa.Table, names: Sequence[str], position: int) -> pa.Table:
    """Return the events of one cage."""
    mine = pc.is_in(events.column("recording_id"), pa.array(names, pa.string()))
    return events.filter(pc.and_(mine, pc.equal(events.column("position"), position)))
