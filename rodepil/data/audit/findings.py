"""What an audit's numbers mean, in words, and whether they stop the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rodepil.data.audit.attributes import BY_NAME, CURATE, LENGTH_MEANING, LENGTH_REMEDY
from rodepil.data.audit.items import AuditItem
from rodepil.data.audit.record import (
    DuplicateGroup,
    FactorRecord,
    Finding,
    Judged,
    Verdict,
)
from rodepil.data.audit.sharing import shared_recordings
from rodepil.data.audit.tell import SURE_P
from rodepil.io.wording import by_number

SHOWN: Final = 3
MORE: Final = "add recordings and audit again"
EXPLAINS: Final = 0.05
FACTOR_REMEDIES: Final = {
    "recording": "look at what is peculiar to it, and take normal clips from the recordings that "
    "show seizures",
    "date": "take normal and seizure clips from the same dates",
    "position": "put animals that seize into changing positions, or set curate.fit to center_crop",
}


def verdict_of(judged: Sequence[Judged], *, both: bool) -> Verdict:
    """Return whether the files give the label away.

    One attribute of the files is enough, or all of them together. It must tell better than the
    threshold, and better than chance does in 99 of 100 draws, or part the labels completely: among
    few clips an attribute that says nothing may come out high. A classifier's interval must lie
    above the threshold too. What may be chance, and may not, leaves the verdict open.
    """
    if any(_fails(one) for one in judged):
        return "fail"
    return "pass" if both and not unsure_of(judged) else "undecided"


def unsure_of(judged: Sequence[Judged]) -> list[Judged]:
    """Return what would fail the audit if it were not for chance."""
    return [one for one in judged if one.state == "unsure" and _of_files(one)]


def findings_of(
    judged: Sequence[Judged],
    factors: Sequence[FactorRecord],
    duplicates: Sequence[DuplicateGroup],
    items: Sequence[AuditItem],
) -> list[Finding]:
    """Return all that is worth a sentence, faults first."""
    found = [_attribute_finding(one) for one in judged if one.state != "quiet"]
    positives = sum(item.label for item in items)
    for factor in factors:
        found += _factor_findings(factor, len(items), positives)
    found += _duplicate_findings(duplicates)
    shared = shared_recordings(
        [item.recording for item in items], [item.subject_id for item in items]
    )
    if shared:
        found.append(
            Finding(
                level="note",
                what=by_number(
                    len(shared),
                    "recording shows several subjects",
                    "recordings show several subjects",
                ),
                meaning="folds by subject can share a recording, with its camera and light",
                remedy="'rodepil folds check' lists those that do",
            )
        )
    order = ("fault", "warning", "note")
    return sorted(found, key=lambda one: order.index(one.level))


def one_class_finding(positives: int) -> Finding:
    """Return what to say of clips of one label."""
    which = "a seizure" if positives else "no seizure"
    return Finding(
        level="warning",
        what=f"all clips have {which}",
        meaning="nothing can tell labels apart where there is one",
        remedy="annotate or add recordings of the other kind, then audit again",
    )


def few_subjects_finding() -> Finding:
    """Return what to say where no classifier can be cross-validated."""
    return Finding(
        level="note",
        what="no classifier was trained on the attributes",
        meaning="fewer than two subjects have clips of either label",
        remedy=MORE,
    )


def unreadable_finding(failures: Sequence[str]) -> Finding:
    """Return what to say of clips that could not be measured."""
    return Finding(
        level="warning",
        what=f"{by_number(len(failures), 'clip', 'clips')} could not be measured ({failures[0]})",
        meaning="a model can't read that either",
        remedy="make such clips again ('rodepil curate'), or copy the recordings again",
    )


def partial_duplicates_finding() -> Finding:
    """Return what to say where candidates for duplicates were too many."""
    return Finding(
        level="note",
        what="more clips look alike than were compared in full",
        meaning="near-duplicates may be missing from the list",
        remedy="mend those listed and audit again",
    )


def fault_message(judged: Sequence[Judged], threshold: float) -> str:
    """Return the error that stops the pipeline: what tells, how well, by which values."""
    failing = sorted((one for one in judged if _fails(one)), key=lambda one: -one.auroc)
    listed = "; ".join(_telling(one) for one in failing)
    return (
        f"the files give the label away: {listed}. Wanted an AUROC of at most {threshold:g} "
        f"(audit.container_auroc_max). Curated clips are alike: {CURATE}"
    )


def _fails(one: Judged) -> bool:
    return one.state == "tells" and _of_files(one)


def _of_files(one: Judged) -> bool:
    return one.group == "file" or one.name == "files"


def _telling(one: Judged) -> str:
    values = f", normal {one.normal}, seizure {one.seizure}" if one.normal else ""
    label = one.title if one.group == "together" else f"{one.title} ({one.name})"
    return f"{label} has AUROC {one.auroc:.3f}{values}"


def _attribute_finding(one: Judged) -> Finding:
    known = BY_NAME.get(one.name)
    meaning = known.meaning if known else _together_meaning(one)
    remedy = (
        known.remedy
        if known
        else CURATE
        if one.name == "files"
        else ("mend the attributes that tell most; those that tell alone are listed")
    )
    if one.group == "length":
        meaning, remedy = LENGTH_MEANING, LENGTH_REMEDY
    if one.state == "unsure":
        meaning = f"this may be chance (p = {one.p:.2f}); if it is not, {meaning}"
        remedy = f"{MORE}; if it stays, {remedy}"
    level = "warning" if one.state == "tells" or _of_files(one) else "note"
    level = "fault" if _fails(one) else "note" if one.group == "length" else level
    return Finding.model_validate(
        {"level": level, "what": _telling(one), "meaning": meaning, "remedy": remedy}
    )


def _together_meaning(one: Judged) -> str:
    if one.name == "files":
        return "a small classifier tells labels of subjects it never saw from files alone"
    return "a small classifier tells labels of subjects it never saw without looking at behaviour"


def _factor_findings(factor: FactorRecord, clips: int, positives: int) -> list[Finding]:
    """Return a warning where a factor explains labels, and not by chance, else nothing."""
    remedy = FACTOR_REMEDIES.get(factor.name)
    surplus = factor.explained - factor.chance
    if remedy is None or factor.p >= SURE_P or surplus < EXPLAINS or not factor.places:
        return []
    place = factor.places[0]
    return [
        Finding(
            level="warning",
            what=f"the {factor.name} explains {factor.explained:.0%} of the label "
            f"({factor.chance:.0%} by chance); {factor.name} {place.value} holds "
            f"{place.positives} seizure clips of its {place.clips} "
            f"({place.positives / positives:.0%} of seizures, {place.clips / clips:.0%} of clips)",
            meaning=f"a model that recognises the {factor.name} does better than it should",
            remedy=remedy,
        )
    ]


def _duplicate_findings(duplicates: Sequence[DuplicateGroup]) -> list[Finding]:
    found = []
    across = [group for group in duplicates if len(set(group.subjects)) > 1]
    within = [group for group in duplicates if len(set(group.subjects)) == 1]
    torn = [group for group in duplicates if len(set(group.labels)) > 1]
    if across:
        found.append(
            Finding(
                level="warning",
                what=_groups(across, "has several subjects", "have several subjects"),
                meaning="the same film may be trained on and tested on under two names",
                remedy="give both one subject_id, or leave one recording out",
            )
        )
    if torn:
        found.append(
            Finding(
                level="warning",
                what=_groups(torn, "carries both labels", "carry both labels"),
                meaning="one of them is labelled wrongly",
                remedy="compare the clips with the annotations and mend these",
            )
        )
    if within:
        found.append(
            Finding(
                level="note",
                what=_groups(within, "is of one subject", "are of one subject each"),
                meaning="they count more than once, in training or in test, never in both",
                remedy="leave one of the recordings out if it was imported twice",
            )
        )
    return found


def _groups(groups: Sequence[DuplicateGroup], one: str, many: str) -> str:
    """Return how many groups there are, what is true of them, and the first of them."""
    kind = "of near-duplicate clips"
    counted = by_number(len(groups), f"group {kind} {one}", f"groups {kind} {many}")
    return f"{counted} ({_some(groups)})"


def _some(groups: Sequence[DuplicateGroup]) -> str:
    shown = [" = ".join(group.clips[:SHOWN]) for group in groups[:SHOWN]]
    return "; ".join(shown) + ("; …" if len(groups) > SHOWN else "")
