"""What the tracker is told of a cross-validation: a parent run, and a child run for each trial.

Everything is told by the driver, from the files that a trial leaves: workers need no way to the
tracker, and a driver that was killed tells the rest when it is started again. The run of a trial
is kept in the trial's folder, so that it is gone on in and never made twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pyarrow as pa

from rodepil.errors import RodepilError, TrackingError
from rodepil.io.files import short_hash
from rodepil.store.know.lineage import Origin
from rodepil.track import Run, RunStatus, Tracker
from rodepil.track.protocol import Picture
from rodepil.trials.datasets import in_words
from rodepil.trials.folder import RunRecord, TrialFolder
from rodepil.trials.sampling import tell_samples
from rodepil.trials.task import AnyPlan, AnyResult, AnyTrial, Told

Figures = Callable[[pa.Table], Mapping[str, Picture]]
"""Draws the figures of some predictions, by name."""

COMPLETE = "complete"

LISTED = 100
"""Subjects that a run's words name; trackers bound their length, and hundreds are no reading."""


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
    _runs: dict[str, Run] = field(default_factory=dict)
    _told: dict[str, int] = field(default_factory=dict)
    _sampled: dict[str, int] = field(default_factory=dict)

    def is_recorded(self, trial: AnyTrial) -> bool:
        """Return whether the trial's run holds all that it should."""
        record = self._record(trial.folder)
        return record is not None and record.complete == COMPLETE

    def run_id(self, trial: AnyTrial) -> str | None:
        """Return the id of the trial's run, if it has one."""
        record = self._record(trial.folder)
        return record.run_id if record else None

    def follow(self, trial: AnyTrial) -> int:
        """Tell of the epochs that are new, and return how many those are."""
        history = trial.folder.history()
        told = self._told.get(trial.id, 0)
        if len(history) <= told:
            return 0
        run = self._child(trial)
        for report in history[told:]:
            run.metrics(report.metrics, report.epoch)
        self._told[trial.id] = len(history)
        self._sample(run, trial)
        return len(history) - told

    def finish(self, trial: AnyTrial) -> None:
        """Tell what came of a finished trial, and close its run."""
        run = self._child(trial)
        self.follow(trial)
        self._sample(run, trial)
        done, planned = len(trial.folder.history()), trial.epochs
        if done < planned:
            run.tags({"early_stop": f"after {done} of {planned} epochs"})
        self._tell(run, trial.told(), max(done - 1, 0))
        run.file(trial.folder.model, "model")
        run.end()
        trial.folder.write_run(RunRecord(run_id=run.id, complete=COMPLETE))
        del self._runs[trial.id]

    def fail(self, trial: AnyTrial, error: RodepilError) -> None:
        """Tell why a trial failed, and close its run."""
        run = self._child(trial)
        self._sample(run, trial)
        run.tags({"last_error": str(error)})
        run.end("failed")
        del self._runs[trial.id]

    def group_run_id(self) -> str:
        """Return the id of the parent run, opened where there is none yet."""
        record = self._group_record()
        return record.run_id if record else self._parent().id

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
        record = self._group_record()
        if record and record.complete == done and not failed:
            return
        run = self._parent()
        if description:
            run.describe(description)
        run.tags({"failed_folds": ", ".join(map(str, sorted(failed or ())))})
        # The step is the number of folds, so that a mean over more of them stands beside.
        self._tell(run, result.told(), len(result.folds))
        run.end("failed" if failed else "finished")
        if not failed:
            self.plan.folder.write_run(RunRecord(run_id=run.id, complete=done))
        del self._runs[self.plan.group]

    def interrupt(self, status: RunStatus) -> None:
        """Close what is open; the next start goes on in it."""
        # What interrupted may be the tracker itself, and that is what the user shall read.
        with suppress(TrackingError):
            for run in self._runs.values():
                run.end(status)

    def _parent(self) -> Run:
        """Return the cross-validation's run, opened when it is first asked for."""
        of = self.plan
        if of.group not in self._runs:
            self._group_record()
            run = self._start(of.group, of.name, {"group_id": of.group}, of.folder)
            run.settings(of.settings.model_dump(mode="json", exclude={"fold"}))
            if self.lineage:
                run.table("lineage", self.lineage[0].replace_schema_metadata(None))
        return self._runs[of.group]

    def _child(self, trial: AnyTrial) -> Run:
        """Return the trial's run, opened when it is first asked for."""
        if trial.id not in self._runs:
            tags = {
                "trial_id": trial.id,
                "subjects.train": listed(trial.train_subjects),
                "subjects.test": listed(trial.test_subjects),
            }
            name = f"{self.plan.name}/fold-{trial.settings.fold}"
            parent = self._parent().id
            run = self._start(trial.id, name, tags, trial.folder, parent=parent)
            run.settings(trial.settings.model_dump(mode="json"))
            if trial.id in self.plan.datasets:
                run.describe(self._words(trial))
        return self._runs[trial.id]

    def _words(self, trial: AnyTrial) -> str:
        """Return what people read of a trial's run."""
        learned = in_words(self.plan.datasets[trial.id])
        return (
            f"Fold {trial.settings.fold} of **{self.plan.name}**: {learned}: "
            f"{listed(trial.test_subjects)}. Data: {trial.settings.data}."
        )

    def _start(
        self,
        key: str,
        name: str,
        tags: Mapping[str, str],
        folder: TrialFolder,
        parent: str | None = None,
    ) -> Run:
        """Open a run, the one that its folder names if there is one, and keep its id there."""
        shared = {
            **self.tags,
            **{f"digest.{of}": digest for of, digest in self.plan.digests.items()},
            **self.plan.tags,
        }
        if self.lineage:
            origin = self.lineage[1]
            shared |= {"digest.snapshot": origin.snapshot, "view": origin.view.name}
        record = self._record(folder)
        resume = record.run_id if record else None
        if resume:
            tags = {**tags, "last_error": ""}  # of an attempt before
        run = self.tracker.start(
            name,
            parent=parent,
            tags={**shared, **tags},
            resume=resume,
            key=None if resume else folder.run_key(),
        )
        self._runs[key] = run
        folder.write_run(RunRecord(run_id=run.id))
        read: dict[str, str] = {
            of: shared[of] for of in ("view", "digest.snapshot") if of in shared
        }
        for dataset in self.plan.datasets.get(key, ()):
            run.dataset(replace(dataset, tags=read))
        return run

    def _sample(self, run: Run, trial: AnyTrial) -> None:
        """Tell of what the machine did since it was told last."""
        told = self._sampled.get(trial.id, 0)
        self._sampled[trial.id] = tell_samples(run, trial.folder.path, told)

    def _record(self, folder: TrialFolder) -> RunRecord | None:
        """Return the run that the tracker knows among those that a folder names."""
        known = (record for record in folder.runs() if self.tracker.knows(record.run_id))
        return next(known, None)

    def _group_record(self) -> RunRecord | None:
        """Return the parent run, also where only the tracker still knows that it is one."""
        folder = self.plan.folder
        known = self._record(folder)
        if known is None:
            there = self.tracker.find({"group_id": self.plan.group})
            if there:
                known = RunRecord(run_id=there[0].id)
                folder.write_run(known)
        return known

    def _tell(self, run: Run, told: Told, step: int) -> None:
        """Tell what came of clips that were tested, and draw it."""
        if told.metrics:
            run.metrics(told.metrics, step)
        run.table(told.name, told.table)
        if self.figures:
            for name, figure in self.figures(told.table).items():
                run.figure(name, figure)


def listed(subjects: Sequence[str]) -> str:
    """Return names with commas; of many the first, and how many there are."""
    if len(subjects) <= LISTED:
        return ", ".join(subjects)
    return f"{', '.join(subjects[:LISTED])} and {len(subjects) - LISTED} more"
