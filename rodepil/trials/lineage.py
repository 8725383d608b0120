"""The lineage of a cross-validation: kept with its trials, and found by a run's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from rodepil.config.workspace import Workspace
from rodepil.errors import FeatureError, TrialError
from rodepil.io import tables
from rodepil.io.progress import Progress
from rodepil.store import snapshot, training_view
from rodepil.store.know import lineage
from rodepil.store.know.columns import recording_digests
from rodepil.store.know.lineage import FILE, Origin, ViewRecord
from rodepil.store.know.origins import RecordingOrigin, recordings_today, unchanged_clips
from rodepil.trials.folder import TrialFolder
from rodepil.trials.plan import Plan

GROUP = "group_"
SHOWN = 5


def keep_lineage(plan: Plan, workspace: Workspace) -> tuple[pa.Table, Origin] | None:
    """Return what a cross-validation learns from, written down before it begins.

    What stands there is kept, with the trials that are new: the same group has the same features.
    Where all is finished and the snapshot is gone or of other settings, there may be none.

    Raises
    ------
    FeatureError
        A trial is to be trained, and the snapshot is not of these clips and settings.
    TableError
        The snapshot is missing, or a table can't be read.
    """
    path = plan.folder.path / FILE
    trials = {trial.id for trial in plan.trials}
    if path.is_file():
        rows, origin = lineage.read(path)
        if trials <= set(origin.trials):
            return rows, origin
        every = tuple(sorted(trials | set(origin.trials)))
        origin = origin.model_copy(update={"trials": every})
    else:
        made = _trace(plan, workspace)
        if made is None:
            return None
        rows, view, digest = made
        origin = Origin(group=plan.group, trials=tuple(sorted(trials)), snapshot=digest, view=view)
    lineage.write(rows, origin, path)
    return rows, origin


def _trace(plan: Plan, workspace: Workspace) -> tuple[pa.Table, ViewRecord, str] | None:
    """Return the lineage of the snapshot as it is, its view and its digest."""
    done = all(trial.folder.finished() for trial in plan.trials)
    if done and not workspace.features.is_file():
        return None
    features = tables.read("features", workspace.features)
    view = training_view(plan.settings.features)
    clips = tables.read("clips", workspace.clips)
    try:
        rows = lineage.trace(view, features, clips, recording_digests(workspace))
    except FeatureError:
        if done:
            return None
        raise
    return rows, ViewRecord.of(view), snapshot.digest(view.name, features)


def find_lineage(named: str, workspace: Workspace) -> Path:
    """Return the lineage of a run.

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
    paths = {home[folder] for folder in found if folder in home}
    lost = sorted(folder for folder in found if folder not in home)
    if len(paths) == 1 and not lost:
        return paths.pop()
    if not paths and len(lost) == 1:
        raise TrialError(
            f"the lineage of '{lost[0]}' was not recorded; run 'rodepil crossval' with the "
            "settings of that run: it records what is missing and trains nothing again"
        )
    some = sorted(name for names in found.values() for name in names)
    shown = ", ".join(some[:SHOWN]) + ", …" * (len(some) > SHOWN)
    raise TrialError(f"'{named}' stands for several runs: {shown}; give more of the id")


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
        if path.is_dir():
            yield path.name.removeprefix(GROUP), path.name
            for record in TrialFolder(path).runs():
                yield record.run_id, path.name


@dataclass(frozen=True)
class Traced:
    """What a run learned from.

    Attributes
    ----------
    origin
        Its view and snapshot.
    rows
        The table "lineage".
    recordings
        The recordings, and whether they are what they were.
    unchanged
        Clips that the manifest still has with the same bytes; None where it is gone.
    """

    origin: Origin
    rows: pa.Table
    recordings: list[RecordingOrigin]
    unchanged: int | None

    def __str__(self) -> str:
        view = self.origin.view
        settings = ", ".join(f"{name} {value}" for name, value in view.settings.items())
        now = "unknown, for the table of clips is gone"
        if self.unchanged is not None:
            now = f"{self.unchanged} of them are in the manifest with the same bytes"
        days = Counter(recording.today for recording in self.recordings)
        how = "by their files" if any(one.checked for one in self.recordings) else "by the table"
        told = {
            "group": self.origin.group,
            "trials": ", ".join(self.origin.trials),
            "view": f"{view.name} (kind {view.kind}; {settings})",
            "identity": f"{view.identity}: code version {view.code_version}, {view.made_with}"
            + "".join(f", {name} {digest}" for name, digest in view.made_of.items()),
            "snapshot": self.origin.snapshot,
            "clips": f"{self.rows.num_rows}; {now}",
            "recordings": f"{len(self.recordings)}; "
            + ", ".join(f"{count} {what}" for what, count in sorted(days.items()))
            + f" {how}",
        }
        return "\n".join(f"{name:11} {text}" for name, text in told.items())


def trace_run(
    named: str, workspace: Workspace, *, check: bool = False, progress: Progress | None = None
) -> Traced:
    """Return what a run learned from; the store is not asked.

    Parameters
    ----------
    named
        As for `find_lineage`.
    workspace
        The project.
    check
        Hash the recordings' files; else what their table says is believed.
    progress
        Shown megabytes.

    Raises
    ------
    TrialError
        There is no such run, or more than one.
    TableError
        Its lineage can't be read.
    """
    rows, origin = lineage.read(find_lineage(named, workspace))
    return Traced(
        origin,
        rows,
        recordings_today(rows, workspace, check=check, progress=progress),
        unchanged_clips(rows, workspace),
    )
