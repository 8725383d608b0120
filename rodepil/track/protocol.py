"""What a tracker is: the few things that a run records, whoever listens.

A tracker is small enough to be pickled, so that a worker elsewhere can go on in a run by its id:
``tracker.start(name, resume=run_id)``. To record a thing again is to record it once: a metric
that a run holds for a step, or a setting that it holds, stays as it was. A run that was
interrupted can therefore be fed all it should hold, and ends without duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import pyarrow as pa

from rodepil.track.dataset import Dataset
from rodepil.track.registration import Registration

RunStatus = Literal["finished", "failed", "killed"]
State = Literal["running", "finished", "failed", "killed"]

SYSTEM = "system/"
"""Begins the names of numbers that tell of the machine, at steps that are no epochs; MLflow's pages
show them under 'System metrics'."""

Clock = Callable[[], float]
"""Gives seconds since 1970."""


@dataclass(frozen=True)
class RunFacts:
    """What a tracker tells of a run that it holds.

    Attributes
    ----------
    id
        What the tracker calls it.
    name, status
        As recorded; ``running`` until it has ended.
    start_s, end_s
        Seconds since 1970.
    parent
        The id of the run that it is a part of.
    key
        What it was begun under, where another tracker may call it otherwise.
    experiment
        What it belongs to, by name; empty where a journal holds it for any.
    tags, settings
        Words by name; settings under dotted keys.
    metrics
        Of each number the value at the last step.
    """

    id: str
    name: str
    status: State
    start_s: float
    end_s: float | None = None
    parent: str | None = None
    key: str | None = None
    experiment: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


class Picture(Protocol):
    """What can draw itself into a file, as a matplotlib figure does."""

    def savefig(self, fname: Path, *, dpi: float) -> None:
        """Write the picture to `fname`, in the format of its suffix."""


class Run(Protocol):
    """One run that records."""

    @property
    def id(self) -> str:
        """What to ask for to go on in this run."""

    def settings(self, values: Mapping[str, object]) -> None:
        """Record settings; nested mappings become dotted keys, as in ``train.epochs``."""

    def metrics(
        self, values: Mapping[str, float], step: int = 0, *, at_s: float | None = None
    ) -> None:
        """Record numbers at a step, for example those of an epoch.

        Parameters
        ----------
        values
            Numbers by name.
        step
            Their place on the axis.
        at_s
            When they were measured, in seconds since 1970; by default now.
        """

    def tags(self, values: Mapping[str, str]) -> None:
        """Record words to find and tell runs by; a new value takes the old one's place."""

    def describe(self, markdown: str) -> None:
        """Say in Markdown what the run is; a later text takes the earlier one's place."""

    def dataset(self, dataset: Dataset) -> None:
        """Record what the run learns from or is tested on; one that it holds stays as it was."""

    def table(self, name: str, table: pa.Table) -> None:
        """Record a table as ``tables/<name>``, every digit of it."""

    def figure(self, name: str, figure: Picture) -> None:
        """Record a picture as ``figures/<name>.png``."""

    def file(self, path: Path, folder: str = "") -> None:
        """Record a file under its own name in `folder`."""

    def end(self, status: RunStatus = "finished") -> None:
        """Close the run; ``start(resume=...)`` opens it again."""


class Tracker(Protocol):
    """Where runs are recorded."""

    @property
    def experiment_id(self) -> str:
        """What the tracker calls the experiment; one made anew under its name is called otherwise.

        Empty where there is none.
        """

    def start(
        self,
        name: str,
        *,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
        resume: str | None = None,
        key: str | None = None,
        clock: Clock | None = None,
    ) -> Run:
        """Open a run.

        Parameters
        ----------
        name
            What people read in a list of runs.
        parent
            The id of the run that this one is a part of.
        tags
            Words to find it by.
        resume
            The id of a run to go on in. A tracker that does not know it starts a new run.
        key
            What a new run is begun under; one that was begun under it before is gone on in.
        clock
            Gives the time of what is told; by default the time when it is told.

        Raises
        ------
        ServiceAway
            The tracker can't be reached now.
        TrackingError
            The tracker refuses.
        """

    def knows(self, run_id: str) -> bool:
        """Return whether a run of that id is recorded here."""

    def runs(self, *, below: bool = False) -> Sequence[RunFacts]:
        """Return what runs of the experiment are recorded here, the last begun first.

        Parameters
        ----------
        below
            Whether those of experiments below it belong to them: ``rodepil/ablation`` is below
            ``rodepil``.
        """

    def find(self, tags: Mapping[str, str], *, everywhere: bool = False) -> Sequence[RunFacts]:
        """Return the runs that have all these tags, the last begun first.

        Parameters
        ----------
        tags
            Words by name, each equal to the letter.
        everywhere
            Whether to look over all experiments.

        Raises
        ------
        ServiceAway
            The tracker can't be reached now.
        TrackingError
            The tracker refuses.
        """

    def history(self, run_id: str) -> Sequence[tuple[int, Mapping[str, float]]]:
        """Return each step of a run and its numbers by name, in the order of steps.

        Raises
        ------
        ServiceAway
            The tracker can't be reached now.
        TrackingError
            The tracker refuses, or there is no such run.
        """

    def fetch(self, run_id: str, path: str, to: Path) -> None:
        """Copy a file of a run, whole or not at all.

        Parameters
        ----------
        run_id
            The run.
        path
            Where the run holds it, for example ``tables/predictions.parquet``.
        to
            Where it shall stand; its folder is made when missing.

        Raises
        ------
        ServiceAway
            The tracker can't be reached now.
        TrackingError
            The tracker refuses, or the run holds no such file.
        """

    def describe(self, markdown: str) -> None:
        """Say in Markdown what the experiment is; a later text takes the earlier one's place.

        Raises
        ------
        ServiceAway
            The tracker can't be reached now.
        TrackingError
            The tracker refuses.
        """

    def register(self, run_id: str, model: Registration) -> None:
        """Let a model stand under its name and alias, from the run that made it.

        What is registered already stays as it is; the alias moves to it.

        Parameters
        ----------
        run_id
            The run, which may have ended and is not opened again.
        model
            What it is called, and its files.

        Raises
        ------
        ServiceAway
            The tracker can't be reached now.
        TrackingError
            The tracker refuses, or has no such run.
        """


def is_below(experiment: str, of: str) -> bool:
    """Return whether an experiment is `of` itself or below it, as ``rodepil/ablation`` is."""
    return experiment == of or experiment.startswith(f"{of}/")


def flatten(values: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Return nested mappings as one with dotted keys.

    >>> flatten({"train": {"epochs": 2, "decay": [1, 2]}})
    {'train.epochs': 2, 'train.decay': [1, 2]}
    """
    flat: dict[str, object] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
