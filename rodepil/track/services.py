"""Tracking services by name.

Another service is one file: a class that keeps to the protocols `Tracker` and `Run`, and a function
that opens it, made known by ``@service("name")``. It is found when its module was imported, or as
an entry point of the group ``rodepil.trackers``; ``track.services`` names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import TrackingError
from rodepil.track.protocol import Tracker

GROUP = "rodepil.trackers"
OWN = {"mlflow": "rodepil.track.mlflow_tracker"}
"""The project's own, imported when they are asked for: MLflow takes a second and more."""


class Opener(Protocol):
    """Opens a service."""

    def __call__(
        self,
        settings: TrackSettings,
        workspace: Workspace,
        environ: Mapping[str, str],
        *,
        make: bool,
    ) -> Tracker:
        """Return the service that the settings describe.

        Parameters
        ----------
        settings, workspace, environ
            The section ``track``, the project, and the environment's variables.
        make
            Whether to make what is missing. Else the service is only read: without its database
            it is an error, and without the experiment runs of others are found.

        Raises
        ------
        ServiceAway
            It can't be reached now.
        TrackingError
            It refuses.
        """


_OPENERS: dict[str, Opener] = {}


def service(name: str) -> Callable[[Opener], Opener]:
    """Make an opener known by name; a decorator.

    Raises
    ------
    ValueError
        Another one has that name.
    """

    def register(opener: Opener) -> Opener:
        known = _OPENERS.setdefault(name, opener)
        if known is not opener:
            raise ValueError(f"two tracking services are called '{name}': {known} and {opener}")
        return opener

    return register


def opener_of(name: str) -> Opener:
    """Return what opens the service of that name.

    Raises
    ------
    TrackingError
        There is none.
    """
    if name not in _OPENERS and name in OWN:
        import_module(OWN[name])
    if name not in _OPENERS:
        for entry in entry_points(group=GROUP, name=name):
            entry.load()
    if name not in _OPENERS:
        known = sorted({*_OPENERS, *OWN, *(entry.name for entry in entry_points(group=GROUP))})
        raise TrackingError(
            f"no tracking service is called '{name}'; set track.services to some of {known}"
        )
    return _OPENERS[name]
