"""A trial's checkpoints on disk: written whole, the one before kept, read without running code."""

from __future__ import annotations

import os
import pickle
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from rodepil.errors import TrainingError
from rodepil.io.files import publish


@dataclass(frozen=True)
class TrialState:
    """Everything that a trial goes on from.

    Random state is no part of it: every draw hangs on the seed, the epoch and the place in it.

    Parameters
    ----------
    trial_id
        The trial that it belongs to.
    model
        The network's state dict.
    optimizer
        The optimizer's state dict.
    average
        The state dict of the weights' average; empty where there is none.
    history
        The metrics of each epoch that is done, in order.
    """

    trial_id: str
    model: dict[str, Tensor]
    optimizer: dict[str, Any]
    average: dict[str, Tensor]
    history: list[dict[str, float]]


@dataclass(frozen=True)
class CheckpointFolder:
    """Where one trial keeps its last checkpoint and the one before.

    Parameters
    ----------
    folder
        The trial's folder; made when the first checkpoint is saved.
    """

    folder: Path

    @property
    def latest(self) -> Path:
        """The last checkpoint."""
        return self.folder / "checkpoint.pt"

    @property
    def previous(self) -> Path:
        """The checkpoint before the last."""
        return self.folder / "checkpoint.previous.pt"

    def save(self, state: TrialState) -> None:
        """Write `state` as the last checkpoint and keep the one before.

        A process that is killed here leaves at least one of the two whole.
        """
        content = {f.name: getattr(state, f.name) for f in fields(state)}
        with publish(self.latest) as beside:
            with beside.open("wb") as stream:
                torch.save(content, stream)
                stream.flush()
                os.fsync(stream.fileno())
            if self.latest.exists():
                self.latest.replace(self.previous)

    def load(self) -> TrialState | None:
        """Return the last whole checkpoint, on the CPU, or None when there is none.

        Raises
        ------
        TrainingError
            Checkpoints are there, but none can be read.
        """
        problems = []
        for path in (self.latest, self.previous):
            if not path.exists():
                continue
            try:
                return _read(path)
            except TrainingError as error:
                problems.append(str(error))
        if problems:
            raise TrainingError(
                f"{'; '.join(problems)}; remove {self.folder} to train from the start"
            )
        return None


def _read(path: Path) -> TrialState:
    """Read one file; `weights_only` refuses a pickle that would run code."""
    if not zipfile.is_zipfile(path):
        raise TrainingError(f"{path} is torn or no checkpoint (its end is missing)")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, KeyError, pickle.UnpicklingError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise TrainingError(f"{path} is torn or no checkpoint ({reason})") from error
    wanted = [f.name for f in fields(TrialState)]
    if not isinstance(content, dict) or sorted(content) != sorted(wanted):
        raise TrainingError(f"{path} is no checkpoint of a trial; one holds {wanted}")
    return TrialState(**content)
