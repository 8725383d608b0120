"""The lineage of a cross-validation: kept with its trials, and found by a run's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from filelock import FileLock

from rodepil.config.workspace import Workspace
from rodepil.errors import FeatureError, TableError, TrialError
from rodepil.io import tables
from rodepil.io.files import unwritable
from rodepil.store import snapshot
from rodepil.store.know import lineage
from rodepil.store.know.columns import recording_digests
from rodepil.store.know.lineage import FILE, Origin, ViewRecord
from rodepil.store.opening import place_of
from rodepil.trials.folder import TrialFolder
from rodepil.trials.group import GROUP
from rodepil.trials.task import AnyPlan

SHOWN = 5


def keep_lineage(plan: AnyPlan, workspace: Workspace) -> tuple[pa.Table, Origin] | None:
    """Return what a cross-validation learns from, written down before it begins.

    What stands there is kept, with the trials that are new: the same group has the same features.
    Where all is finished and the snapshot is gone or of other settings, there may be none. Of
    several that begin at once one writes at a time, on what the others wrote.

    Raises
    ------
    FeatureError
        A trial is to be trained, and the snapshot is not of these clips and settings.
    TableError
        The snapshot is missing, a table can't be read, or the lineage can't be written.
    """
    path = plan.folder.path / FILE
    if path.is_file() and _is_told(plan, known := lineage.read(path)[1]):
        return lineage.read(path)[0], known
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{FILE}.lock"))
        lock.acquire()
    except OSError as error:
        raise TableError(unwritable(path, error)) from error
    try:
        return _kept(plan, workspace, path)
    finally:
        lock.release()


def _is_told(plan: AnyPlan, origin: Origin) -> bool:
    """Say whether a lineage names all trials of a plan, and all that is known of them."""
    trials = {trial.id for trial in plan.trials}
    return trials <= set(origin.folds) and None not in {origin.control, origin.start}


def _kept(plan: AnyPlan, workspace: Workspace, path: Path) -> tuple[pa.Table, Origin] | None:
    """Write the lineage with the plan's trials, and return it."""
    folds = {trial.id: trial.settings.fold for trial in plan.trials}
    if path.is_file():
        rows, origin = lineage.read(path)
    else:
        made = _trace(plan, workspace)
        if made is None:
            return None
        rows, view, digest = made
        origin = Origin(group=plan.group, trials=(), snapshot=digest, view=view)
    every = {
        "trials": tuple(sorted({*folds, *origin.trials})),
        "folds": {**origin.folds, **folds},
        **plan.begun,
    }
    origin = origin.model_copy(update=every)
    # the group's identity is of these clips and folds
    rows = lineage.with_folds(rows, tables.read("folds", plan.trials[0].folds))
    lineage.write(rows, origin, path)
    return rows, origin


def _trace(plan: AnyPlan, workspace: Workspace) -> tuple[pa.Table, ViewRecord, str] | None:
    """Return the lineage of the snapshot as it is, its view and its digest."""
    done = all(trial.folder.finished() for trial in plan.trials)
    path = plan.trials[0].features
    if done and not path.is_file():
        return None
    features = tables.read("features", path)
    view = plan.trials[0].view
    clips = tables.read("clips", plan.trials[0].clips)
    try:
        place = place_of(plan.trials[0].store, workspace)
        films = recording_digests(workspace) if plan.of_recordings else {}
        rows = lineage.trace(view, features, clips, films, place)
    except FeatureError:
        if done:
            return None
        raise
    return rows, ViewRecord.of(view), snapshot.digest(view.name, features)


@dataclass(frozen=True)
class Found:
    """A run that was asked for.

    Attributes
    ----------
    path
        The lineage of its cross-validation.
    folder
        The folder of the trial, or of the group of trials.
    """

    path: Path
    folder: Path

    @property
    def trial(self) -> str | None:
        """The trial's id; None where it is the whole cross-validation."""
        return None if self.folder == self.path.parent else self.folder.name


def find_run(named: str, workspace: Workspace) -> Found:
    """Return a run and where its lineage lies.

    Parameters
    ----------
    named
        The id of a trial, of a group of them, or of a run as the tracker knows it; a beginning
        suffices.
    workspace
        The project.

    Raises
    ------
    TrialError
        No run, or more than one, is called so, or its lineage was not recorded.
    """
    home = _homes(workspace.trials)
    found: dict[str, set[str]] = {}
    for name, folder in _names(workspace.trials):
        if named and (name.startswith(named) or f"{GROUP}{name}".startswith(named)):
            found.setdefault(folder, set()).add(name)
    if not found:
        raise TrialError(
            f"no run is called '{named}'; the ids of trials and groups are the folders in "
            f"{workspace.trials}, those of runs stand in MLflow"
        )
    whole = [folder for folder, names in found.items() if named in names]
    if len(found) > 1 and len(whole) != 1:
        some = sorted(name for names in found.values() for name in names)
        shown = ", ".join(some[:SHOWN]) + ", …" * (len(some) > SHOWN)
        raise TrialError(f"'{named}' stands for several runs: {shown}; give more of the id")
    folder = whole[0] if whole else next(iter(found))
    if folder not in home:
        raise TrialError(
            f"the lineage of '{folder}' was not recorded; run 'rodepil crossval' with the "
            "settings of that run (of action units with --task localize): it records what is "
            "missing and trains nothing again"
        )
    return Found(home[folder], workspace.trials / folder)


def _homes(trials: Path) -> dict[str, Path]:
    """Return where the lineage of each trial's and group's folder lies."""
    homes: dict[str, Path] = {}
    for path in lineage.lineages(trials):
        origin = lineage.read_origin(path)
        homes |= dict.fromkeys([path.parent.name, *origin.trials], path)
    return homes


def _names(trials: Path) -> Iterator[tuple[str, str]]:
    """Yield what a run can be called, and the folder that it is."""
    if not trials.is_dir():
        return
    for path in sorted(trials.iterdir()):
        if path.is_dir() and not path.name.startswith("."):
            yield path.name.removeprefix(GROUP), path.name
            for record in TrialFolder(path).runs():
                yield record.run_id, path.name
