"""Probe many video files side by side, each one once; naming them is another's job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rodepil.cluster import cpu_count, run_many
from rodepil.data.lab.facts import Facts, Stamp, probe_file, stamp_of
from rodepil.data.lab.journal import Found, ProbeJournal
from rodepil.data.lab.pace import Far, hours_of, note_of, pacing
from rodepil.errors import RodepilError, SourceError, VideoError
from rodepil.io.progress import Progress, Silent


@dataclass(frozen=True)
class Probed:
    """What became of video files.

    Parameters
    ----------
    facts
        Of those that can be curated, in the order of the paths.
    failures
        Rows of the table "failures": the others, with the reason and the remedy.
    """

    facts: list[Facts] = field(default_factory=list)
    failures: list[dict[str, object]] = field(default_factory=list)


def probe_many(
    paths: Sequence[Path],
    *,
    journal: ProbeJournal | None = None,
    progress: Progress | None = None,
    processes: int | None = None,
) -> Probed:
    """Probe files by decoding them; a file that fails is a row, and the rest goes on.

    Parameters
    ----------
    paths
        Video files; a path that stands twice counts once.
    journal
        What was probed before is taken from it, and what is probed now is noted in it at once.
    progress
        Shown the hours of video that are done, as headers tell them.
    processes
        Processes on this machine; by default one for each CPU.
    """
    journal = journal or ProbeJournal()
    stamps: dict[Path, Stamp | Exception] = {}
    for path in paths:
        try:
            stamps[path] = stamp_of(path)
        except RodepilError as error:
            stamps[path] = error
    waiting = [stamp for stamp in stamps.values() if isinstance(stamp, Stamp)]
    waiting = [stamp for stamp in dict.fromkeys(waiting) if journal.get(stamp) is None]
    failed = _probe(waiting, journal, progress or Silent(), processes)
    found, seen = Probed(), set[Stamp]()
    for path, stamp in stamps.items():
        if isinstance(stamp, Stamp):
            if stamp in seen:
                continue
            seen.add(stamp)
        came = _came(stamp, journal, failed)
        if isinstance(came, Facts):
            found.facts.append(came)
        else:
            found.failures.append(failure(path, came))
    return found


def failure(path: Path | str, error: Exception) -> dict[str, object]:
    """Return the row of the table "failures" for a file; what is no UTF-8 of its name escaped."""
    item, message = (
        text.encode(errors="backslashreplace").decode() for text in (str(path), str(error))
    )
    return {"item": item, "error": type(error).__name__, "message": message}


def _came(
    stamp: Stamp | Exception, journal: ProbeJournal, failed: Mapping[Stamp, Exception]
) -> Found | Exception:
    if isinstance(stamp, Exception):
        return stamp
    return journal.get(stamp) or failed[stamp]


def _probe(
    stamps: Sequence[Stamp], journal: ProbeJournal, progress: Progress, processes: int | None
) -> dict[Stamp, Exception]:
    """Probe files into the journal; return those that failed for a reason that may pass."""
    if not stamps:
        return {}
    failed: dict[Stamp, Exception] = {}
    threads = max(1, cpu_count() // min(processes or cpu_count(), len(stamps)))
    hours = hours_of(stamps)
    # The largest first, so that none of them is left to a single process at the end.
    ordered = sorted(stamps, key=lambda stamp: (-stamp.size, stamp.path))
    with (
        progress.task("probe recordings", sum(hours.values()), "h of video") as advance,
        pacing(hours, journal.folder, advance) as (pace, notes),
    ):
        job = partial(_probe_noting, notes=notes, threads=threads)
        for outcome in run_many(job, ordered, processes=processes):
            if outcome.result is not None:
                journal.add(outcome.item, outcome.result)
            elif isinstance(outcome.error, VideoError):
                journal.add(outcome.item, outcome.error)
            else:
                failed[outcome.item] = _said(outcome.item, outcome.error)
            pace.end(outcome.item)
    return failed


def _probe_noting(stamp: Stamp, *, notes: Path, threads: int) -> Facts:
    """Probe a file and note how far it is."""
    return probe_file(stamp, threads=threads, far=Far(note_of(notes, stamp)))


def _said(stamp: Stamp, error: Exception | None) -> Exception:
    """Return an error whose message names the file."""
    if isinstance(error, RodepilError):
        return error
    return SourceError(
        f"{stamp.path} could not be probed ({type(error).__name__}: {error}); run the same command "
        "again, and leave the file out if it fails again"
    )
