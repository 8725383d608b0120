"""Whether the recordings that a run learned from still hold the same bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from rodepil.cluster import run_many
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.files import sha256_file
from rodepil.io.progress import Progress, Silent
from rodepil.store.know.columns import lookup

Today = Literal["same", "changed", "gone", "unknown"]


@dataclass(frozen=True)
class RecordingOrigin:
    """A recording that a run learned from.

    Attributes
    ----------
    recording_id, sha256
        As it was recorded; None where the table of recordings was gone then.
    clips
        Clips of it that the run has.
    trained, tested
        How many of them it learned from, and was tested on; None where no trial was asked for.
    today
        ``same`` bytes, ``changed``, ``gone``, or ``unknown`` where one of both is not known.
    checked
        Whether the file was hashed for that; else the table of recordings says so.
    """

    recording_id: str
    sha256: str | None
    clips: int
    today: Today
    checked: bool
    trained: int | None = None
    tested: int | None = None


def recordings_today(
    rows: pa.Table,
    workspace: Workspace,
    *,
    check: bool = False,
    progress: Progress | None = None,
    processes: int | None = None,
) -> list[RecordingOrigin]:
    """Return the recordings of a lineage, and whether they are what they were.

    Parameters
    ----------
    rows
        The table "lineage"; of one trial with a column "side", ``train`` or ``test``.
    workspace
        The project, whose table of recordings is looked at.
    check
        Hash the files; else what the table says of them is believed.
    progress
        Shown megabytes that are hashed.
    processes
        Workers on this machine; by default one a CPU.
    """
    table = workspace.raw / "recordings.parquet"
    known = (
        {row["recording_id"]: row for row in tables.read("recordings", table).to_pylist()}
        if table.is_file()
        else {}
    )
    recorded = lookup(rows, "recording_id", "recording_sha256")
    files = {name: workspace.raw / known[name]["path"] for name in recorded if name in known}
    there = {name: path for name, path in files.items() if path.is_file()}
    now = {name: str(known[name]["sha256"]) for name in there}
    if check:
        now = _hashed(there, progress or Silent(), processes)
    ids = rows.column("recording_id").to_pylist()
    clips, sided = Counter(ids), "side" in rows.column_names
    sides = Counter(zip(ids, rows.column("side").to_pylist() if sided else ids, strict=True))
    return [
        RecordingOrigin(
            name,
            sha256,
            clips[name],
            _today(sha256, now.get(name), gone=name not in there),
            check,
            trained=sides[name, "train"] if sided else None,
            tested=sides[name, "test"] if sided else None,
        )
        for name, sha256 in sorted(recorded.items())
    ]


def _today(then: str | None, now: str | None, *, gone: bool) -> Today:
    if gone:
        return "gone"
    if then is None or now is None:
        return "unknown"
    return "same" if then == now else "changed"


def _hashed(files: dict[str, Path], progress: Progress, processes: int | None) -> dict[str, str]:
    """Return the SHA-256 of files by name, without those that can't be read."""
    sizes = {path: path.stat().st_size / 1e6 for path in files.values()}
    found = {}
    with progress.task("hash recordings", sum(sizes.values()), "MB") as advance:
        for outcome in run_many(_hash, list(files.items()), processes=processes):
            name, path = outcome.item
            advance(sizes[path])
            if outcome.result is not None:
                found[name] = outcome.result
    return found


def _hash(item: tuple[str, Path]) -> str:
    return sha256_file(item[1])


def unchanged_clips(rows: pa.Table, manifest: Path) -> int | None:
    """Return how many clips of a lineage the manifest still has with the same bytes."""
    if not manifest.is_file():
        return None
    now = lookup(tables.read("clips", manifest), "clip_id", "sha256")
    then = lookup(rows, "clip_id", "clip_sha256")
    same = [clip_id for clip_id, sha256 in then.items() if now.get(clip_id) == sha256]
    return len(same)
