"""What a run learned from, as tables."""

from __future__ import annotations

from collections.abc import Sequence

from rodepil.report.sheet import Column, Sheet
from rodepil.store.know.origins import RecordingOrigin

DIGEST_DIGITS = 16
NOT_KNOWN = "unknown"


def recordings_sheet(recordings: Sequence[RecordingOrigin], data: str) -> Sheet:
    """Return a row for each recording that a run learned from; of a trial with both sides."""
    sided = any(one.trained is not None for one in recordings)
    counts = ("Trained", "Tested") if sided else ("Clips",)
    columns = (
        Column("Recording"), *(Column(name, "count") for name in counts), Column("SHA-256"),
        Column("Today"),
    )  # fmt: skip
    rows = tuple(
        (
            one.recording_id,
            *((one.trained, one.tested) if sided else (one.clips,)),
            (one.sha256 or NOT_KNOWN)[:DIGEST_DIGITS],
            one.today,
        )
        for one in recordings
    )
    return Sheet("recordings", "Recordings", "", data, columns, rows)
