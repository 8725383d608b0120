"""What a cleaning-up removed and what it left, and why, in lines of a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rodepil.io.wording import by_number
from rodepil.store.know.collect import Collected
from rodepil.store.know.project import MATERIALIZE
from rodepil.store.know.tell import age_text, size_text, titled

MINUTE_S = 60.0


def collected_lines(collected: Sequence[Collected], *, dry_run: bool) -> Iterator[str]:
    """Yield what happened to folders that lose something or are not wanted, and the sums."""
    verb = "would be removed" if dry_run else "removed"
    for one in collected:
        for line in _lines(one, verb):
            yield _block(one, line)
    yield from _sums(collected, verb)


def _lines(one: Collected, verb: str) -> Iterator[str]:
    if one.refused:
        yield f"left alone: {one.refused}"
        return
    if one.removed:
        yield f"{_shards(one.removed)}, {size_text(one.removed_bytes)} {verb}"
    if one.unfinished_bytes:
        yield f"{size_text(one.unfinished_bytes)} of unfinished files {verb}"
    if one.young:
        yield (
            f"{_shards(one.young)}, {size_text(one.young_bytes)} wait: nothing refers to them, but "
            "they are less than an hour old"
        )
    stay = f"{_shards(one.kept)}, {size_text(one.kept_bytes)} stay"
    if one.reason == "snapshot":
        yield f"{stay}: no view of the settings makes them, but the snapshot names them"
    if one.reason == "units":
        yield f"{stay}: action units are localized in them"
    if one.reason == "run":
        yield f"{stay}: a run under results/trials learned from them"


def _sums(collected: Sequence[Collected], verb: str) -> Iterator[str]:
    """Yield what stays and goes in all, and what lets more go."""
    ours = [one for one in collected if one.reason == "settings"]
    if ours:
        size = size_text(sum(one.kept_bytes for one in ours))
        yield f"{by_number(len(ours), 'view', 'views')} of the settings: {size} stay"
    total = sum(one.removed_bytes + one.unfinished_bytes for one in collected)
    yield f"{size_text(total)} {verb}"
    if any(one.reason == "snapshot" for one in collected):
        yield titled(
            "-",
            f"'{MATERIALIZE}' brings the snapshot in line with the settings; gc can then remove "
            "what it named",
            2,
        )
    wait_s = max((one.wait_s for one in collected if one.young), default=0.0)
    if wait_s:
        wait = age_text(MINUTE_S * math.ceil(wait_s / MINUTE_S))
        yield titled(
            "-",
            f"run gc again in {wait} for what waits: it may be of a materialization at work",
            2,
        )


def _block(one: Collected, line: str) -> str:
    """Return what happened to a folder, below its name."""
    name = f"{', '.join(one.names)} ({one.folder})" if one.names else one.folder
    return f"{name}\n{titled('', line, 4)}"


def _shards(count: int) -> str:
    return by_number(count, "shard", "shards")
