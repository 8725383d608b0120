"""Run an audit: measure every clip, judge, and say what it means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from rodepil.config.settings import AuditSettings, CurateSettings
from rodepil.data.audit import findings
from rodepil.data.audit.cache import measure_all
from rodepil.data.audit.items import AuditItem, Of, digest_of
from rodepil.data.audit.judge import (
    cohort_of,
    find_duplicates,
    judge_all_together,
    judge_attributes,
    judge_factors,
    lengths_of_recordings,
)
from rodepil.data.audit.measure import Measured
from rodepil.data.audit.record import AuditRecord, Counted, FactorRecord, Finding, Judged
from rodepil.data.problems import raise_if
from rodepil.errors import AuditError
from rodepil.io import tables
from rodepil.io.progress import Progress, Silent

CLIP_S: Final = CurateSettings().clip_duration_s


@dataclass(frozen=True)
class Audited:
    """An audit: its record, and the table "attributes" of every clip that was measured."""

    record: AuditRecord
    attributes: pa.Table

    def raise_if_failed(self) -> None:
        """Stop where the files give the label away.

        Raises
        ------
        AuditError
            With every failing attribute, its AUROC, its values by class, and the remedy.
        """
        record = self.record
        if record.verdict == "fail":
            judged = (*record.attributes, *record.together)
            raise AuditError(findings.fault_message(judged, record.threshold))


def audit(
    items: Sequence[AuditItem],
    settings: AuditSettings,
    cache: Path,
    *,
    of: Of,
    data: str,
    clip_s: float = CLIP_S,
    progress: Progress | None = None,
    processes: int | None = None,
) -> Audited:
    """Audit clips, or cages of recordings.

    Parameters
    ----------
    items
        What to audit.
    settings
        When it fails.
    cache
        Folder where measurements are kept.
    of
        What the items are.
    data
        The data they come from, in words.
    clip_s
        How long a clip is; lengths of recordings that are much longer can't fail.
    progress
        Shown the clips.
    processes
        Processes on this machine; by default one for each CPU.

    Raises
    ------
    AuditError
        Nothing can be measured.
    SourceError
        Another audit is at work in `cache`, or it can't be written to.
    """
    measured = measure_all(items, cache / of, progress or Silent(), processes)
    known = [item for item in items if item.clip_id in measured.rows]
    if not known:
        reasons = list(measured.failures.values())
        raise_if(reasons, AuditError, "No clip can be audited; run 'rodepil curate' again")
        raise AuditError("there are no clips to audit; run 'rodepil curate'")
    rows = [measured.rows[item.clip_id] for item in known]
    long_s = clip_s if of == "source" else None
    judged = _judge(known, rows, list(measured.failures.values()), settings, long_s)
    # Of all items, so that a report can tell that they are the same though some can't be read.
    digest = digest_of([item.clip_id for item in items], [item.label for item in items])
    record = AuditRecord.model_validate({**judged, "of": of, "data": data, "digest": digest})
    return Audited(record, _table(known, rows))


def _judge(
    items: Sequence[AuditItem],
    rows: Sequence[Measured],
    failures: Sequence[str],
    settings: AuditSettings,
    clip_s: float | None,
) -> dict[str, object]:
    """Return all that a record holds of measurements; `clip_s` where recordings may be long."""
    threshold = settings.container_auroc_max
    cohort = cohort_of(items)
    duplicates, whole = find_duplicates(items, rows, settings.duplicate_likeness_min)
    attributes: tuple[Judged, ...] = ()
    together: tuple[Judged, ...] = ()
    factors: tuple[FactorRecord, ...] = ()
    if cohort.both:
        long = () if clip_s is None else lengths_of_recordings(rows, cohort, clip_s)
        attributes = judge_attributes(rows, cohort, threshold, long)
        together = judge_all_together(rows, cohort, threshold, long)
        factors = judge_factors(items, cohort)
    judged = (*attributes, *together)
    found = findings.findings_of(judged, factors, duplicates, items)
    found += _remarks(items, together, failures, both=cohort.both, whole=whole)
    return {
        "verdict": findings.verdict_of(judged, both=cohort.both),
        "threshold": threshold,
        "counts": _counted(items, failures),
        "auroc": {one.name: one.auroc for one in judged},
        "attributes": attributes,
        "together": together,
        "factors": factors,
        "duplicates": duplicates,
        "findings": tuple(found),
    }


def _remarks(
    items: Sequence[AuditItem],
    together: Sequence[Judged],
    failures: Sequence[str],
    *,
    both: bool,
    whole: bool,
) -> list[Finding]:
    """Return what the audit could not do."""
    found = []
    if failures:
        found.append(findings.unreadable_finding(failures))
    if not both:
        found.append(findings.one_class_finding(sum(item.label for item in items)))
    elif not together:
        found.append(findings.few_subjects_finding())
    if not whole:
        found.append(findings.partial_duplicates_finding())
    return found


def _counted(items: Sequence[AuditItem], failures: Sequence[str]) -> Counted:
    return Counted(
        clips=len(items),
        seizures=sum(item.label for item in items),
        subjects=len({item.subject_id for item in items}),
        recordings=len({item.recording for item in items}),
        unreadable=len(failures),
    )


def _table(items: Sequence[AuditItem], rows: Sequence[Measured]) -> pa.Table:
    made = [
        {"clip_id": item.clip_id, "subject_id": item.subject_id, "label": item.label, **row}
        for item, row in zip(items, rows, strict=True)
    ]
    made.sort(key=lambda row: str(row["clip_id"]))
    return tables.from_rows("attributes", made)
