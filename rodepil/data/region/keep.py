"""Regions as rows of the cages table: a sheet for 'rodepil cages import', a table, or a source."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rodepil.data.boxes.keep import complaint, find_recording, put_cages, read_cages
from rodepil.data.boxes.keep import read_recordings as recordings_in
from rodepil.data.cages import Cage, cages_of
from rodepil.data.region.locate import Region
from rodepil.errors import CageError, RodepilError, VideoError
from rodepil.io import tables
from rodepil.io.files import write_text
from rodepil.io.names import is_part
from rodepil.io.progress import Progress, Silent

NO_SUBJECT = "unknown"
"""Rats of one name count as one rat, so that those without a name never stand on both sides."""
HEAD = ("recording", "position", "subject", "x", "y", "width", "height")


def find_all(
    videos: Sequence[Path], find: Callable[[Path], Region], progress: Progress | None = None
) -> tuple[dict[Path, Region], list[str]]:
    """Find the region of each video; return them, and why others have none.

    Parameters
    ----------
    videos
        Video files.
    find
        As `locate` with a detector.
    progress
        Shown the videos.
    """
    found: dict[Path, Region] = {}
    refused: list[str] = []
    with (progress or Silent()).task("find the animals", len(videos), "videos") as advance:
        for video in videos:
            try:
                found[video] = find(video)
            except (VideoError, CageError) as error:
                refused.append(str(error))
            advance(1)
    return found, refused


def cages_from(
    regions: Mapping[Path, Region], position: int = 0, subject: str = NO_SUBJECT
) -> list[Cage]:
    """Return a cage for each video, whose recording is named as its file without suffix.

    Raises
    ------
    CageError
        Two videos have one name, or the subject's name can't stand in a clip's.
    """
    names = [video.stem for video in regions]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not is_part(subject):
        what = f"several videos are named {twice}" if twice else f"no subject can be '{subject}'"
        raise CageError(
            f"{what}; give videos of different names, and a subject without underscore and slash"
        )
    return [Cage(video.stem, position, subject, *region.box) for video, region in regions.items()]


def sheet_of(cages: Sequence[Cage]) -> str:
    """Return cages as the CSV that 'rodepil cages import' reads."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEAD)
    writer.writerows(
        [cage.recording_id, cage.position, cage.subject_id, *cage.box] for cage in cages
    )
    return text.getvalue()


def check_out(out: Path) -> None:
    """Check that cages can be written under a name, before long work is done for it.

    Raises
    ------
    CageError
        Its suffix is neither .csv nor .parquet.
    """
    if out.suffix not in {".csv", ".parquet"}:
        raise CageError(f"'{out.name}' is neither sheet nor table; end it in .csv or .parquet")


def write_cages(out: Path, cages: Sequence[Cage]) -> None:
    """Write cages as a sheet (.csv), or into a table (.parquet), where other rows stay.

    Raises
    ------
    CageError
        The suffix is neither.
    TableError
        The table that is there is damaged.
    """
    check_out(out)
    if out.suffix == ".csv":
        write_text(out, sheet_of(cages))
        return
    there = cages_of(tables.read("cages", out)) if out.is_file() else []
    own = {(cage.recording_id, cage.position) for cage in cages}
    rows = [cage for cage in there if (cage.recording_id, cage.position) not in own] + [*cages]
    rows.sort(key=lambda cage: (cage.recording_id, cage.position))
    tables.write("cages", tables.from_rows("cages", [asdict(row) for row in rows]), out)


def put_regions(folder: Path, cages: Sequence[Cage]) -> list[str]:
    """Let recordings of a source folder have these cages; those at other positions stay.

    A cage that stands at the position already gives its subject's name, where the new one has
    none. A cage that can't be there is refused.

    Parameters
    ----------
    folder
        The source's folder; its recordings are told by the names of files.
    cages
        As `cages_from` makes them.

    Returns
    -------
    list of str
        What was refused, and why.

    Raises
    ------
    CageError
        The folder has no recordings.
    """
    recordings, there, refused = recordings_in(folder), read_cages(folder), []
    for cage in cages:
        try:
            recording = find_recording(recordings, cage.recording_id, folder)
            own = {row.position: row for row in there if row.recording_id == recording.recording_id}
            named = cage.subject_id != NO_SUBJECT or cage.position not in own
            subject = cage.subject_id if named else own[cage.position].subject_id
            own[cage.position] = Cage(recording.recording_id, cage.position, subject, *cage.box)
            problem = complaint([*own.values()], recording)
            if problem:
                raise CageError(f"{cage.recording_id}: {problem}")
            put_cages(folder, {recording.recording_id: [*own.values()]})
        except RodepilError as error:
            refused.append(str(error))
    return refused
