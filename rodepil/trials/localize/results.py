"""What came of a localization, and the files that the report reads it from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import torch

from rodepil.config.raseformer import RaseformerSettings
from rodepil.io import tables
from rodepil.io.files import write_json
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.models.raseformer.network import Raseformer
from rodepil.train.result import EpochReport
from rodepil.trials.job import Job
from rodepil.trials.localize.measures import (
    EDIT_SCORE,
    FRAME_ACCURACY,
    MEAN_MAP,
    aps_of,
    map_name,
    maps_of,
    mean_of,
    recorded,
)
from rodepil.trials.localize.plan import LocalizePlan
from rodepil.trials.localize.trial import LocalizeTrial
from rodepil.trials.task import Told


@dataclass(frozen=True)
class LocalizedFold:
    """What came of one fold.

    Attributes
    ----------
    trial
        The trial.
    run_id
        Its run.
    measures
        Numbers by the names of `rodepil.trials.localize.measures`.
    seconds
        Time in all epochs.
    history
        The metrics of every epoch.
    """

    trial: LocalizeTrial
    run_id: str | None
    measures: Mapping[str, float]
    seconds: float
    history: tuple[EpochReport, ...]


@dataclass(frozen=True)
class Localized:
    """What came of a localization.

    Attributes
    ----------
    name
        What people call it.
    run_id
        The parent run.
    settings
        What every fold shares; its ``fold`` says nothing.
    detections
        Table "events": all segments that were found, by fold.
    folds
        One a fold, in order.
    as_before
        Whether all folds were finished before, so that none was run.
    """

    name: str
    run_id: str
    settings: LocalizeTrialSettings
    detections: pa.Table
    folds: tuple[LocalizedFold, ...]
    as_before: bool = field(default=False, compare=False)

    @property
    def mean(self) -> dict[str, float]:
        """The plain mean over folds of every number; of a class over those that hold it."""
        return mean_of(fold.measures for fold in self.folds)

    def told(self) -> Told:
        """Return what the parent run is told: averages, and all segments."""
        return Told("detections", self.detections, recorded(self.mean))

    def write(self, folder: Path, name: str) -> Path:
        """Write a record as ``name.json``, segments as ``name_detections.parquet``.

        Parameters
        ----------
        folder
            Where to write.
        name
            The stem of the files.

        Returns
        -------
        Path
            The record.
        """
        settings = self.settings
        record = {
            "data": settings.data,
            "name": self.name,
            "variant": settings.variant,
            "parent_run_id": self.run_id,
            "settings": {
                "ratseizure": settings.ratseizure.model_dump(mode="json"),
                "sequence": settings.sequence.model_dump(mode="json"),
                "localize": _localize(settings),
            },
            "tious": list(settings.tious),
            "trials": [_record(fold) for fold in self.folds],
            "parameters": parameters(settings.network),
        }
        tables.write("events", self.detections, folder / f"{name}_detections.parquet")
        write_json(folder / f"{name}.json", record)
        return folder / f"{name}.json"

    def __str__(self) -> str:
        names = [*map(map_name, self.settings.tious), MEAN_MAP, FRAME_ACCURACY, EDIT_SCORE]
        said = "all folds were finished before: nothing is trained again"
        lines = [said] if self.as_before else []
        lines += [" " * 10 + "".join(f"{name:>15}" for name in names)]
        for title, measures in (
            *((f"fold {fold.trial.settings.fold}", fold.measures) for fold in self.folds),
            ("average", self.mean),
        ):
            values = "".join(f"{100 * measures[name]:15.2f}" for name in names)
            lines.append(f"{title:<10}{values}")
        return "\n".join(lines)


@dataclass(frozen=True)
class LocalizeJob(Job[Localized]):
    """A localization to run, and who records it."""

    plan: LocalizePlan

    def collect(self, *, as_before: bool = False) -> Localized | None:
        """Return what the finished trials left, in the order of folds; None where none is."""
        finished = {trial: done for trial in self.plan.trials if (done := trial.folder.finished())}
        if not finished:
            return None
        found = pa.concat_tables([trial.folder.detections() for trial in finished]).combine_chunks()
        folds = tuple(
            LocalizedFold(
                trial=trial,
                run_id=self.recorder.run_id(trial),
                measures=done.metrics,
                seconds=done.seconds,
                history=tuple(trial.folder.history()),
            )
            for trial, done in finished.items()
        )
        run_id = self.recorder.group_run_id()
        plan = self.plan
        return Localized(plan.name, run_id, plan.settings, found, folds, as_before)


def parameters(settings: RaseformerSettings) -> int:
    """Return how many numbers a network learns; none is made."""
    with torch.device("meta"):
        return sum(one.numel() for one in Raseformer(settings).parameters())


def _localize(settings: LocalizeTrialSettings) -> dict[str, object]:
    """Return the section ``localize`` that the trial was made of, as the variant changed it."""
    of = settings.model_dump(mode="json", include={"network", "loss", "segments", "tious"})
    return {**of, "train": settings.recipe.model_dump(mode="json")}


def _record(fold: LocalizedFold) -> dict[str, object]:
    trial, settings = fold.trial, fold.trial.settings
    measures = fold.measures
    return {
        "fold": settings.fold,
        "trial_id": trial.id,
        "run_id": fold.run_id,
        "seconds": fold.seconds,
        "train_clips": trial.train_clips,
        "test_clips": trial.test_clips,
        "map": maps_of(measures, settings.tious),
        "mean_map": measures[MEAN_MAP],
        "ap": aps_of(measures, settings.tious, settings.labels),
        "frame_accuracy": measures[FRAME_ACCURACY],
        "edit_score": measures[EDIT_SCORE],
        "history": [{"epoch": report.epoch, **report.metrics} for report in fold.history],
    }
