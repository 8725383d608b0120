"""Where recordings stand in time: on the wall clock, or from the start of their session."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from rodepil.data.overview.seizures import session_of
from rodepil.data.recordings import Recording

DAY_S = 86_400.0


@dataclass(frozen=True)
class Timeline:
    """Where recordings and sessions begin.

    Parameters
    ----------
    by_clock
        Whether seconds run from the first day's midnight; else from the start of each session.
    sessions, recordings
        When each begins, in those seconds; one that can't be placed is not in it.
    turns
        The place of every session without a clock among all of them.
    left_out
        Recordings without a wall clock, where others have one.
    """

    by_clock: bool
    sessions: dict[str, float]
    recordings: dict[str, float]
    turns: dict[str, int]
    left_out: int

    def turn(self, session: str, time_s: float) -> int:
        """Return the day of a time, or the place of its session."""
        return int(time_s // DAY_S) if self.by_clock else self.turns[session]


def timeline_of(recordings: Sequence[Recording]) -> Timeline:
    """Place recordings on the wall clock where any of them knows it, else in their sessions."""
    clocks = _session_clocks(recordings)
    names = list(dict.fromkeys(session_of(row) for row in recordings))
    sessions = dict.fromkeys(names, 0.0)
    if clocks:
        first = min(clocks.values())
        midnight = datetime(first.year, first.month, first.day)  # noqa: DTZ001 - the lab's own time
        sessions = {name: (clock - midnight).total_seconds() for name, clock in clocks.items()}
    begins = {
        row.recording_id: sessions[session_of(row)] + (row.session_start_s or 0.0)
        for row in recordings
        if session_of(row) in sessions
    }
    turns = {name: place for place, name in enumerate(names)}
    return Timeline(bool(clocks), sessions, begins, turns, len(recordings) - len(begins))


def _session_clocks(recordings: Sequence[Recording]) -> dict[str, datetime]:
    """Return the wall clock at the start of every session of which one file knows it."""
    clocks: dict[str, datetime] = {}
    for row in sorted(recordings, key=lambda row: row.session_start_s or 0.0):
        with suppress(ValueError):  # what is no time tells none
            begins = datetime.fromisoformat(row.starts_at or "").replace(tzinfo=None)
            ahead = timedelta(seconds=row.session_start_s or 0.0)
            clocks.setdefault(session_of(row), begins - ahead)
    return clocks
