"""Which numbers are told of a recorded run: those of Table II of classified clips, mAP of units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from rodepil.track.protocol import RunFacts

TESTED: Final = "test_"
TABLE_II: Final[Mapping[str, str]] = {
    "f1": "F1", "accuracy": "Acc.", "sensitivity": "Sens.", "specificity": "Spec.",
    "precision": "Prec.",
}  # fmt: skip
"""The numbers of Table II, with titles for narrow columns."""

LOCALIZE: Final = "localize"
CLASSIFY: Final = "classify"
MAP: Final = "map_"
MEAN_MAP: Final = "mean_map"
ORDERS: Final[Mapping[str, str]] = {"frame_accuracy": "frames right", "edit_score": "edit score"}
"""What else tells how well units were localized."""

MAIN_OF: Final[Mapping[str, tuple[str, str]]] = {
    CLASSIFY: (f"{TESTED}f1", "F1 %"),
    LOCALIZE: (f"{TESTED}{MEAN_MAP}", "mAP %"),
}
"""The number by which runs of a task are the better, and its title; mAP is the mean over tIoU."""

SHUFFLED: Final = "shuffled"
"""The variant of a localization that is a control; what else stands beside is another model."""


def task_of(run: RunFacts) -> str:
    """Return what a run trains: clips' labels, or where action units are."""
    return LOCALIZE if run.tags.get("task") == LOCALIZE else CLASSIFY


def tag_of(run: RunFacts, tag: str) -> str | None:
    """Return a tag, also of localizations, which name their task and control in other words."""
    if tag == "task":
        return task_of(run)
    if tag == "control" and task_of(run) == LOCALIZE:
        return SHUFFLED if run.tags.get("variant") == SHUFFLED else "none"
    return run.tags.get(tag)


def main_key(run: RunFacts) -> str:
    """Return the name of the number by which a run is better than another of its task."""
    return MAIN_OF[task_of(run)][0]


def numbers_of(runs: Iterable[RunFacts]) -> dict[str, str]:
    """Return the names of the numbers that are told of runs, with titles for narrow columns.

    Of classified clips these are those of Table II; of localizations mAP at each threshold of
    tIoU, as ``@0.5``, and the mean over these.
    """
    every = list(runs)
    tasks = {task_of(run) for run in every}
    named = {f"{TESTED}{name}": title for name, title in TABLE_II.items()}
    told = named if CLASSIFY in tasks or not tasks else {}
    if LOCALIZE in tasks:
        start = f"{TESTED}{MAP}"
        held = {key for run in every for key in run.metrics if key.startswith(start)}
        tious = sorted(held, key=lambda key: float(key.removeprefix(start)))
        told = told | {key: f"@{key.removeprefix(start)}" for key in tious}
        told = told | {f"{TESTED}{MEAN_MAP}": "mAP"}
    return told


def orders_of(run: RunFacts) -> str:
    """Return in words how well a localization tells each frame and the order of units."""
    held = {title: run.metrics.get(f"{TESTED}{name}") for name, title in ORDERS.items()}
    return ", ".join(f"{title} {100 * one:.2f} %" for title, one in held.items() if one is not None)
