"""Trials of one plan to run, who records them, and what they leave."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rodepil.errors import TrialError
from rodepil.trials.recording import Recorder
from rodepil.trials.task import AnyPlan, AnyResult, AnyTrial

R_co = TypeVar("R_co", bound=AnyResult, covariant=True)


@dataclass(frozen=True)
class Job(ABC, Generic[R_co]):
    """Trials of one plan to run, and who records them.

    Attributes
    ----------
    plan
        The trials.
    recorder
        Who records them.
    folds
        Those to run; None, all.
    """

    plan: AnyPlan
    recorder: Recorder
    folds: frozenset[int] | None = None

    @property
    def trials(self) -> list[AnyTrial]:
        """Those to run."""
        every = self.plan.trials
        return [one for one in every if self.folds is None or one.settings.fold in self.folds]

    @property
    def is_finished(self) -> bool:
        """Whether no trial of the plan is left to run."""
        return all(trial.folder.finished() for trial in self.plan.trials)

    @abstractmethod
    def collect(self, *, as_before: bool = False) -> R_co | None:
        """Return what the finished trials left, in the order of folds; None where none is.

        Parameters
        ----------
        as_before
            Whether all were finished before this start, which is said of the result.
        """


def epochs_of(jobs: Sequence[Job[Any]]) -> int:
    """Return the epochs of all trials together."""
    return sum(trial.epochs for job in jobs for trial in job.trials)


def failure_of(jobs: Sequence[Job[Any]], failed: Mapping[str, str]) -> TrialError:
    """Return the error that says which trials failed and why."""
    trials = {trial.id: trial for job in jobs for trial in job.plan.trials}
    lines = [f"{trials[trial_id]}: {why}" for trial_id, why in failed.items()]
    count = f"{len(failed)} of {len(trials)} trials failed; the others are kept."
    remedy = "Mend what is said above and run this again to go on"
    return TrialError("\n".join([*lines, f"{count} {remedy}"]))
