"""Deliver what services missed: `rodepil runs sync`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ServiceAway, TrackingError
from rodepil.io.progress import Progress, Silent
from rodepil.io.wording import by_number
from rodepil.track.about import deliver_about, described
from rodepil.track.delivery import Delivery, owes
from rodepil.track.journal import Journal
from rodepil.track.opening import open_journal, open_service
from rodepil.track.protocol import Tracker, is_below


@dataclass
class Synced:
    """What came of it.

    Attributes
    ----------
    service
        Who was told.
    events, runs
        How many lines, of how many runs.
    left_out
        What could not be told, and why.
    """

    service: str
    events: int = 0
    runs: int = 0
    left_out: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = f"{self.events} events of {by_number(self.runs, 'run', 'runs')} were delivered"
        if not self.events:
            told = "nothing was left to deliver"
        return "\n".join(
            [f"{self.service}: {told}", *(f"left out: {why}" for why in self.left_out)]
        )


def sync(
    settings: TrackSettings,
    workspace: Workspace,
    *,
    environ: Mapping[str, str] = os.environ,
    progress: Progress | None = None,
) -> list[Synced]:
    """Tell every service what the journal holds and it does not, each in its experiment.

    It may be stopped at any time and run again: nothing is told twice.

    Parameters
    ----------
    settings, workspace, environ
        As for `open_tracker`.
    progress
        Told of each run.

    Raises
    ------
    ServiceAway
        A service can't be reached now; what was delivered stays delivered.
    TrackingError
        A service refuses.
    """
    experiments = _experiments(Journal(workspace.results / "journal"), settings.experiment)
    count = len(settings.services) * sum(map(len, experiments.values()))
    done = []
    with (progress or Silent()).task("sync", count, "runs") as advance:
        for name in settings.services:
            for experiment, runs in experiments.items():
                of = settings.model_copy(update={"experiment": experiment})
                tracker = open_service(name, of, workspace, environ)
                post = _Post(open_journal(of, workspace), tracker)
                post.describe()
                for run_id in runs:
                    post.deliver(run_id)
                    advance(1)
                done.append(post.synced)
    return _together(done)


def undelivered(journal: Journal, service: str, *, below: bool = False) -> list[str]:
    """Return the runs of the journal's experiment that hold lines a service was not told.

    Those of experiments below it belong to them where it is asked for.
    """
    of = journal.experiment
    experiments = _experiments(journal, of)
    wanted = [name for name in experiments if name == of or (below and is_below(name, of))]
    runs = (run_id for name in wanted for run_id in experiments[name])
    return [run_id for run_id in runs if owes(journal, run_id, service)]


def _experiments(journal: Journal, usual: str) -> dict[str, list[str]]:
    """Return the runs that are to be delivered by their experiment, in the order of their starts.

    Experiments without a run are named where something else is to be said of them.
    Those of before lines were numbered were delivered while they were recorded.
    """
    found: dict[str, list[str]] = {}
    for run_id in journal.ids():
        if journal.is_numbered(run_id):
            of = journal.events(run_id)[0].get("experiment", usual)
            found.setdefault(of, []).append(run_id)
    for of in described(journal.folder):
        found.setdefault(of, [])
    return found


class _Post:
    """Delivers runs to one service, parents before their parts."""

    def __init__(self, journal: Journal, tracker: Tracker) -> None:
        self.synced = Synced(str(tracker))
        self._journal, self._tracker = journal, tracker

    def describe(self) -> None:
        """Tell what the experiment is if that was not told."""
        journal = self._journal
        with self._noting():
            self.synced.events += deliver_about(journal.folder, journal.experiment, self._tracker)

    def deliver(self, run_id: str) -> None:
        """Tell what was not told of a run; what is refused is left out and noted."""
        with self._noting():
            told = self._delivery(run_id).deliver()
            self.synced.events += told
            self.synced.runs += told > 0

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Note what is refused, and say what was done before the service went away."""
        try:
            yield
        except ServiceAway as error:
            done = f"{self.synced.events} events were delivered before"
            raise ServiceAway(f"{error} ({done}; run 'rodepil runs sync' again)") from error
        except TrackingError as error:
            self.synced.left_out.append(str(error))

    def _delivery(self, run_id: str) -> Delivery:
        note = self.synced.left_out.append
        return Delivery(self._journal, run_id, self._tracker, self._id_there, note)

    def _id_there(self, run_id: str) -> str:
        delivery = self._delivery(run_id)
        if delivery.place() is None and self._journal.knows(run_id):
            self.deliver(run_id)
        place = delivery.place()
        return place.run_id if place else run_id


def _together(parts: list[Synced]) -> list[Synced]:
    """Return one account for each service."""
    whole: dict[str, Synced] = {}
    for part in parts:
        account = whole.setdefault(part.service, Synced(part.service))
        account.events += part.events
        account.runs += part.runs
        account.left_out += part.left_out
    return list(whole.values())
