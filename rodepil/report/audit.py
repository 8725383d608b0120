"""The audit in a report: its tables, its sentences, its own page in Markdown, and its figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa

from rodepil.data.audit.findings import unsure_of
from rodepil.data.audit.record import AuditRecord, Judged
from rodepil.data.audit.sharing import FoldSharing, fold_sharing
from rodepil.errors import FoldError, SubjectLeak, TableError
from rodepil.io import tables
from rodepil.io.files import publish, write_text
from rodepil.io.wording import by_number
from rodepil.report.figures.audit import GROUPS, audit_figure
from rodepil.report.sheet import Column, Sheet, to_markdown
from rodepil.report.style import LIGHT, png
from rodepil.report.words import data_note, is_simulated

STEMS: Final = {"clips": "audit", "source": "audit_source"}
LISTED: Final = 20
VERDICTS: Final = {
    "pass": "The files do not give the label away: no attribute of a container tells it better "
    "than {threshold:g}, alone or together.",
    "fail": "The files give the label away. The pipeline stops here until that is mended.",
    "undecided": "Nothing could be decided: all clips have one label.",
    "unsure": "It stays open whether the files give the label away: {named} may tell it better "
    "than {threshold:g}, or come out so by chance among so few subjects. Add recordings and audit "
    "again.",
}
HOW: Final = (
    "An AUROC of 0.5 is chance and 1 tells the label always, in either direction; for a name "
    "(codec, container, pixel format) the most telling one against all others counts. Its "
    "interval draws subjects anew; p deals the values of each subject to another, so that clips "
    "of one animal stay as alike as they are. An attribute of the files fails above the threshold "
    "where p is under 0.01, or where its values part the labels completely. Several together are "
    "told by a random forest, tested on subjects that it never saw; it fails where its whole "
    "interval lies above the threshold."
)


def write_audit(record: AuditRecord, results: Path) -> list[Path]:
    """Write an audit's own page, NAME.md, and its figure, NAME.png, and return their paths."""
    stem = STEMS[record.of]
    picture, page = results / f"{stem}.png", results / f"{stem}.md"
    with publish(picture) as beside:
        beside.write_bytes(png(audit_figure(record, LIGHT)))
    write_text(page, render_audit(record))
    return [page, picture]


def render_audit(record: AuditRecord) -> str:
    """Return an audit's own page in Markdown."""
    parts = [f"# Audit of {record.unit}", f"Data: **{record.data}**."]
    if is_simulated(record.data):
        parts.append("> These are simulated recordings, not animals.")
    parts += [f"**Verdict: {record.headline}.**", audit_sentences(record)[0], _counts(record)]
    parts.append(f"![AUROC of every attribute. Data: {record.data}.]({STEMS[record.of]}.png)")
    if record.findings:
        parts.append("## What was found")
        parts += [
            f"- **{one.level}**: {one.what}. Meaning: {one.meaning}. To do: {one.remedy}."
            for one in record.findings
        ]
    parts += ["## Attributes", HOW]
    parts += [to_markdown(sheet).rstrip("\n") for sheet in audit_sheets(record)]
    return "\n\n".join(parts) + "\n"


def sharing_of(record: AuditRecord, clips: pa.Table, folds: pa.Table) -> FoldSharing:
    """Return what folds share: recordings, and near-duplicates that the audit found."""
    return fold_sharing(clips, folds, [group.clips for group in record.duplicates])


def sharing_words(record: AuditRecord, clips: pa.Table, folds: Path) -> str:
    """Return what the folds at `folds` share, nothing where they are missing or of other clips."""
    try:
        return _sharing_words(sharing_of(record, clips, tables.read("folds", folds)))
    except (TableError, FoldError, SubjectLeak):
        return ""  # 'rodepil folds check' says what is wrong with them


def audit_sentences(record: AuditRecord, sharing: FoldSharing | None = None) -> tuple[str, ...]:
    """Return what the report says of the audit: the verdict, what was found, what folds share."""
    sentences = [_verdict(record)]
    sentences += [
        f"{one.what[:1].upper()}{one.what[1:]}: {one.meaning}. To do: {one.remedy}."
        for one in record.findings
        if one.level != "note"
    ]
    if sharing is not None:
        sentences.append(_sharing_words(sharing))
    return (*sentences, HOW)


def audit_sheets(record: AuditRecord, sharing: FoldSharing | None = None) -> tuple[Sheet, ...]:
    """Return the audit's tables: attributes, places, near-duplicates, and what folds share."""
    sheets = [_attributes(record)]
    if record.factors:
        sheets.append(_factors(record))
    if record.duplicates:
        sheets.append(_duplicates(record, sharing))
    if sharing is not None and sharing.recordings:
        sheets.append(_shared(record, sharing))
    return tuple(sheets)


def _verdict(record: AuditRecord) -> str:
    """Return the verdict in a sentence, which names what leaves it open."""
    unsure = unsure_of((*record.attributes, *record.together))
    words = "unsure" if record.verdict == "undecided" and unsure else record.verdict
    named = ", ".join(one.title for one in unsure)
    verdict = VERDICTS[words].format(threshold=record.threshold, named=named)
    pixels = record.pixels_words
    return f"{verdict} Apart from the files, {pixels}." if pixels else verdict


