"""What a run learned from and was tested on, with the store or without it."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from rodepil.config.workspace import Workspace
from rodepil.errors import RodepilError, TrialError
from rodepil.io.progress import Progress
from rodepil.models.card import read_card
from rodepil.store.know import lineage
from rodepil.store.know.lineage import Origin
from rodepil.store.know.origins import recordings_today, unchanged_clips
from rodepil.trials.folder import TrialFolder
from rodepil.trials.lineage import Found, find_run
from rodepil.trials.traced import NOT_RECORDED, Traced


def trace_run(
    named: str, workspace: Workspace, *, check: bool = False, progress: Progress | None = None
) -> Traced:
    """Return what a run learned from; the store is not asked.

    Parameters
    ----------
    named
        As for `rodepil.trials.lineage.find_run`.
    workspace
        The project.
    check
        Hash the recordings' files; else what their table says is believed.
    progress
        Shown megabytes.

    Raises
    ------
    TrialError
        There is no such run, or more than one; or it has no recordings to check.
    TableError
        Its lineage can't be read.
    """
    found = find_run(named, workspace)
    rows, origin = lineage.read(found.path)
    rows, origin = _filled(rows, origin, workspace)
    if found.trial:
        rows = _sided(rows, origin.folds.get(found.trial))
    control, start = _begun(found, origin, workspace)
    of_units = origin.task == "localize"
    if check and of_units:
        raise TrialError(
            f"'{named}' localizes action units in clips that are files of their own, so that there "
            "are no recordings to hash; leave --check out"
        )
    return Traced(
        origin,
        found.trial,
        tuple(record.run_id for record in TrialFolder(found.folder).runs()),
        rows,
        [] if of_units else recordings_today(rows, workspace, check=check, progress=progress),
        unchanged_clips(rows, workspace.units_clips if of_units else workspace.clips),
        control,
        start,
    )


def _filled(rows: pa.Table, origin: Origin, workspace: Workspace) -> tuple[pa.Table, Origin]:
    """Fill in what earlier versions did not record, by what finished trials predicted."""
    if rows.column("fold").null_count == 0:
        return rows, origin
    folds = dict(origin.folds)
    said: dict[str, tuple[str, int]] = {}
    for trial in origin.trials:
        folder = TrialFolder(workspace.trials / trial)
        if done := folder.finished():
            folds[trial] = done.fold
            told = folder.predictions()
            clips, subjects = (told.column(one).to_pylist() for one in ("clip_id", "subject_id"))
            said |= {
                clip: (subject, done.fold) for clip, subject in zip(clips, subjects, strict=True)
            }
    known = [said.get(clip_id, (None, None)) for clip_id in rows.column("clip_id").to_pylist()]
    for at, (name, kind) in enumerate((("subject_id", pa.string()), ("fold", pa.int64()))):
        column = pa.array([one[at] for one in known], kind)
        rows = rows.set_column(rows.schema.get_field_index(name), name, column)
    return rows, origin.model_copy(update={"folds": folds})


def _sided(rows: pa.Table, tested: int | None) -> pa.Table:
    """Return a trial's lineage with the side that each clip stands on, after its id."""
    folds = rows.column("fold").to_pylist()
    unknown = tested is None
    sides = [None if unknown or one is None else "test" if one == tested else "train"
             for one in folds]  # fmt: skip
    return rows.add_column(1, "side", pa.array(sides, pa.string()))


def _begun(found: Found, origin: Origin, workspace: Workspace) -> tuple[str, str]:
    """Return control and first weights in words; of earlier versions a trained model tells."""
    if origin.control is not None and origin.start is not None:
        return origin.control, origin.start
    folders = [found.folder, *(workspace.trials / trial for trial in origin.trials)]
    for model in (TrialFolder(folder).model for folder in folders):
        if model.is_file():
            return _of_card(model)
    return NOT_RECORDED, NOT_RECORDED


def _of_card(model: Path) -> tuple[str, str]:
    try:
        card = read_card(model)
    except RodepilError:
        return NOT_RECORDED, NOT_RECORDED
    if card is None:
        return NOT_RECORDED, NOT_RECORDED
    return card.control, card.started_from or "random weights"
