"""Judge what was measured: every attribute alone, attributes together, and places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Final

import numpy as np

from rodepil.data.audit.attributes import ATTRIBUTES, LENGTHS, Attribute, Group
from rodepil.data.audit.classify import judge_together, table_of
from rodepil.data.audit.items import AuditItem
from rodepil.data.audit.likeness import grouped, near_duplicates
from rodepil.data.audit.measure import Measured
from rodepil.data.audit.record import DuplicateGroup, FactorRecord, Judged, PlaceRecord
from rodepil.data.audit.sharing import judge_factor
from rodepil.data.audit.tell import SURE_P, Cohort, Telling, judge_name, judge_number

FEW: Final = 3
MUCH_LONGER: Final = 2.0
ORDER: Final = ("file", "length", "pixels")
STATED, UNSTATED = "stated", "not stated"
DIGITS: Final = 6
TOGETHER: Final[dict[str, tuple[str, tuple[Group, ...]]]] = {
    "files": ("all file attributes together", ("file",)),
    "files_and_pixels": ("file and pixel attributes together", ("file", "pixels")),
}
FACTORS: Final[dict[str, Callable[[AuditItem], str]]] = {
    "subject": lambda item: item.subject_id,
    "recording": lambda item: item.recording,
    "date": lambda item: item.date,
    "position": lambda item: str(item.position),
}


def cohort_of(items: Sequence[AuditItem]) -> Cohort:
    """Return the items' labels and subjects."""
    labels = np.array([item.label for item in items], np.int64)
    return Cohort(labels, np.array([item.subject_id for item in items]))


def lengths_of_recordings(
    rows: Sequence[Measured], cohort: Cohort, clip_s: float
) -> tuple[str, ...]:
    """Return the attributes that are lengths of recordings much longer than a clip, if these are.

    Those of clips give the label away where they differ. A recording that runs for hours holds
    more seizures than a short one, which is no leak, and curation cuts both into equal clips.
    """
    lasting = np.array([_seconds(row["duration_s"]) for row in rows])
    medians = [float(np.median(lasting[cohort.labels == label])) for label in (0, 1)]
    return LENGTHS if min(medians) > MUCH_LONGER * clip_s else ()


def judge_attributes(
    rows: Sequence[Measured], cohort: Cohort, threshold: float, lengths: Collection[str] = ()
) -> tuple[Judged, ...]:
    """Judge every attribute that is known of any clip.

    Parameters
    ----------
    rows
        What was measured, (N,).
    cohort
        The clips.
    threshold
        The AUROC above which an attribute tells.
    lengths
        Attributes that are lengths of whole recordings.
    """
    found = []
    for attribute in ATTRIBUTES:
        values = [row[attribute.name] for row in rows]
        if all(value is None for value in values):
            continue
        told = _told(attribute, values, cohort)
        classes = [[values[i] for i in np.flatnonzero(cohort.labels == label)] for label in (0, 1)]
        group = "length" if attribute.name in lengths else attribute.group
        held = _judged(
            attribute.name,
            attribute.title,
            group,
            told,
            threshold,
            parted=group == "file" and _parted(classes, told),
        )
        words = [_words(one) for one in classes]
        found.append(Judged.model_validate({**held, "normal": words[0], "seizure": words[1]}))
    return tuple(sorted(found, key=lambda one: ORDER.index(one.group)))


def _told(attribute: Attribute, values: Sequence[object], cohort: Cohort) -> Telling:
    """Return how well an attribute tells, by its value or by whether it is stated at all."""
    known = np.array([value is not None for value in values])
    part = cohort.part(known)
    found = []
    if part.both:
        present = [value for value in values if value is not None]
        found.append(
            judge_name([str(value) for value in present], part)
            if attribute.is_name
            else judge_number(np.array(present, np.float64), part)
        )
    if not known.all():
        found.append(judge_name([STATED if one else UNSTATED for one in known], cohort))
    return max(found, key=lambda told: told.auroc)


def _parted(classes: Sequence[Sequence[object]], told: Telling) -> bool:
    """Say whether values part the labels completely."""
    if told.value is None or told.value in (STATED, UNSTATED):
        return told.auroc == 1
    normal, seizure = ({value for value in one if value is not None} for one in classes)
    return normal.isdisjoint(seizure)


