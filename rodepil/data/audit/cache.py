"""What was measured is kept, so that a second audit is instant and a killed one goes on.

One line of JSON a clip, under a hash of its content; a torn line is a clip not measured.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rodepil.cluster import Outcome, run_many
from rodepil.data.audit.items import AuditItem
from rodepil.data.audit.measure import VERSION, Measured, measure
from rodepil.data.lock import alone_in
from rodepil.io.files import short_hash, write_text
from rodepil.io.progress import Advance, Progress

MEASURED = "measured.jsonl"


@dataclass(frozen=True)
class MeasuredItems:
    """What became of the items: attributes by clip_id, and messages of those that failed."""

    rows: dict[str, Measured]
    failures: dict[str, str]


def measure_all(
    items: Sequence[AuditItem], folder: Path, progress: Progress, processes: int | None = None
) -> MeasuredItems:
    """Measure the items that `folder` does not know yet, side by side, and return all.

    Raises
    ------
    SourceError
        Another audit is at work in the folder, or it can't be written to.
    """
    with alone_in(folder):
        known = _read(folder / MEASURED)
        _mend(folder / MEASURED, known)
        keys = {item.clip_id: _key(item) for item in items}
        wanted = [item for item in items if keys[item.clip_id] not in known]
        outcomes = run_many(measure, wanted, processes=processes)
        with progress.task("audit clips", len(wanted), "clips") as advance:
            failures = _note(outcomes, keys, known, folder / MEASURED, advance)
        used = {key: known[key] for key in keys.values() if key in known}
        if len(used) < len(known):
            write_text(folder / MEASURED, "".join(_line(key, row) for key, row in used.items()))
    rows = {clip: _unpacked(used[key]) for clip, key in keys.items() if key in used}
    return MeasuredItems(rows, failures)


def _note(
    outcomes: Iterable[Outcome[AuditItem, Measured]],
    keys: dict[str, str],
    known: dict[str, Measured],
    path: Path,
    advance: Advance,
) -> dict[str, str]:
    """Note each item as it ends, and return the messages of those that failed."""
    failures = {}
    with path.open("a", encoding="utf-8") as stream:
        for outcome in outcomes:
            item = outcome.item
            if outcome.result is None:
                failures[item.clip_id] = f"{type(outcome.error).__name__}: {outcome.error}"
            else:
                key = keys[item.clip_id]
                known[key] = _packed(outcome.result)
                stream.write(_line(key, known[key]))
                stream.flush()
            advance(1)
    return failures


def _key(item: AuditItem) -> str:
    """Return what the measurement depends on: the file's content and the part looked at."""
    size = item.path.stat().st_size if item.path.is_file() else -1
    return short_hash(VERSION, item.sha256, size, item.box)


def _read(path: Path) -> dict[str, Measured]:
    known: dict[str, Measured] = {}
    if not path.is_file():
        return known
    with path.open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            with suppress(json.JSONDecodeError, KeyError, TypeError):
                noted = json.loads(line)
                known[noted["key"]] = noted["row"]
    return known


def _mend(path: Path, known: dict[str, Measured]) -> None:
    """Write a file anew whose last line is torn, or the next one would be lost with it."""
    if not path.is_file() or not path.stat().st_size:
        return
    with path.open("rb") as stream:
        stream.seek(-1, 2)
        torn = stream.read(1) != b"\n"
    if torn:
        write_text(path, "".join(_line(key, row) for key, row in known.items()))


def _line(key: str, row: Measured) -> str:
    return json.dumps({"key": key, "row": row}, ensure_ascii=False) + "\n"


def _packed(row: Measured) -> Measured:
    held = row["fingerprint"]
    text = base64.b64encode(held).decode("ascii") if isinstance(held, bytes) else None
    return {**row, "fingerprint": text}


def _unpacked(row: Measured) -> Measured:
    held = row["fingerprint"]
    return {**row, "fingerprint": base64.b64decode(held) if isinstance(held, str) else None}
