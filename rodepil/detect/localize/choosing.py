"""The localizer that a user means, by file, folder, trial's id or its beginning, or run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from rodepil.config.workspace import Workspace
from rodepil.errors import ModelError
from rodepil.localize.card import LocalizerCard, read_localizer_card
from rodepil.trials.folder import TrialFolder
from rodepil.trials.localize.measures import MEAN_MAP
from rodepil.trials.models import finished_folders, named_model

LISTED: Final = 10
"""Trials that a message lists at most."""


@dataclass(frozen=True)
class Choice:
    """A localizer that a trial of this project trained.

    Parameters
    ----------
    folder
        The trial's.
    card
        What it is.
    mean_map
        How well it did on what it did not learn from, in [0, 1]; below 0 where that is not known.
    fold
        Which was left out; None where that is not known.
    """

    folder: TrialFolder
    card: LocalizerCard
    mean_map: float
    fold: int | None

    @property
    def name(self) -> str:
        """The trial's id."""
        return self.folder.path.name

    def __str__(self) -> str:
        """Return a line for people."""
        scored = f"mean mAP {self.mean_map:.3f}" if self.mean_map >= 0 else "not scored"
        tested = "" if self.fold is None else f" on fold {self.fold}"
        return f"{self.name}: {self.card.variant}, {scored}{tested}, learned from {self.card.data}"


def find_localizer(name: str, workspace: Workspace) -> Path:
    """Return the model file that `name` means.

    Parameters
    ----------
    name
        A ``.safetensors`` file, a trial's folder, a trial's id or how no other localizer's begins,
        or the id of a run that records a trial of this project.
    workspace
        The project.

    Raises
    ------
    ModelError
        Nothing of that name is there, or several are; the message lists localizers, the best
        first.
    """
    if (model := named_model(name, workspace)) is not None:
        return model
    known = [one for folder in finished_folders(workspace) if (one := _choice(folder)) is not None]
    meant = [one for one in known if one.name.startswith(name)]
    if len(meant) == 1:
        return meant[0].folder.model
    raise ModelError(_complaint(name, meant, known, workspace))


def _complaint(name: str, meant: list[Choice], known: list[Choice], workspace: Workspace) -> str:
    """Say what there is in the place of a name that means none or several."""
    what = (
        f"{len(meant)} localizers begin with '{name}'; give more of one's id"
        if meant
        else f"no model is called '{name}': give a model.safetensors, the folder or id of a trial "
        "of localization or the id's beginning, or the id of its run"
    )
    if not known:
        return f"{what}; there is no localizer in {workspace.trials} yet (dvc repro makes them)"
    best = sorted(meant or known, key=lambda one: (-one.mean_map, one.name))
    lines = "".join(f"\n  {one}" for one in best[:LISTED])
    more = f"\n  and {len(best) - LISTED} more" if len(best) > LISTED else ""
    return f"{what}. Localizers in {workspace.trials}, the best first:{lines}{more}"


def _choice(folder: TrialFolder) -> Choice | None:
    """Return a trial's localizer; None where it has a classifier, or one that can't be read."""
    try:
        card = read_localizer_card(folder.model)
    except ModelError:
        return None
    try:
        done = folder.finished()
    except (OSError, ValidationError):
        done = None
    if done is None:
        return Choice(folder, card, -1.0, None)
    return Choice(folder, card, done.metrics.get(MEAN_MAP, -1.0), done.fold)
