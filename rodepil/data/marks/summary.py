"""What annotations hold, in words: events by label and subject, hours watched, how two agree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from rodepil.data.annotations import Annotation, annotations_of
from rodepil.data.marks.catalog import Catalog
from rodepil.data.marks.compare import Conflict, Pair, compare
from rodepil.data.marks.ledger import Ledger, read_ledger
from rodepil.data.marks.take import Imported, read_catalog
from rodepil.data.problems import SHOWN
from rodepil.errors import AnnotationError, SourceError
from rodepil.io import tables
from rodepil.io.labels import LABELS
from rodepil.io.wording import by_number

HOUR_S = 3600.0


def say_import(done: Imported, min_agreement: float) -> str:
    """Return what an import took and refused."""
    lines = []
    for path, taken in done.files.items():
        who = ", ".join(sorted(taken.annotators))
        lines.append(
            f"{path}: {len(taken.marks)} marks by {who or 'nobody'}, {len(taken.recordings)} "
            f"recordings watched, {len(taken.refused)} refused, {taken.left_out} left out by their "
            "labels"
        )
        lines += [f"  {note}" for note in dict.fromkeys(taken.notes)]
    agreed = sum(row.agreement >= min_agreement for row in done.annotations)
    disputed = len(done.annotations) - agreed
    lines.append(f"annotations now: {agreed} events agreed upon, {disputed} intervals disputed")
    if done.refused:
        lines += ["refused:", *(f"  {reason}" for reason in done.refused)]
    return "\n".join(lines)


def say_unwatched(folder: Path) -> str:
    """Return which cages nobody watched, in a sentence; nothing where there is none.

    A cage in which something is annotated was watched, whoever did it.

    Raises
    ------
    SourceError, TableError
        A table is missing or damaged.
    """
    catalog, ledger = read_catalog(folder), read_ledger(folder)
    rows = _read(folder)
    watched = {(row.recording_id, row.position) for row in ledger.watched}
    watched |= {(row.recording_id, row.position) for row in rows}
    left = [
        f"{cage.recording_id} {cage.position}"
        for row in catalog.recordings
        for cage in catalog.cages.get(row.recording_id, ())
        if watched.isdisjoint({(row.recording_id, cage.position), (row.recording_id, None)})
    ]
    if not left:
        return ""
    shown = ", ".join(left[:SHOWN]) + (", …" if len(left) > SHOWN else "")
    return (
        f"watched by nobody: {by_number(len(left), 'cage', 'cages')} ({shown}); their windows "
        "count as normal. Annotate them, name them by --watched where there is no seizure, or "
        "leave them out"
    )


def say_annotations(folder: Path, min_agreement: float) -> str:
    """Return the events of a source by label and subject, and what each annotator watched.

    Parameters
    ----------
    folder
        The source.
    min_agreement
        From where an event counts as agreed upon.

    Raises
    ------
    SourceError, TableError
        A table is missing or damaged.
    """
    catalog, ledger = read_catalog(folder), read_ledger(folder)
    rows = _read(folder)
    lines = [f"{'label':<28} {'subject':<14} {'agreed':>7} {'disputed':>9} {'hours':>8}"]
    lines += _events(rows, catalog, min_agreement)
    lines.append("agreed: events that reach curate.min_agreement; hours: of those")
    lines += _annotators(ledger, catalog)
    return "\n".join(lines)


def _read(folder: Path) -> list[Annotation]:
    path = folder / "annotations.parquet"
    if not path.is_file():
        raise SourceError(
            f"{folder} has no annotations.parquet; import seizures ('rodepil annotations import "
            f"FILE --watched all --into {folder}', where --watched all says that every recording "
            "was looked at)"
        )
    return annotations_of(tables.read("annotations", path))


def pairs_of(folder: Path, label: str, bin_s: float, min_tiou: float) -> list[Pair]:
    """Compare each two annotators of a source.

    Raises
    ------
    AnnotationError
        No two annotators watched the same, or the label is unknown.
    SourceError, TableError
        A table is missing or damaged.
    """
    if label not in LABELS:
        raise AnnotationError(f"label '{label}' is unknown; choose one of {', '.join(LABELS)}")
    catalog = read_catalog(folder)
    ledger = read_ledger(folder).placed(catalog)
    lasting = {row.recording_id: row.duration_s for row in catalog.recordings}
    cages = {
        (key, cage.position): (cage.subject_id, lasting[key])
        for key, found in catalog.cages.items()
        if key in lasting
        for cage in found
    }
    pairs = compare(ledger.marks, ledger.judges, cages, label, bin_s=bin_s, min_tiou=min_tiou)
    if not pairs:
        who = sorted({row.annotator for row in ledger.watched}) or "nobody"
        raise AnnotationError(
            f"no two annotators watched the same cage for '{label}' in {folder} (watched by "
            f"{who}); import a second annotator's file, and name what it covers by --watched"
        )
    return pairs


def say_pairs(pairs: Sequence[Pair], label: str, bin_s: float) -> str:
    """Return what the pairs agree and differ in."""
    return "\n".join(line for pair in pairs for line in _pair(pair, label, bin_s))


def _events(rows: Sequence[Annotation], catalog: Catalog, min_agreement: float) -> Iterator[str]:
    subjects = {
        (key, cage.position): cage.subject_id
        for key, cages in catalog.cages.items()
        for cage in cages
    }
    agreed: Counter[tuple[str, str]] = Counter()
    disputed: Counter[tuple[str, str]] = Counter()
    lasting: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        key = row.label, subjects.get((row.recording_id, row.position), "?")
        if row.agreement >= min_agreement:
            agreed[key] += 1
            lasting[key] += row.end_s - row.start_s
        else:
            disputed[key] += 1
    for key in sorted({*agreed, *disputed}):
        yield (
            f"{key[0]:<28} {key[1]:<14} {agreed[key]:>7} {disputed[key]:>9} "
            f"{lasting[key] / HOUR_S:>8.3f}"
        )


def _annotators(ledger: Ledger, catalog: Catalog) -> Iterator[str]:
    lasting = {row.recording_id: row.duration_s for row in catalog.recordings}
    marks = Counter(row.annotator for row in ledger.marks)
    watched: dict[str, set[str]] = defaultdict(set)
    for row in ledger.watched:
        watched[row.annotator].add(row.recording_id)
    given: dict[str, set[str]] = defaultdict(set)
    for file, annotator in ledger.given:
        given[annotator].add(file)
    for name in sorted({*marks, *watched}):
        hours = sum(lasting.get(key, 0.0) for key in watched[name]) / HOUR_S
        yield (
            f"{name}: {marks[name]} marks, {hours:.2f} h watched in {len(watched[name])} files; "
            f"from {', '.join(sorted(given[name]))}"
        )
    if not ledger.recordings:
        yield "no annotator's file was imported, so that hours watched are not known"


def _pair(pair: Pair, label: str, bin_s: float) -> Iterator[str]:
    kappa = "not defined (one answer everywhere)" if pair.kappa is None else f"{pair.kappa:.3f}"
    mean = "-" if pair.tiou is None else f"{pair.tiou:.3f}"
    yield f"{pair.one} and {pair.other}, '{label}', {pair.watched_s / HOUR_S:.2f} cage-hours both"
    yield f"  matched events      {pair.matched}, mean tIoU {mean}"
    yield f"  only {pair.one}: {pair.only_one}, only {pair.other}: {pair.only_other}"
    yield f"  Cohen's kappa       {kappa} (bins of {bin_s:g} s)"
    yield from (f"  {_say(conflict)}" for conflict in pair.conflicts)


def _say(conflict: Conflict) -> str:
    said = (
        f"{conflict.kind}: {conflict.recording_id}, cage {conflict.position} "
        f"({conflict.subject_id}): {conflict.annotator} '{conflict.label}' "
        f"{conflict.start_s:g}-{conflict.end_s:g} s ({conflict.where})"
    )
    if conflict.other_label is None:
        return f"{said}; {conflict.other} marked nothing"
    return (
        f"{said}; {conflict.other} '{conflict.other_label}' {conflict.other_start_s:g}-"
        f"{conflict.other_end_s:g} s ({conflict.other_where}), tIoU {conflict.tiou:.2f}"
    )
