"""The runs of a plan: found again where there are some, else opened, the parent before a child.

The run of a trial is kept in the trial's folder, so that it is gone on in and never made twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from rodepil.store.know.lineage import Origin
from rodepil.track import Run, Tracker
from rodepil.trials.datasets import in_words
from rodepil.trials.folder import RunRecord, TrialFolder
from rodepil.trials.task import AnyPlan, AnyTrial

LISTED = 100
"""Subjects that a run's words name; trackers bound their length, and hundreds are no reading."""


@dataclass
class PlanRuns:
    """The runs of one plan.

    Parameters
    ----------
    tracker
        Who listens.
    plan
        The plan.
    tags
        Words for every run.
    lineage
        The table "lineage" of the features that are learned from, and what it is of.

    Attributes
    ----------
    open
        The runs that are open, by the ids of the group and its trials.
    """

    tracker: Tracker
    plan: AnyPlan
    tags: Mapping[str, str]
    lineage: tuple[pa.Table, Origin] | None
    open: dict[str, Run] = field(default_factory=dict)

    def parent(self) -> Run:
        """Return the cross-validation's run, opened when it is first asked for."""
        of = self.plan
        if of.group not in self.open:
            self.known_parent()
            run = self._start(of.group, of.name, {"group_id": of.group}, of.folder)
            run.settings(of.settings.model_dump(mode="json", exclude={"fold"}))
            if self.lineage:
                run.table("lineage", self.lineage[0].replace_schema_metadata(None))
        return self.open[of.group]

    def child(self, trial: AnyTrial) -> Run:
        """Return the trial's run, opened when it is first asked for."""
        if trial.id not in self.open:
            tags = {
                "trial_id": trial.id,
                "subjects.train": listed(trial.train_subjects),
                "subjects.test": listed(trial.test_subjects),
            }
            name = f"{self.plan.name}/fold-{trial.settings.fold}"
            parent = self.parent().id
            run = self._start(trial.id, name, tags, trial.folder, parent=parent)
            run.settings(trial.settings.model_dump(mode="json"))
            if trial.id in self.plan.datasets:
                run.describe(self._words(trial))
        return self.open[trial.id]

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
        record = self.known(folder)
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
        self.open[key] = run
        folder.write_run(RunRecord(run_id=run.id))
        read: dict[str, str] = {
            of: shared[of] for of in ("view", "digest.snapshot") if of in shared
        }
        for dataset in self.plan.datasets.get(key, ()):
            run.dataset(replace(dataset, tags=read))
        return run

    def known(self, folder: TrialFolder) -> RunRecord | None:
        """Return the run that the tracker knows among those that a folder names."""
        known = (record for record in folder.runs() if self.tracker.knows(record.run_id))
        return next(known, None)

    def known_parent(self) -> RunRecord | None:
        """Return the parent run, also where only the tracker still knows that it is one."""
        folder = self.plan.folder
        known = self.known(folder)
        if known is None:
            there = self.tracker.find({"group_id": self.plan.group})
            if there:
                known = RunRecord(run_id=there[0].id)
                folder.write_run(known)
        return known


def listed(subjects: Sequence[str]) -> str:
    """Return names with commas; of many the first, and how many there are."""
    if len(subjects) <= LISTED:
        return ", ".join(subjects)
    return f"{', '.join(subjects[:LISTED])} and {len(subjects) - LISTED} more"
