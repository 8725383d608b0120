"""What a run learned from and was tested on, with the store or without it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from rodepil.config.workspace import Workspace
from rodepil.errors import RodepilError, TrialError
from rodepil.io.progress import Progress
from rodepil.io.wording import by_number
from rodepil.models.card import read_card
from rodepil.store.know import lineage
from rodepil.store.know.lineage import Origin
from rodepil.store.know.origins import RecordingOrigin, recordings_today, unchanged_clips
from rodepil.store.know.tell import titled
from rodepil.trials.folder import TrialFolder
from rodepil.trials.lineage import Found, find_run

Side = Literal["train", "test"]
NOT_RECORDED = "not recorded"


@dataclass(frozen=True)
class Traced:
    """What a run learned from.

    Attributes
    ----------
    origin
        Its view and snapshot, and its cross-validation.
    trial
        The trial that was asked for; None where it was the cross-validation.
    runs
        The ids under which trackers know it.
    rows
        The table "lineage"; of a trial with a column ``side``: ``train``, ``test``, or null
        where nothing tells.
    recordings
        The recordings, and whether they are what they were.
    unchanged
        Clips that the manifest still has with the same bytes; None where it is gone.
    control, start
        Which control it is, and which weights it starts from, in words.
    """

    origin: Origin
    trial: str | None
    runs: tuple[str, ...]
    rows: pa.Table
    recordings: list[RecordingOrigin]
    unchanged: int | None
    control: str
    start: str

    @property
    def fold(self) -> int | None:
        """The fold that the trial tests."""
        return self.origin.folds.get(self.trial) if self.trial else None

    def __str__(self) -> str:
        return "\n".join(titled(name, text) for name, text in self._told())

    def _told(self) -> Iterator[tuple[str, str]]:
        if self.trial:
            fold = NOT_RECORDED if self.fold is None else self.fold
            yield "trial", f"{self.trial}, which tests fold {fold}"
        else:
            what = "localization" if self.origin.task == "localize" else "cross-validation"
            yield "asked for", f"the {what} of {_trials(len(self.origin.trials))}"
        yield "run", ", ".join(self.runs) or "told to no tracker yet"
        yield "control", self.control
        yield "group", f"{self.origin.group}: {self._group()}"
        yield "starts from", self.start
        if self.trial:
            yield "trained on", self._side("train")
            yield "tested on", self._side("test")
        else:
            yield (
                "clips",
                (
                    f"{_clips(self.rows)}; each is tested by the trial of its fold, and "
                    "trained on by the others"
                ),
            )
        now = "unknown, for the table of clips is gone"
        if self.unchanged is not None:
            many = self.rows.num_rows
            now = f"{self.unchanged} of all {many} are in the manifest with the same bytes"
        yield "clips today", now
        yield from self._features()
        if self.origin.task == "localize":
            yield "recordings", "none: clips of action units are files of their own"
            return
        days = Counter(recording.today for recording in self.recordings)
        how = "by their files" if any(one.checked for one in self.recordings) else "by the table"
        said = ", ".join(f"{count} {what}" for what, count in sorted(days.items()))
        yield "recordings", f"{len(self.recordings)}; {said} {how}"

    def _group(self) -> str:
        """Return the trials of the cross-validation by fold."""
        folds = self.origin.folds
        named = sorted(self.origin.trials, key=lambda trial: (folds.get(trial, -1), trial))
        return ", ".join(f"fold {folds[one]} {one}" if one in folds else one for one in named)

    def _side(self, side: Side) -> str:
        sides = pa.array(self.rows.column("side").to_pylist(), pa.string())
        some = self.rows.filter(pa.array([one == side for one in sides.to_pylist()]))
        return NOT_RECORDED if sides.null_count == len(sides) else _clips(some)

    def _features(self) -> Iterator[tuple[str, str]]:
        view = self.origin.view
        settings = ", ".join(f"{name} {value}" for name, value in view.settings.items())
        yield "view", f"{view.name} (kind {view.kind}; {settings})"
        made_of = "".join(f", {name} {digest}" for name, digest in view.made_of.items())
        yield (
            "identity",
            f"{view.identity}: code version {view.code_version}, {view.made_with}{made_of}",
        )
        yield "snapshot", self.origin.snapshot


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


def _clips(rows: pa.Table) -> str:
    subjects = {one for one in rows.column("subject_id").to_pylist() if one is not None}
    of = f" of {by_number(len(subjects), 'subject', 'subjects')}" if subjects else ""
    return f"{by_number(rows.num_rows, 'clip', 'clips')}{of}"


def _trials(count: int) -> str:
    return by_number(count, "trial", "trials")