def _counts(record: AuditRecord) -> str:
    counts = record.counts
    return (
        f"{by_number(counts.clips, record.unit_of_one, record.unit)}, {counts.seizures:,} with a "
        f"seizure, of {by_number(counts.subjects, 'subject', 'subjects')} in "
        f"{by_number(counts.recordings, 'recording', 'recordings')}; "
        f"{counts.unreadable} could not be measured."
    )


def _sharing_words(sharing: FoldSharing) -> str:
    recordings = len(sharing.recordings)
    shared = (
        f"{by_number(recordings, 'recording shows', 'recordings show')} animals of several folds: "
        "no subject is shared, camera and light are"
        if recordings
        else "No recording is shared between folds"
    )
    torn = len(sharing.duplicates)
    groups = "of near-duplicate clips"
    stand = by_number(torn, f"group {groups} stands", f"groups {groups} stand")
    copies = (
        f"{stand} in several folds, so that a model may be tested on film that it was trained on; "
        "give their subjects one name, or leave one out"
        if torn
        else "no near-duplicate clips stand in several folds"
    )
    return f"{shared}; {copies}."


def _attributes(record: AuditRecord) -> Sheet:
    return Sheet(
        name=f"{STEMS[record.of]}_attributes",
        title="What tells the label without a look at behaviour",
        note=data_note(record.data),
        data=record.data,
        columns=(
            Column("Attribute"),
            Column("Of"),
            Column("AUROC", "count"),
            Column("95 % interval"),
            Column("p", "count"),
            Column("Normal"),
            Column("Seizure"),
        ),
        rows=tuple(_row(one) for one in (*record.attributes, *record.together)),
        bold=frozenset(
            index
            for index, one in enumerate((*record.attributes, *record.together))
            if one.state == "tells"
        ),
    )


def _row(one: Judged) -> tuple[str | None, ...]:
    known = one.low is not None and one.high is not None
    interval = f"{one.low:.3f} to {one.high:.3f}" if known else None
    group = GROUPS[one.group].removeprefix("of ")
    words = (one.normal or None, one.seizure or None)
    return one.title, group, f"{one.auroc:.3f}", interval, f"{one.p:.3f}", *words


def _factors(record: AuditRecord) -> Sheet:
    rows = []
    for one in record.factors:
        place = one.places[0] if one.places else None
        furthest = f"{place.value}: {place.positives} of {place.clips} clips" if place else None
        rows.append((one.name, one.explained, one.chance, f"{one.p:.3f}", furthest))
    return Sheet(
        name=f"{STEMS[record.of]}_places",
        title="How much subject, recording, date and cage position say of the label",
        note=f"{data_note(record.data)} Share of the label's entropy that each takes away, and by "
        "chance; furthest from the rest: seizure clips of all its clips.",
        data=record.data,
        columns=(
            Column("What"),
            Column("Explained", "percent"),
            Column("By chance", "percent"),
            Column("p", "count"),
            Column("Furthest from the rest"),
        ),
        rows=tuple(rows),
    )


def _duplicates(record: AuditRecord, sharing: FoldSharing | None) -> Sheet:
    """Return groups of near-duplicates, those that stand in several folds first."""
    torn = {clip for group in (sharing.duplicates if sharing else ()) for clip in group}
    groups = sorted(
        record.duplicates,
        key=lambda one: (torn.isdisjoint(one.clips), len(set(one.subjects)) == 1, one.clips),
    )
    rows = tuple(
        (
            ", ".join(one.clips[:LISTED]),
            ", ".join(sorted(set(one.subjects))),
            f"{one.likeness:.3f}",
            None if sharing is None else "no" if torn.isdisjoint(one.clips) else "yes",
        )
        for one in groups[:LISTED]
    )
    more = len(groups) - len(rows)
    return Sheet(
        name=f"{STEMS[record.of]}_duplicates",
        title="Near-duplicate clips",
        note=data_note(record.data)
        + (f" {by_number(more, 'more group', 'more groups')}." if more else ""),
        data=record.data,
        columns=(
            Column("Clips"),
            Column("Subjects"),
            Column("Likeness", "count"),
            Column("Across folds"),
        ),
        rows=rows,
    )


def _shared(record: AuditRecord, sharing: FoldSharing) -> Sheet:
    rows = tuple(
        (one.date, one.video_id, ", ".join(map(str, one.folds))) for one in sharing.recordings
    )
    return Sheet(
        name="audit_shared_recordings",
        title="Recordings shared between folds",
        note=data_note(record.data) + _more(rows),
        data=record.data,
        columns=(Column("Date"), Column("Recording"), Column("Folds")),
        rows=rows[:LISTED],
    )


def _more(rows: Sequence[object]) -> str:
    return f" {len(rows) - LISTED} more." if len(rows) > LISTED else ""
