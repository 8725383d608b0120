"""Cross-validation: one trial a fold on Ray, each recorded, none run twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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

__all__ = ["CrossvalResult", "FoldResult", "cross_validate", "write_results"]


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
    """Train and test one trial a fold.

    Parameters
    ----------
    settings, workspace
        The project, with its clips, folds and features made.
    control
        What is left out of clips or training; see `rodepil.config.controls`.
    folds
        Folds to test; by default all.
    tracker
        Where to record; by default the one of the settings.
    figures
        Draws the figures of predictions that runs hold.
    progress
        Told of every epoch.

    Raises
    ------
    TableError, FoldError, SubjectLeak, FeatureError
        The data are not ready.
    TrackingError
        The tracker can't be reached or refuses.
    TrialError
        Ray is not there, or a fold failed; the other folds are finished and kept.
    """
    plan = make_plan(settings, workspace, control=control, folds=folds)
    recorder = Recorder(
        tracker or open_tracker(settings.track, workspace),
        plan,
        figures,
        git_tags(workspace.root),
        keep_lineage(plan, workspace),
    )
    job = CrossvalJob(plan, recorder)
    as_before = all(trial.folder.finished() for trial in plan.trials)
    epochs = 0 if as_before else epochs_of([job])  # nothing to show of what takes no time
    with closing_runs([job]):
        with (progress or Silent()).task(plan.name, epochs, "epochs") as advance:
            failed = finish_all([job], advance)
        if failed:
            raise failure_of([job], failed)
        result = job.collect()
        if result is None:
            raise TrialError(f"{workspace.folds} names no fold; run 'rodepil folds make'")
        job.recorder.conclude(result)
    return replace(result, as_before=as_before)
