"""The tables of a dataset of action units, made of its source: clips, events and folds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pyarrow as pa

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.curate import FAILURES
from rodepil.data.foldcheck import FoldReport, check_folds
from rodepil.data.job import PARTS
from rodepil.data.lock import alone_in
from rodepil.data.manifest import check_unique
from rodepil.data.problems import raise_if
from rodepil.data.ratseizure.counts import class_counts
from rodepil.data.ratseizure.featured import featured_clips
from rodepil.data.ratseizure.filmed import filmed_clips, sweep
from rodepil.data.ratseizure.leaks import SplitLeaks
from rodepil.data.ratseizure.looking import alike_features, alike_films, leaks_of
from rodepil.data.ratseizure.made import UnitClips, subjects_of
from rodepil.data.ratseizure.marked import Marked, marked, with_labels
from rodepil.data.ratseizure.records import write_records
from rodepil.data.ratseizure.sides import folds_of, sides_of
from rodepil.data.ratseizure.source import UnitsSource, read_units
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.progress import Progress
from rodepil.io.sequences import SequenceForm

IMPORTED = "imported"
"""The ``sequence.model`` of features that came as files."""


@dataclass(frozen=True)
class UnitsTables:
    """What came of a dataset's source.

    Parameters
    ----------
    clips, folds
        Tables of those schemas; clips that are left out stand in the first with their reason.
    marked
        Events on the clips, and what lies in none.
    failures
        Table "failures": files that can't be taken.
    leaks
        What the split shares.
    split
        Which split it is.
    report
        Its folds.
    """

    clips: pa.Table
    folds: pa.Table
    marked: Marked
    failures: pa.Table
    leaks: SplitLeaks
    split: str
    report: FoldReport

    @property
    def dropped(self) -> dict[str, int]:
        """Clips that are left out, by reason."""
        reasons = self.clips.column("drop_reason").to_pylist()
        return dict(sorted(Counter(reason for reason in reasons if reason).items()))

    def lines(self) -> list[str]:
        """Say what there is, what is left out and what leaks."""
        kept = sum(self.clips.column("kept").to_pylist())
        dropped = ", ".join(f"{count} {reason}" for reason, count in self.dropped.items())
        folds = [
            f"fold {row.fold}: {row.negatives + row.positives} clips of {len(row.subjects)} "
            f"{'clips or recordings' if self.split == 'given' else 'subjects'}, "
            f"{row.positives} with a unit of a seizure"
            for row in self.report.rows
        ]
        cut = f"{self.marked.cut} segments were cut where clips end"
        return [
            f"{kept} clips kept, dropped: {dropped or 'none'}",
            f"{self.marked.events.num_rows} events; {cut}, {self.marked.lost} lie in no kept clip",
            *(f"failed: {row['message']}" for row in self.failures.to_pylist()),
            f"split: {self.split}",
            *folds,
            *self.leaks.lines(),
        ]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def record(self) -> dict[str, object]:
        """Return what split.json holds."""
        return {
            "split": self.split,
            "clips": {"kept": sum(self.clips.column("kept").to_pylist()), **self.dropped},
            "events": {
                "kept": self.marked.events.num_rows,
                "cut": self.marked.cut,
                "lost": self.marked.lost,
            },
            "folds": [
                {
                    "fold": row.fold,
                    "subjects": len(row.subjects),
                    "normal_clips": row.negatives,
                    "seizure_clips": row.positives,
                }
                for row in self.report.rows
            ],
            "leaks": self.leaks.record(),
            "lines": self.leaks.lines(),
        }


def make_units_tables(
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    *,
    processes: int | None = None,
) -> UnitsTables:
    """Make clips, events and folds of a dataset's source, and say what its split shares.

    With ``sequence.model: imported`` clips are files of features, else videos that are curated.
    Written are the workspace's units_clips, units_events, units_folds, what failed beside the
    clips, and split.json and classes.json among the results of localization.

    Parameters
    ----------
    settings
        Sections ``ratseizure``, ``sequence``, ``curate`` and ``audit``.
    workspace
        Where all lies.
    progress
        Shown hours of video, and clips.
    processes
        Processes on this machine; by default one for each CPU.

    Raises
    ------
    SourceError
        There is no source, it lacks the files that the settings want, no clip is kept, or videos
        failed for a reason that may pass (unless ``curate.allow_failures``).
    AnnotationError, SettingError, FoldError
        Annotations, settings or split hold what can't be.
    """
    source = read_units(workspace.units_source)
    by_features = settings.sequence.model == IMPORTED
    _refuse_other_files(source, by_features=by_features)
    made = _clips_of(source, settings, workspace, progress, processes)
    tables.write(
        "failures",
        tables.from_rows("failures", made.failures),
        workspace.units_clips_folder / FAILURES,
    )
    if not settings.curate.allow_failures:
        raise_if(
            made.unfinished,
            SourceError,
            "What is done is kept; run it again, or go on without: curate.allow_failures=true",
        )
    if not any(row["kept"] for row in made.rows):
        reasons = [str(row["message"]) for row in made.failures] or [
            f"'{row['video_id']}': {row['drop_reason']}" for row in made.rows
        ]
        raise_if(reasons, SourceError, f"No clip of {source.folder} can be taken; mend its files")
    return _write(source, made, settings, workspace, progress)


def _refuse_other_files(source: UnitsSource, *, by_features: bool) -> None:
    """Refuse a source without the kind of files that the settings want."""
    if by_features and not source.features:
        raise SourceError(
            f"sequence.model is '{IMPORTED}' and {source.folder} has no features; import them "
            "(rodepil import ratseizure ANNOTATIONS.json --features DIR), or name a network"
        )
    if not by_features and not source.videos:
        raise SourceError(
            f"{source.folder} has no videos; import them (rodepil import ratseizure "
            f"ANNOTATIONS.json --videos DIR), or take its features: sequence.model={IMPORTED}"
        )


def _clips_of(
    source: UnitsSource,
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
    processes: int | None,
) -> UnitClips:
    folder = workspace.units_clips.parent
    workspace.units_clips_folder.mkdir(parents=True, exist_ok=True)
    if settings.sequence.model == IMPORTED:
        made = featured_clips(source, _form(settings), folder, progress)
        with alone_in(workspace.units_clips_folder / PARTS):
            sweep(workspace.units_clips_folder, made, {})
        return made
    return filmed_clips(
        source, settings, workspace.units_clips_folder, folder, progress, processes=processes
    )


def _form(settings: ProjectSettings) -> SequenceForm:
    grid = settings.sequence
    return SequenceForm(grid.fps, grid.window_frames, grid.stride_frames, grid.imported_width)


def _write(
    source: UnitsSource,
    made: UnitClips,
    settings: ProjectSettings,
    workspace: Workspace,
    progress: Progress,
) -> UnitsTables:
    """Label clips, deal folds, look for leaks, and write all of it."""
    annotations, wanted = source.annotations, settings.ratseizure
    subjects = subjects_of(source, made.digests, wanted.split)
    cut = marked(annotations, made.rows, subjects, 1 / settings.sequence.fps)
    clips = with_labels(made.rows, cut.events, subjects)
    check_unique(clips)
    folds = folds_of(clips, cut.events, annotations, wanted)
    sides = sides_of(clips, folds, annotations, wanted)
    root = workspace.units_clips.parent
    pairs = (
        alike_features(clips, root, _form(settings), sides, progress)
        if settings.sequence.model == IMPORTED
        else alike_films(
            clips,
            root,
            sides,
            progress,
            cache=workspace.auditing / "units",
            likeness_min=settings.audit.duplicate_likeness_min,
        )
    )
    result = UnitsTables(
        clips=tables.write("clips", clips, workspace.units_clips),
        folds=tables.write("folds", folds, workspace.units_folds),
        marked=cut,
        failures=tables.from_rows("failures", made.failures),
        leaks=leaks_of(source, made.digests, sides, pairs),
        split=wanted.split,
        report=check_folds(clips, folds, by_label=False),
    )
    tables.write("events", cut.events, workspace.units_events)
    write_records(workspace.localize_results, result.record(), class_counts(annotations))
    return result
