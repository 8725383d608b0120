"""What is said of what a run learned from: its trials, clips, features and recordings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import pyarrow as pa

from rodepil.io.wording import by_number
from rodepil.store.know.lineage import Origin
from rodepil.store.know.origins import RecordingOrigin
from rodepil.store.know.tell import titled

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


def _clips(rows: pa.Table) -> str:
    subjects = {one for one in rows.column("subject_id").to_pylist() if one is not None}
    of = f" of {by_number(len(subjects), 'subject', 'subjects')}" if subjects else ""
    return f"{by_number(rows.num_rows, 'clip', 'clips')}{of}"


def _trials(count: int) -> str:
    return by_number(count, "trial", "trials")
