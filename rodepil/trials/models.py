"""Find a trained network by what a user calls it."""

from __future__ import annotations

from pathlib import Path

from rodepil.config.workspace import Workspace
from rodepil.errors import ModelError
from rodepil.trials.folder import TrialFolder


def find_model(name: str, workspace: Workspace) -> Path:
    """Return the model file that `name` means.

    Parameters
    ----------
    name
        A ``.safetensors`` file, a trial's folder, a trial's id, or the id of a run that records
        a trial of this project.
    workspace
        The project.

    Raises
    ------
    ModelError
        Nothing of that name is there; the message lists the trials that are.
    """
    if (model := named_model(name, workspace)) is not None:
        return model
    finished = finished_folders(workspace)
    known = ", ".join(folder.path.name for folder in finished) or "none yet (dvc repro makes them)"
    raise ModelError(
        f"no model is called '{name}': give a model.safetensors, the folder or id of a trial, or "
        f"the id of its run; trials in {workspace.trials}: {known}"
    )


def named_model(name: str, workspace: Workspace) -> Path | None:
    """Return the model file that `name` means to `find_model`; None where nothing is called so."""
    path = Path(name)
    if path.is_file():
        return path
    for folder in (TrialFolder(path), TrialFolder(workspace.trials / name)):
        if folder.model.is_file():
            return folder.model
    for folder in finished_folders(workspace):
        if any(run.run_id == name for run in folder.runs()):
            return folder.model
    return None


def finished_folders(workspace: Workspace) -> list[TrialFolder]:
    """Return the folders of trials that have a model, in the order of their ids."""
    paths = sorted(path for path in workspace.trials.glob("*") if path.is_dir())
    return [folder for path in paths if (folder := TrialFolder(path)).model.is_file()]
