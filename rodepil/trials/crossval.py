"""Cross-validation: one trial a fold on Ray, each recorded, none run twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rodepil.config.controls import Control
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrialError
from rodepil.io.progress import Progress, Silent
from rodepil.track import Tracker, open_tracker
from rodepil.trials.lineage import keep_lineage
from rodepil.trials.plan import make_plan
from rodepil.trials.provenance import git_tags
from rodepil.trials.recording import Figures, Recorder
from rodepil.trials.results import CrossvalResult, FoldResult, write_results
from rodepil.trials.running import (
    CrossvalJob,
    closing_runs,
    epochs_of,
    failure_of,
    finish_all,
)

__all__ = [
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
    listening = tracker or open_tracker(variations[0].settings.track, workspace)
    tags = git_tags(workspace.root)
    jobs = [
        CrossvalJob(plan, Recorder(listening, plan, figures, tags, keep_lineage(plan, workspace)))
        for plan in plans
    ]
    as_before = [all(trial.folder.finished() for trial in plan.trials) for plan in plans]
    epochs = 0 if all(as_before) else epochs_of(jobs)  # nothing to show of what takes no time
    name = plans[0].name if len(plans) == 1 else f"{len(plans)} cross-validations"
    with closing_runs(jobs):
        with (progress or Silent()).task(name, epochs, "epochs") as advance:
            failed = finish_all(jobs, advance)
        if failed:
            raise failure_of(jobs, failed)
        results = [_concluded(job, workspace) for job in jobs]
    return [replace(one, as_before=done) for one, done in zip(results, as_before, strict=True)]


def _concluded(job: CrossvalJob, workspace: Workspace) -> CrossvalResult:
    """Return what came of a job whose trials have all ended well, and close its run."""
    result = job.collect()
    if result is None:
        raise TrialError(f"{workspace.folds} names no fold; run 'rodepil folds make'")
    job.recorder.conclude(result)
    return result
