"""What a store holds, in lines that a terminal of 80 columns shows whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rodepil.io.wording import by_number
from rodepil.store.know.listing import BROKEN, CURRENT, Holding
from rodepil.store.know.project import MATERIALIZE, StoreProject
from rodepil.store.know.tell import WIDTH, age_text, indented, size_text, titled

INDENT = 4
GC = "rodepil features gc"
LATER = "what is younger than an hour waits, for a materialization may be at work on it"


def listed_lines(project: StoreProject, listed: Sequence[Holding]) -> Iterator[str]:
    """Yield what `rodepil features list` shows: views of the settings, others, sums, remedies.

    Parameters
    ----------
    project
        Whose store it is.
    listed
        What `rodepil.store.know.listing.holdings` found.
    """
    yield titled("Store", project.store.place.told(), 10)
    path = project.workspace.features
    here = str(path) if path.is_file() else f"none yet ({path})"
    yield titled("Snapshot", here, 10)
    ours = _sorted([one for one in listed if one.declared])
    others = _sorted([one for one in listed if not one.declared])
    if ours:
        yield "\nViews of the settings, largest first:"
        yield from _entries(ours)
    if others:
        yield "\nOther folders, largest first:"
        yield from _entries(others)
    yield ""
    yield _sums(ours, others)
    for line in remedies(listed):
        yield titled("-", line, 2)


def _sorted(listed: Sequence[Holding]) -> list[Holding]:
    return sorted(listed, key=lambda one: (-one.size_bytes, one.name, one.folder))


def _sums(ours: Sequence[Holding], others: Sequence[Holding]) -> str:
    """Return the sizes in a line."""
    total = sum(one.size_bytes for one in [*ours, *others])
    parts = [
        f"{by_number(len(some), one, many)} {size_text(sum(each.size_bytes for each in some))}"
        for some, one, many in (
            (ours, "view of the settings", "views of the settings"),
            (others, "other folder", "other folders"),
        )
        if some
    ]
    return f"In all {size_text(total)}: {', '.join(parts)}" if parts else "Nothing is stored."


def _entries(listed: Sequence[Holding]) -> Iterator[str]:
    """Yield some lines a view: size, clips and state; what it is; where it lies."""
    wide = max(len(_name(one)) for one in listed)
    for one in listed:
        clips = f"{one.clips}/{one.wanted}" if one.declared else str(one.clips)
        head = (
            f"{_name(one):{wide}} {size_text(one.size_bytes):>9}  {clips:>7} clips"
            f"  {age_text(one.age_s):>6}  "
        )
        whole = len(head) + len(one.state) <= WIDTH
        yield head + one.state if whole else head.rstrip()
        if not whole:
            yield indented(one.state, INDENT)
        yield indented(f"{one.kind}: {one.settings}" if one.settings else one.kind, INDENT)
        if one.folder:
            shards = by_number(one.shards, "shard", "shards")
            features = by_number(one.features, "feature", "features")
            yield indented(f"{one.folder}, {features} in {shards}", INDENT)


def _name(one: Holding) -> str:
    return one.name or "(no name)"


def remedies(listed: Sequence[Holding]) -> Iterator[str]:
    """Yield what to do about what is not current, or is not wanted, a line each."""
    ours = [one for one in listed if one.declared and not one.state.startswith(BROKEN)]
    undone = [one for one in ours if one.state != CURRENT]
    others = [one for one in listed if not one.declared]
    torn = any(one.damaged for one in listed)
    if torn:
        yield "'rodepil features verify --mend' removes the damaged shards; do that first"
    if some := [one.name for one in undone if not one.by_name]:
        yield f"'{MATERIALIZE}' makes what is missing or stale: {', '.join(some)}"
    if some := [one.name for one in undone if one.by_name]:
        yield (
            f"'{MATERIALIZE} {' '.join(some)}' makes what a network of this project makes, once "
            "that is trained; without names they are left out"
        )
    others = [one for one in others if not one.in_units]
    gone = [one for one in others if one.in_snapshot and not one.in_run]
    if gone:
        names = ", ".join(dict.fromkeys(one.name for one in gone))
        yield (
            f"'{MATERIALIZE}' brings the snapshot in line with the settings; '{GC}' can then free "
            f"{_size(gone)} ({names}); {LATER}"
        )
    free = [one for one in others if not one.in_snapshot and not one.in_run]
    if free:
        yield f"'{GC}' frees {_size(free)} that nothing refers to; {LATER}"
    if any(one.in_run for one in others):
        yield "what a run learned from stays for as long as its folder under results/trials does"


def _size(listed: Sequence[Holding]) -> str:
    return size_text(sum(one.size_bytes for one in listed))
