"""Localization: one trial a fold on Ray for the model and for what it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import get_args

import pyarrow as pa

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.files import write_json
from rodepil.io.progress import Progress
from rodepil.localize.settings import Variant
from rodepil.track import Tracker
from rodepil.track.protocol import Picture
from rodepil.trials.localize.describe import localize_markdown
from rodepil.trials.localize.plan import plan_localization
from rodepil.trials.localize.results import Localized, LocalizeJob
from rodepil.trials.plans import run_plans

LocalizeFigures = Callable[[Variant, pa.Table], Mapping[str, Picture]]
"""Draws the figures of what a variant found in some clips, by name."""


@dataclass(frozen=True)
class Localization:
    """What came of the model and of what it is compared with.

    Attributes
    ----------
    variants
        What came of each by its name, the model itself first.
    """

    variants: dict[Variant, Localized]

    def __str__(self) -> str:
        return "\n".join(f"{name}\n{result}" for name, result in self.variants.items())


def localize_trials(
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    folds: Sequence[int] | None = None,
    tracker: Tracker | None = None,
    figures: LocalizeFigures | None = None,
    progress: Progress | None = None,
) -> Localization:
    """Train and test the localizer and what ``localize.compare`` names, side by side.

    Parameters
    ----------
    settings, workspace
        The project, with its clips of action units and their sequences made.
    folds
        Folds to test; by default all that the split tests.
    tracker
        Where to record; by default the one of the settings.
    figures
        Draws the figures that runs hold, of a variant and what it found.
    progress
        Told of every epoch.

    Raises
    ------
    TableError, FoldError, SubjectLeak, FeatureError, ModelError
        The data are not ready.
    TrackingError
        The tracker can't be reached or refuses.
    TrialError
        Ray is not there, or a trial failed; the others are finished and kept.
    """
    wanted: list[Variant] = ["raseformer", *dict.fromkeys(settings.localize.compare)]
    results = run_plans(
        [plan_localization(settings, workspace, variant=name, folds=folds) for name in wanted],
        workspace,
        LocalizeJob,
        title="localization",
        track=settings.track,
        tracker=tracker,
        figures=lambda plan: partial(figures, plan.settings.variant) if figures else None,
        describe=localize_markdown,
        progress=progress,
    )
    return Localization(dict(zip(wanted, results, strict=True)))


def write_localization(result: Localization, workspace: Workspace) -> list[Path]:
    """Write what the report reads, ``results/localize/NAME.json`` and the segments beside it.

    A variant that is not compared has a record without trials: the pipeline wants its files, and
    numbers of former settings would be taken for those of today.
    """
    folder = workspace.localize_results
    first = next(iter(result.variants.values()))
    for name in get_args(Variant):
        if name not in result.variants:
            nothing = {"data": first.settings.data, "variant": name, "trials": []}
            tables.write("events", first.detections[:0], folder / f"{name}_detections.parquet")
            write_json(folder / f"{name}.json", nothing)
    return [one.write(folder, name) for name, one in result.variants.items()]
