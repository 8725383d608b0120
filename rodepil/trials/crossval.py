"""Cross-validation: one trial a fold on Ray, each recorded, none run twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from rodepil.config.controls import Control
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrialError
from rodepil.io.progress import Progress
from rodepil.track import Tracker
from rodepil.train.metrics import Metrics
from rodepil.trials.job import Job
from rodepil.trials.plan import Plan, make_plan
from rodepil.trials.plans import run_plans
from rodepil.trials.recording import Figures
from rodepil.trials.results import CrossvalResult, FoldResult, write_results

__all__ = [
    "CrossvalJob",
    "CrossvalResult",
    "FoldResult",
    "Variation",
    "cross_validate",
    "cross_validate_all",
    "write_results",
]


@dataclass(frozen=True)
class Variation:
    """One cross-validation among several.

    Attributes
    ----------
    settings
        The project's, perhaps with others for training.
    control
        What is left out of clips or training; see `rodepil.config.controls`.
    """

    settings: ProjectSettings
    control: Control = "none"


@dataclass(frozen=True)
class CrossvalJob(Job[CrossvalResult]):
    """A cross-validation to run, and who records it."""

    plan: Plan

    def collect(self, *, as_before: bool = False) -> CrossvalResult | None:
        """Return what the finished trials left, in the order of folds; None where none is."""
        finished = {trial: done for trial in self.plan.trials if (done := trial.folder.finished())}
        if not finished:
            return None
        scores = pa.concat_tables([trial.folder.predictions() for trial in finished])
        folds = tuple(
            FoldResult(
                trial=trial,
                run_id=self.recorder.run_id(trial),
                metrics=Metrics(**done.metrics),
                seconds=done.seconds,
                history=tuple(trial.folder.history()),
            )
            for trial, done in finished.items()
        )
        run_id, settings = self.recorder.group_run_id(), self.plan.settings
        return CrossvalResult(run_id, settings, scores.combine_chunks(), folds, as_before)


def cross_validate(
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    control: Control = "none",
    folds: Sequence[int] | None = None,
    tracker: Tracker | None = None,
    figures: Figures | None = None,
    progress: Progress | None = None,
) -> CrossvalResult:
    """Train and test one trial a fold; see `cross_validate_all`, of which it is one variation."""
    (result,) = cross_validate_all(
        [Variation(settings, control)],
        workspace,
        folds=folds,
        tracker=tracker,
        figures=figures,
        progress=progress,
    )
    return result


def cross_validate_all(
    variations: Sequence[Variation],
    workspace: Workspace,
    *,
    folds: Sequence[int] | None = None,
    tracker: Tracker | None = None,
    figures: Figures | None = None,
    on_result: Callable[[CrossvalResult], None] | None = None,
    progress: Progress | None = None,
) -> list[CrossvalResult]:
    """Train and test one trial a fold for each variation, all trials side by side.

    Parameters
    ----------
    variations
        No two are the same; all are recorded where the first one's settings say.
    workspace
        The project, with its clips, folds and features made.
    folds
        Folds to test; by default all.
    tracker
        Where to record; by default the one of the settings.
    figures
        Draws the figures of predictions that runs hold.
    on_result
        Told what came of each variation without a failure, also where another failed.
    progress
        Told of every epoch.

    Returns
    -------
    list
        What came of each variation, in their order.

    Raises
    ------
    TableError, FoldError, SubjectLeak, FeatureError
        The data are not ready.
    TrackingError
        The tracker can't be reached or refuses.
    TrialError
        Ray is not there, or a fold failed; the other folds are finished and kept.
    """
    plans = [
        make_plan(one.settings, workspace, control=one.control, folds=folds) for one in variations
    ]
    if not plans:
        return []
    if not all(plan.trials for plan in plans):
        raise TrialError(f"{workspace.folds} names no fold; run 'rodepil folds make'")
    return run_plans(
        plans,
        workspace,
        CrossvalJob,
        title=plans[0].name if len(plans) == 1 else f"{len(plans)} cross-validations",
        track=variations[0].settings.track,
        tracker=tracker,
        figures=lambda _: figures,
        on_result=on_result,
        progress=progress,
    )