def judge_all_together(
    rows: Sequence[Measured], cohort: Cohort, threshold: float, lengths: Collection[str] = ()
) -> tuple[Judged, ...]:
    """Judge the small classifiers, which see no `lengths`; none where subjects are too few."""
    found = []
    for name, (title, groups) in TOGETHER.items():
        told = judge_together(table_of(rows, groups, lengths), cohort)
        if told is not None:
            held = _judged(name, title, "together", told, threshold)
            found.append(Judged.model_validate(held))
    return tuple(found)


def judge_factors(items: Sequence[AuditItem], cohort: Cohort) -> tuple[FactorRecord, ...]:
    """Judge subject, recording, date and position."""
    found = []
    for name, value_of in FACTORS.items():
        factor = judge_factor([value_of(item) for item in items], cohort, by_clip=name == "subject")
        places = tuple(
            PlaceRecord(value=one.value, clips=one.clips, positives=one.positives)
            for one in factor.places
        )
        found.append(
            FactorRecord(
                name=name,
                explained=round(factor.explained, DIGITS),
                chance=round(factor.chance, DIGITS),
                p=factor.p,
                places=places,
            )
        )
    return tuple(found)


def find_duplicates(
    items: Sequence[AuditItem], rows: Sequence[Measured], likeness_min: float
) -> tuple[tuple[DuplicateGroup, ...], bool]:
    """Return groups of clips that hold the same film, and whether all pairs were looked at."""
    prints = [row["fingerprint"] for row in rows]
    held = [one if isinstance(one, bytes) else None for one in prints]
    pairs, whole = near_duplicates(held, likeness_min)
    likeness = {(pair.first, pair.second): pair.likeness for pair in pairs}
    likeness |= dict.fromkeys(_same_content(items), 1.0)
    found = grouped(list(likeness))
    home = {place: number for number, group in enumerate(found) for place in group}
    least = [1.0] * len(found)
    for (first, _), value in likeness.items():
        least[home[first]] = min(least[home[first]], value)
    groups = []
    for number, group in enumerate(found):
        members = [items[place] for place in group]
        groups.append(
            DuplicateGroup(
                clips=tuple(item.clip_id for item in members),
                subjects=tuple(item.subject_id for item in members),
                labels=tuple(item.label for item in members),
                likeness=round(least[number], 3),
            )
        )
    return tuple(groups), whole


def _same_content(items: Sequence[AuditItem]) -> list[tuple[int, int]]:
    """Return pairs of items whose files and boxes are the same: they may show no change at all."""
    first: dict[object, int] = {}
    pairs = []
    for place, item in enumerate(items):
        twin = first.setdefault((item.sha256, item.box), place)
        if twin != place:
            pairs.append((twin, place))
    return pairs


def _judged(
    name: str, title: str, group: str, told: Telling, threshold: float, *, parted: bool = False
) -> dict[str, object]:
    """Return what a record holds of a telling.

    The AUROC of a classifier that learned from the same clips varies more than its scores show,
    so that its interval has to clear the threshold as well. Values of files that part the labels
    completely tell them however few the subjects are: among few, no p can be small.
    """
    state = "quiet"
    if told.auroc > threshold:
        clear = group != "together" or (told.low is not None and told.low > threshold)
        state = "tells" if parted or (clear and told.p < SURE_P) else "unsure"
    return {
        "name": name,
        "title": title,
        "group": group,
        "auroc": round(told.auroc, DIGITS),
        "low": None if told.low is None else round(told.low, DIGITS),
        "high": None if told.high is None else round(told.high, DIGITS),
        "p": told.p,
        "state": state,
    }


def _words(values: Sequence[object]) -> str:
    """Return the values of one class: the few there are with their shares, or their spread."""
    known = [value for value in values if value is not None]
    counts = Counter(UNSTATED if value is None else value for value in values).most_common()
    if len(counts) <= FEW or any(isinstance(value, str) for value in known):
        shown = [f"{_exact(value)} ({count / len(values):.0%})" for value, count in counts[:FEW]]
        return ", ".join(shown) + (", …" if len(counts) > FEW else "")
    low, middle, high = np.percentile(np.array(known, np.float64), (25, 50, 75))
    lacking = 1 - len(known) / len(values)
    rest = f", {UNSTATED} ({lacking:.0%})" if lacking else ""
    return f"median {_one(middle)} (half within {_one(low)} to {_one(high)}){rest}"


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _exact(value: object) -> str:
    """Return a value with all digits that tell 30 from 30000/1001 frames a second."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _one(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"  # noqa: PLR2004 - five digits
