"""Digests of clips, folds and events: whether results are of those that are there now."""

from __future__ import annotations

import pyarrow as pa

from rodepil.io.files import short_hash

CLIP_COLUMNS = ("clip_id", "sha256", "subject_id", "label", "parent_clip_id")
FOLD_COLUMNS = ("clip_id", "subject_id", "fold")
EVENT_COLUMNS = ("recording_id", "position", "start_s", "end_s", "label")


def clips_digest(clips: pa.Table) -> str:
    """Return a digest of the kept clips: their content, subject, label and parent.

    The order of rows, dropped windows and columns that no trial reads do not count.
    """
    return _digest(clips.filter(clips.column("kept")), CLIP_COLUMNS)


def folds_digest(folds: pa.Table) -> str:
    """Return a digest of which clip is in which fold; the order of rows does not count."""
    return _digest(folds, FOLD_COLUMNS)


def _digest(table: pa.Table, columns: tuple[str, ...]) -> str:
    rows = table.select(columns).sort_by("clip_id")
    return short_hash({name: rows.column(name).to_pylist() for name in columns})


def events_digest(events: pa.Table) -> str:
    """Return a digest of annotated events: where, when and what; the order of rows does not count.

    Parameters
    ----------
    events
        Table ``events`` with true events.
    """
    rows = events.select(EVENT_COLUMNS).sort_by([(name, "ascending") for name in EVENT_COLUMNS])
    return short_hash({name: rows.column(name).to_pylist() for name in EVENT_COLUMNS})
