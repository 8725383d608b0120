"""Run plans of one kind, their trials side by side, and record what comes of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrialError
from rodepil.io.progress import Progress, Silent
from rodepil.track import Tracker, open_tracker
from rodepil.trials.job import Job, epochs_of, failure_of
from rodepil.trials.lineage import keep_lineage
from rodepil.trials.provenance import git_tags
from rodepil.trials.recording import Figures, Recorder
from rodepil.trials.running import closing_runs, finish_all
from rodepil.trials.task import AnyPlan, AnyResult

P = TypeVar("P", bound=AnyPlan)
R = TypeVar("R", bound=AnyResult)


def run_plans(
    plans: Sequence[P],
    workspace: Workspace,
    kind: Callable[[P, Recorder], Job[R]],
    *,
    title: str,
    track: TrackSettings,
    tracker: Tracker | None = None,
    figures: Callable[[P], Figures | None] | None = None,
    describe: Callable[[R], str] | None = None,
    on_result: Callable[[R], None] | None = None,
    progress: Progress | None = None,
) -> list[R]:
    """Run what is not finished, all trials side by side, and tell what came of each plan.

    Parameters
    ----------
    plans
        No two are the same.
    workspace
        The project, with its clips, folds and features made.
    kind
        Makes a plan and its recorder a job.
    title
        What progress is shown under.
    track, tracker
        Where to record: by the settings, or another tracker in their place.
    figures
        Gives what draws the figures that a plan's runs hold.
    describe
        Says what came of a plan, Markdown, for its run.
    on_result
        Told what came of each plan without a failure, also where another failed.
    progress
        Told of every epoch.

    Returns
    -------
    list
        What came of each plan, in their order.

    Raises
    ------
    TableError, FeatureError
        The data are not ready.
    TrackingError
        The tracker can't be reached or refuses.
    TrialError
        Ray is not there, or a trial failed; the others are finished and kept, and plans without a
        failure are recorded to their end.
    """
    listening = tracker or open_tracker(track, workspace)
    tags = git_tags(workspace.root)

    def job_of(plan: P) -> Job[R]:
        draw = figures(plan) if figures else None
        return kind(plan, Recorder(listening, plan, draw, tags, keep_lineage(plan, workspace)))

    jobs = [job_of(plan) for plan in plans]
    as_before = [job.is_finished for job in jobs]
    epochs = 0 if all(as_before) else epochs_of(jobs)  # nothing to show of what takes no time
    with closing_runs(jobs):
        with (progress or Silent()).task(title, epochs, "epochs") as advance:
            failed = finish_all(jobs, advance)
        results = [
            _concluded(job, describe, as_before=done)
            for job, done in zip(jobs, as_before, strict=True)
            if not any(trial.id in failed for trial in job.trials)
        ]
        if on_result:
            for result in results:
                on_result(result)
        if failed:
            raise failure_of(jobs, failed)
        return results


def _concluded(job: Job[R], describe: Callable[[R], str] | None, *, as_before: bool) -> R:
    """Return what came of a job whose trials have all ended well, and close its run."""
    result = job.collect(as_before=as_before)
    if result is None:
        raise TrialError(f"{job.plan.name} has no finished trial; run it again")
    job.recorder.conclude(result, description=describe(result) if describe else None)
    return result
