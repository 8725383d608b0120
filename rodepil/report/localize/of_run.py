"""The figures that runs of localization hold, drawn of what was found in the clips they tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
from matplotlib.figure import Figure

from rodepil.config.origin import units_data_name
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.io import tables
from rodepil.report.localize.data import UnitData
from rodepil.report.localize.figures.timeline import timeline
from rodepil.report.localize.figures.units import ap_bars
from rodepil.report.localize.read import LocalizeInputs
from rodepil.report.localize.records import (
    RESULT,
    LocalizedWith,
    LocalizeRecord,
    LocalizeRun,
    LocalizeTrialRecord,
    key_of,
)
from rodepil.report.style import LIGHT
from rodepil.scoring import mean_average_precision

NOT_ASKED: Final[Mapping[str, Any]] = {
    "trial_id": "", "run_id": None, "seconds": 0.0, "train_clips": 0, "test_clips": 0,
    "frame_accuracy": 0.0, "edit_score": 0.0, "history": (),
}  # fmt: skip
"""What a record holds beside AP, which these figures do not show."""


@dataclass(frozen=True)
class RunFigures:
    """Draws AP of every action unit, and some tested clips in time.

    Parameters
    ----------
    data
        The clips, their true segments and their folds.
    settings
        What was run, as the project's settings say it.
    source
        The data in words.
    """

    data: UnitData
    settings: LocalizedWith
    source: str

    @classmethod
    def of(cls, settings: ProjectSettings, workspace: Workspace) -> RunFigures:
        """Return what draws the figures of a project's localizations.

        Raises
        ------
        TableError
            A table of the clips is missing or broken.
        """
        clips = tables.read("clips", workspace.units_clips)
        data = UnitData(
            clips.filter(clips.column("kept")),
            tables.read("events", workspace.units_events),
            tables.read("folds", workspace.units_folds),
            given=settings.ratseizure.split == "given",
        )
        own = LocalizedWith(
            ratseizure=settings.ratseizure, sequence=settings.sequence, localize=settings.localize
        )
        return cls(data, own, units_data_name(settings))

    def __call__(self, variant: str, found: pa.Table) -> Mapping[str, Figure]:
        """Return the figures by name; none where nothing was found.

        Parameters
        ----------
        variant
            Which model found it.
        found
            Table ``events`` of one fold's tested clips, or of several folds'.

        Raises
        ------
        ReportError
            Segments are of no clip.
        """
        if not found.num_rows:
            return {}
        folds = sorted({clip["fold"] for _, clip in self.data.within(found)})
        if not folds:
            raise ReportError(
                "what was found is of none of the clips that stand in a fold; run 'dvc repro "
                "localize'"
            )
        record = LocalizeRecord(
            data=self.source, name=variant or RESULT, parent_run_id=None, settings=self.settings,
            tious=self.settings.localize.tious, parameters=0,
            trials=tuple(self._trial(fold, found) for fold in folds),
        )  # fmt: skip
        run = LocalizeRun(record, found, self.data)
        inputs = LocalizeInputs((run,), self.data, None, ())
        return {"ap": ap_bars(inputs, LIGHT), "timeline": timeline(inputs, LIGHT)}

    def _trial(self, fold: int, found: pa.Table) -> LocalizeTrialRecord:
        """Return mAP and AP of a fold, from what was found in its clips."""
        tious = self.settings.localize.tious
        true, said = (self._in_fold(fold, events) for events in (self.data.events, found))
        scores = mean_average_precision(true, said, tious)
        keys = [key_of(tiou) for tiou in tious]
        return LocalizeTrialRecord.model_validate({
            **NOT_ASKED,
            "fold": fold,
            "map": dict(zip(keys, scores.by_threshold.tolist(), strict=True)),
            "mean_map": scores.mean,
            "ap": {
                label: {key: None if one != one else one  # noqa: PLR0124 - NaN: no true segment
                        for key, one in zip(keys, values, strict=True)}
                for label, values in zip(scores.classes, scores.ap.tolist(), strict=True)
            },
        })  # fmt: skip

    def _in_fold(self, fold: int, events: pa.Table) -> pa.Table:
        kept = [event for event, clip in self.data.within(events) if clip["fold"] == fold]
        return tables.from_rows("events", kept)
