"""The way to one service, which may be broken for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from rodepil.errors import ServiceAway, TrackingError
from rodepil.track.about import deliver_about
from rodepil.track.delivery import Delivery, Place, owes, place_of
from rodepil.track.journal import Journal
from rodepil.track.protocol import Tracker

Answer = TypeVar("Answer")

PAUSE_S = 5.0
"""How long a service that is away is left alone, at least."""

SHARE = 10
"""How many times as long as a vain attempt took it is left alone: a server that answers nothing
costs no more than a tenth of the time."""


@dataclass
class Line:
    """Delivers runs of this process to one service as long as it can be reached.

    Parameters
    ----------
    opener
        Opens the service.
    journal
        Holds the runs.
    say
        Told once when the service goes away, and once when it is back.
    pause_s
        Seconds for which a service that is away is left alone, at least.
    clock
        Gives seconds of a clock that only goes forward.
    """

    opener: Callable[[], Tracker]
    journal: Journal
    say: Callable[[str], None]
    pause_s: float = PAUSE_S
    clock: Callable[[], float] = time.monotonic
    _tracker: Tracker | None = None
    _deliveries: dict[str, Delivery] = field(default_factory=dict)
    _due: dict[str, None] = field(default_factory=dict)
    _is_described: bool = True
    _again_s: float = float("-inf")
    _failed_s: float = float("-inf")
    _is_away: bool = False
    _is_proved: bool = False
    _is_refused: bool = False

    def __str__(self) -> str:
        return str(self._tracker) if self._tracker else "a service that is away"

    def reach(self) -> None:
        """Open the service; one that is away is left for later.

        Raises
        ------
        TrackingError
            The service refuses.
        """
        begun_s = self.clock()
        try:
            self._opened()
        except ServiceAway as error:
            self._lose(error, self.clock() - begun_s)

    def tell(self, run_id: str, *, last: bool = False) -> None:
        """Deliver what is due: of this run, and of those that could not be delivered before.

        Parameters
        ----------
        run_id
            A run with lines that the service was not told.
        last
            Whether no other occasion may come, so that a service that was away is tried again.

        Raises
        ------
        TrackingError
            The service refuses the very first that it is told. Later on training goes on.
        """
        self._due[run_id] = None
        self._tell_what_is_due(last=last)

    def describe(self) -> None:
        """Deliver what the experiment is, and what else is due.

        Raises
        ------
        TrackingError
            The service refuses the very first that it is told.
        """
        self._is_described = False
        self._tell_what_is_due()

    def _tell_what_is_due(self, *, last: bool = False) -> None:
        begun_s = self.clock()
        if begun_s < (self._failed_s + self.pause_s if last else self._again_s):
            return
        try:
            told = 0 if self._is_described else self._told(self._deliver_about)
            self._is_described = True
            for due in list(self._due):
                told += self._told(partial(self._deliver, due))
                del self._due[due]
        except ServiceAway as error:
            self._lose(error, self.clock() - begun_s)
            return
        if self._is_away:
            self._is_away = False
            self.say(f"{self._tracker} is back: {told} events were delivered")

    def knows(self, run_id: str) -> bool | None:
        """Return whether the service holds a run; None when it was not told or can't be asked."""

        def known(tracker: Tracker) -> bool | None:
            place = place_of(self.journal, run_id, str(tracker))
            if place is None and self.journal.knows(run_id):
                # What no key was written of was recorded before there were any, and delivered.
                return None if "key" in self.journal.events(run_id)[0] else tracker.knows(run_id)
            return tracker.knows(place.run_id if place else run_id)

        try:
            return self.ask(known)
        except TrackingError:
            if not self._is_proved:
                raise
        return None

    def ask(self, question: Callable[[Tracker], Answer]) -> Answer | None:
        """Return what the service answers, or None when it can't be asked now.

        Raises
        ------
        TrackingError
            The service refuses.
        """
        if self.clock() < self._again_s:
            return None
        begun_s = self.clock()
        try:
            return question(self._opened())
        except ServiceAway as error:
            self._lose(error, self.clock() - begun_s)
        return None

    def owes(self, run_id: str) -> bool:
        """Return whether the service was not told all of a run of the journal."""
        return self._tracker is None or owes(self.journal, run_id, str(self._tracker))

    def place(self, run_id: str) -> Place | None:
        """Return how far the service was told of a run; None when it is not reached."""
        return place_of(self.journal, run_id, str(self._tracker)) if self._tracker else None

    def rename(self, run_id: str, to: str) -> None:
        """Go on under another id with a run that was just begun."""
        delivery = self._deliveries.pop(run_id)
        delivery.run_id = to
        self._deliveries[to] = delivery
        self._due = {to if due == run_id else due: None for due in self._due}

    def forget(self, run_id: str) -> None:
        """Deliver no more of a run that is taken back."""
        self._deliveries.pop(run_id, None)
        self._due.pop(run_id, None)

    def _deliver(self, run_id: str) -> int:
        return self._delivery(run_id).deliver()

    def _deliver_about(self) -> int:
        return deliver_about(self.journal.folder, self.journal.experiment, self._opened())

    def _told(self, deliver: Callable[[], int]) -> int:
        """Return how much was delivered; a refusal after the first delivery is said and left."""
        try:
            told = deliver()
        except ServiceAway:
            raise
        except TrackingError as error:
            if not self._is_proved:
                raise
            if not self._is_refused:
                self._is_refused = True
                self.say(f"{error}. Recording goes on in {self.journal.folder}")
            told = 0
        self._is_proved = True
        return told

    def _delivery(self, run_id: str) -> Delivery:
        if run_id not in self._deliveries:
            self._deliveries[run_id] = Delivery(
                self.journal, run_id, self._opened(), self._id_there, self.say
            )
        return self._deliveries[run_id]

    def _id_there(self, run_id: str) -> str:
        """Return what the service calls a run, which it is told of when it was not yet."""
        place = self.place(run_id)
        if place is None and self.journal.knows(run_id):
            self._delivery(run_id).deliver()
            place = self.place(run_id)
        return place.run_id if place else run_id

    def _opened(self) -> Tracker:
        if self._tracker is None:
            self._tracker = self.opener()
        return self._tracker

    def _lose(self, error: ServiceAway, took_s: float) -> None:
        self._failed_s = self.clock()
        self._again_s = self._failed_s + max(self.pause_s, SHARE * took_s)
        self._is_proved = True  # what it refuses later on does not end a training
        if not self._is_away:
            self._is_away = True
            self.say(
                f"{error}. Training goes on, and what is recorded is kept in {self.journal.folder}:"
                " it is delivered when the server is back, or later by: rodepil runs sync"
            )
