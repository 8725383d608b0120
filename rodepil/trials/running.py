"""Run what trials are not finished, and record all that is not recorded.

Call it again after whatever stopped it: finished trials are read from their folders, or fetched
from the tracker where those are gone, the others go on from their checkpoints, and the result is
the same to the last bit on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

from rodepil.io import tables
from rodepil.io.progress import Advance
from rodepil.store import Manifest, open_store
from rodepil.trials.job import Job
from rodepil.trials.limits import Limits
from rodepil.trials.recording import Recorder
from rodepil.trials.restore import restore
from rodepil.trials.share import Share
from rodepil.trials.task import AnyTrial

OnEnd = Callable[[Job[Any], Mapping[int, str]], None]
"""Told of a job all of whose trials have ended, and of those that failed why, by fold."""


def finish_all(
    jobs: Sequence[Job[Any]],
    advance: Advance,
    limits: Limits | None = None,
    on_end: OnEnd | None = None,
) -> dict[str, str]:
    """Run and record what is not run or recorded, all jobs' trials side by side.

    Parameters
    ----------
    jobs
        In the order in which to begin them.
    advance
        Told of epochs.
    limits
        What may run at once.
    on_end
        Told of a job all of whose trials have ended, and of those that failed why, by fold.

    Returns
    -------
    dict
        Of the trials that failed why, by their ids. The others are finished and recorded.

    Raises
    ------
    FeatureError, TableError
        Features can't be made.
    TrackingError
        The tracker refuses.
    TrialError
        Ray is not there, or does not have what a trial takes.
    """
    course = _Course(jobs, on_end)
    waiting: list[AnyTrial] = []
    for job in jobs:
        for trial in job.trials:
            if trial.folder.finished() is None and not restore(trial, job.recorder.tracker):
                waiting.append(trial)
                continue
            advance(trial.epochs)
            if not job.recorder.is_recorded(trial):
                job.recorder.finish(trial)
            course.end(trial)
    if waiting:
        _ensure_features(waiting)
        with _telling_the_rest(waiting, course):
            _run(waiting, course, advance, limits or Limits())
    return course.failed


class _Course:
    """Which trials have ended, and of which job all have."""

    def __init__(self, jobs: Sequence[Job[Any]], on_end: OnEnd | None) -> None:
        self.of = {trial.id: job for job in jobs for trial in job.trials}
        self.failed: dict[str, str] = {}
        self.ended: set[str] = set()
        self._left = {job.plan.group: len(job.trials) for job in jobs}
        self._on_end = on_end

    def recorder(self, trial: AnyTrial) -> Recorder:
        """Return who records a trial."""
        return self.of[trial.id].recorder

    def end(self, trial: AnyTrial, why: str = "") -> None:
        """Note that a trial ended, and why it failed if it did."""
        job = self.of[trial.id]
        self.ended.add(trial.id)
        if why:
            self.failed[trial.id] = why
        self._left[job.plan.group] -= 1
        if self._on_end and not self._left[job.plan.group]:
            some = {one.settings.fold: self.failed.get(one.id) for one in job.trials}
            self._on_end(job, {fold: text for fold, text in some.items() if text})


def _ensure_features(waiting: Sequence[AnyTrial]) -> None:
    """Make features again whose shards are gone, so that every worker finds them."""
    views = {trial.features: trial for trial in waiting}
    for path, trial in views.items():
        workspace = trial.workspace
        store = open_store(trial.store, workspace, tables.read("features", path))
        clips = tables.read("clips", trial.clips)
        store.ensure(trial.view, Manifest(clips, trial.clips.parent))


@contextmanager
def _telling_the_rest(waiting: Sequence[AnyTrial], course: _Course) -> Iterator[None]:
    """Record at an interrupt what is finished and was not told yet; then nothing runs any more."""
    try:
        yield
    except KeyboardInterrupt:
        for trial in waiting:
            if trial.id not in course.ended and trial.folder.finished() is not None:
                course.recorder(trial).finish(trial)
                course.end(trial)
        raise


def _run(waiting: Sequence[AnyTrial], course: _Course, advance: Advance, limits: Limits) -> None:
    """Run trials side by side, and record what comes of each."""
    # Ray takes seconds to import, and nothing of it is wanted when all is finished.
    from rodepil.trials.ray_session import node_resources, ray_session  # noqa: PLC0415
    from rodepil.trials.tuning import Load, run_side_by_side  # noqa: PLC0415

    def glance(trial: AnyTrial) -> None:
        advance(course.recorder(trial).follow(trial))

    with ray_session():
        nodes = node_resources()
        shares = {
            trial.id: Share.of(trial.settings.train, nodes, limits.gpus_per_trial)
            for trial in waiting
        }
        fit = max(share.slots(nodes) for share in shares.values())
        slots = min(fit, limits.max_concurrent or fit)
        load = Load(waiting, shares, slots, limits.max_failures)
        with closing(run_side_by_side(load, glance)) as ended:
            for trial, error in ended:
                if error is None:
                    course.recorder(trial).finish(trial)
                    # What an early stop left out will not come.
                    advance(trial.epochs - len(trial.folder.history()))
                else:
                    course.recorder(trial).fail(trial, error)
                course.end(trial, str(error or ""))


@contextmanager
def closing_runs(jobs: Sequence[Job[Any]]) -> Iterator[None]:
    """Close the runs that are open when the block ends by an interrupt or an error."""
    try:
        yield
    except KeyboardInterrupt:
        for job in jobs:
            job.recorder.interrupt("killed")
        raise
    except BaseException:
        for job in jobs:
            job.recorder.interrupt("failed")
        raise
