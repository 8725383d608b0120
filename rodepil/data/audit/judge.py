"""Judge what was measured: every attribute alone, attributes together, and places."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from rodepil.data.audit.attributes import ATTRIBUTES, Attribute, Group
from rodepil.data.audit.classify import judge_together, table_of
from rodepil.data.audit.items import AuditItem
from rodepil.data.audit.likeness import grouped, near_duplicates
from rodepil.data.audit.measure import Measured
from rodepil.data.audit.record import DuplicateGroup, FactorRecord, Judged, PlaceRecord
from rodepil.data.audit.sharing import judge_factor
from rodepil.data.audit.tell import SURE_P, Cohort, Telling, judge_name, judge_number

FEW: Final = 3
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


def judge_attributes(
    rows: Sequence[Measured], cohort: Cohort, threshold: float
) -> tuple[Judged, ...]:
    """Judge every attribute that is known of clips of either label."""
    found = []
    for attribute in ATTRIBUTES:
        values = [row[attribute.name] for row in rows]
        known = np.array([value is not None for value in values])
        part = cohort.part(known)
        if not known.any() or not part.both:
            continue
        present = [value for value in values if value is not None]
        told = (
            judge_name([str(value) for value in present], part)
            if attribute.is_name
            else judge_number(np.array(present, np.float64), part)
        )
        words = [
            _words(attribute, [present[i] for i in np.flatnonzero(part.labels == label)])
            for label in (0, 1)
        ]
        held = _judged(attribute.name, attribute.title, attribute.group, told, threshold)
        found.append(Judged.model_validate({**held, "normal": words[0], "seizure": words[1]}))
    return tuple(found)


def judge_all_together(
    rows: Sequence[Measured], cohort: Cohort, threshold: float
) -> tuple[Judged, ...]:
    """Judge the small classifiers; none where subjects are too few."""
    found = []
    for name, (title, groups) in TOGETHER.items():
        told = judge_together(table_of(rows, groups), cohort)
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
    groups = []
    for group in grouped(list(likeness)):
        inside = set(group)
        least = min(value for pair, value in likeness.items() if inside.issuperset(pair))
        members = [items[place] for place in group]
        groups.append(
            DuplicateGroup(
                clips=tuple(item.clip_id for item in members),
                subjects=tuple(item.subject_id for item in members),
                labels=tuple(item.label for item in members),
                likeness=round(min(1.0, least), 3),
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
    name: str, title: str, group: str, told: Telling, threshold: float
) -> dict[str, object]:
    """Return what a record holds of a telling.

    The AUROC of a classifier that learned from the same clips varies more than its scores show,
    so that its interval has to clear the threshold as well.
    """
    state = "quiet"
    if told.auroc > threshold:
        clear = group != "together" or (told.low is not None and told.low > threshold)
        state = "tells" if clear and told.p < SURE_P else "unsure"
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


def _words(attribute: Attribute, values: Sequence[object]) -> str:
    """Return the values of one class: the few there are with their shares, or their spread."""
    counts = Counter(values).most_common()
    if len(counts) <= FEW or attribute.is_name:
        shown = [f"{_exact(value)} ({count / len(values):.0%})" for value, count in counts[:FEW]]
        return ", ".join(shown) + (", …" if len(counts) > FEW else "")
    low, middle, high = np.percentile(np.array(values, np.float64), (25, 50, 75))
    return f"median {_one(middle)} (half within {_one(low)} to {_one(high)})"


def _exact(value: object) -> str:
    """Return a value with all digits that tell 30 from 30000/1001 frames a second."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _one(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"  # noqa: PLR2004 - five digits
