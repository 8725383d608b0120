"""What the tracker is told of a cross-validation: a parent run, and a child run for each trial.

Everything is told by the driver, from the files that a trial leaves: workers need no way to the
tracker, and a driver that was killed tells the rest when it is started again, in the same runs
(`rodepil.trials.plan_runs`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

import pyarrow as pa

from rodepil.errors import RodepilError, TrackingError
from rodepil.io.files import short_hash
from rodepil.store.know.lineage import Origin
from rodepil.track import Run, RunStatus, Tracker
from rodepil.track.protocol import Picture
from rodepil.trials.folder import RunRecord
from rodepil.trials.plan_runs import PlanRuns
from rodepil.trials.sampling import tell_samples
from rodepil.trials.task import AnyPlan, AnyResult, AnyTrial, Told

Figures = Callable[[pa.Table], Mapping[str, Picture]]
"""Draws the figures of some predictions, by name."""

COMPLETE = "complete"


@dataclass
class Recorder:
    """Records one cross-validation.

    Parameters
    ----------
    tracker
        Who listens.
    plan
        The cross-validation.
    figures
        Draws figures of predictions; None draws none.
    tags
        Words for every run, for example the commit.
    lineage
        The table "lineage" of the features that are learned from, and what it is of.
    """

    tracker: Tracker
    plan: AnyPlan
    figures: Figures | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    lineage: tuple[pa.Table, Origin] | None = None
    _runs: PlanRuns = field(init=False)
    _told: dict[str, int] = field(default_factory=dict)
    _sampled: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._runs = PlanRuns(self.tracker, self.plan, self.tags, self.lineage)

    def is_recorded(self, trial: AnyTrial) -> bool:
        """Return whether the trial's run holds all that it should."""
        record = self._runs.known(trial.folder)
        return record is not None and record.complete == COMPLETE

    def run_id(self, trial: AnyTrial) -> str | None:
        """Return the id of the trial's run, if it has one."""
        record = self._runs.known(trial.folder)
        return record.run_id if record else None

    def follow(self, trial: AnyTrial) -> int:
        """Tell of the epochs that are new, and return how many those are."""
        history = trial.folder.history()
        told = self._told.get(trial.id, 0)
        if len(history) <= told:
            return 0
        run = self._runs.child(trial)
        for report in history[told:]:
            run.metrics(report.metrics, report.epoch)
        self._told[trial.id] = len(history)
        self._sample(run, trial)
        return len(history) - told

    def finish(self, trial: AnyTrial) -> None:
        """Tell what came of a finished trial, and close its run."""
        run = self._runs.child(trial)
        self.follow(trial)
        self._sample(run, trial)
        done, planned = len(trial.folder.history()), trial.epochs
        if done < planned:
            run.tags({"early_stop": f"after {done} of {planned} epochs"})
        self._tell(run, trial.told(), max(done - 1, 0))
        run.file(trial.folder.model, "model")
        run.end()
        trial.folder.write_run(RunRecord(run_id=run.id, complete=COMPLETE))
        del self._runs.open[trial.id]

    def fail(self, trial: AnyTrial, error: RodepilError) -> None:
        """Tell why a trial failed, and close its run."""
        run = self._runs.child(trial)
        self._sample(run, trial)
        run.tags({"last_error": str(error)})
        run.end("failed")
        del self._runs.open[trial.id]

    def group_run_id(self) -> str:
        """Return the id of the parent run, opened where there is none yet."""
        record = self._runs.known_parent()
        return record.run_id if record else self._runs.parent().id

    def conclude(
        self,
        result: AnyResult,
        *,
        failed: Mapping[int, str] | None = None,
        description: str | None = None,
    ) -> None:
        """Tell the averages over the trials, and close the parent run.

        Parameters
        ----------
        result
            What came of those that are finished.
        failed
            Why others failed, by fold.
        description
            What people read of the run, Markdown.
        """
        done = short_hash(sorted(fold.trial.id for fold in result.folds))
        record = self._runs.known_parent()
        if record and record.complete == done and not failed:
            return
        run = self._runs.parent()
        if description:
            run.describe(description)
        run.tags({"failed_folds": ", ".join(map(str, sorted(failed or ())))})
        # The step is the number of folds, so that a mean over more of them stands beside.
        self._tell(run, result.told(), len(result.folds))
        run.end("failed" if failed else "finished")
        if not failed:
            self.plan.folder.write_run(RunRecord(run_id=run.id, complete=done))
        del self._runs.open[self.plan.group]

    def interrupt(self, status: RunStatus) -> None:
        """Close what is open; the next start goes on in it."""
        # What interrupted may be the tracker itself, and that is what the user shall read.
        with suppress(TrackingError):
            for run in self._runs.open.values():
                run.end(status)

    def _sample(self, run: Run, trial: AnyTrial) -> None:
        """Tell of what the machine did since it was told last."""
        told = self._sampled.get(trial.id, 0)
        self._sampled[trial.id] = tell_samples(run, trial.folder.path, told)

    def _tell(self, run: Run, told: Told, step: int) -> None:
        """Tell what came of clips that were tested, and draw it."""
        if told.metrics:
            run.metrics(told.metrics, step)
        run.table(told.name, told.table)
        if self.figures:
            for name, figure in self.figures(told.table).items():
                run.figure(name, figure)
