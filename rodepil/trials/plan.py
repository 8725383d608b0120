"""The trials of a cross-validation, each split checked by the guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow.compute as pc

from rodepil.config.controls import Control
from rodepil.config.settings import ModelSettings, ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.digests import clips_digest, folds_digest
from rodepil.data.origin import data_of
from rodepil.data.split import split_by_fold
from rodepil.errors import SettingError
from rodepil.io import tables
from rodepil.store import training_view
from rodepil.track.dataset import Dataset
from rodepil.train.trial import TrialSettings
from rodepil.trials.datasets import sides, whole
from rodepil.trials.group import FoldTrials, subjects_in
from rodepil.trials.identity import group_id, trial_id
from rodepil.trials.start import find_start, start_words
from rodepil.trials.trial import Trial, particular
from rodepil.vision.inputs import make_inputs


@dataclass(frozen=True)
class Plan(FoldTrials[TrialSettings, Trial]):
    """The trials of one cross-validation.

    Its ``digests`` are of clips, folds, view, and pretrained weights if there are any.
    """

    of_recordings: ClassVar[bool] = True

    @property
    def tags(self) -> dict[str, str]:
        """What its runs are found by."""
        return {
            "control": self.settings.control,
            "modality": self.settings.train.modality,
            "data": self.settings.data,
        }

    @property
    def begun(self) -> dict[str, str]:
        """What its lineage says of it: its control, and its first weights in words."""
        start = start_words(self.trials[0].start, self.settings.model.weights)
        return {"control": self.settings.control, "start": start}


def title_of(settings: TrialSettings) -> str:
    """Return what a cross-validation is called: what is particular about it, if anything."""
    return ", ".join(["cross-validation", *particular(settings)])


def make_plan(
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    control: Control = "none",
    folds: Sequence[int] | None = None,
    name: str | None = None,
    snapshot: Path | None = None,
) -> Plan:
    """Return the trials of a cross-validation, each split checked by the guard.

    Parameters
    ----------
    settings, workspace
        The project.
    control
        What it goes without (`rodepil.config.controls`).
    folds
        Folds to test; by default all.
    name
        What to call it, by default after what is particular about it.
    snapshot
        The table of its features, by default the project's.

    Raises
    ------
    SettingError
        There is no such modality, or one frame shall show motion; or the control can't be had of
        such clips, or leaves out what is not there.
    ModelError
        The pretrained weights are missing; it says where to get them.
    TableError
        The clips or folds table is missing or broken.
    FoldError, SubjectLeak
        The fold table does not fit the clips, has no such fold, or leaks.
    """
    train = settings.train
    make_inputs(settings.features, train.modality, train.flow, control=control)  # or refuses
    clips = tables.read("clips", workspace.clips)
    dealt = tables.read("folds", workspace.folds)
    numbers = sorted(set(pc.unique(dealt.column("fold")).to_pylist() if folds is None else folds))
    digests = {
        "clips": clips_digest(clips),
        "folds": folds_digest(dealt),
        "view": training_view(settings.features).identity(),
    }
    model = _model(settings.model, control)
    start = find_start(model, workspace)
    if start:
        digests["weights"] = start.digest
    shared = TrialSettings(
        model=model,
        features=settings.features,
        train=settings.train,
        control=control,
        data=data_of(settings, workspace),
    )
    group = group_id(shared, digests)
    trials: dict[Trial, tuple[Dataset, ...]] = {}
    for fold in numbers:
        own = shared.model_copy(update={"fold": fold})
        split = split_by_fold(clips, dealt, fold)
        trial = Trial(
            id=trial_id(own, digests),
            settings=own,
            root=workspace.root,
            start=start,
            store=settings.store,
            snapshot=snapshot,
            train_subjects=subjects_in(split.train),
            test_subjects=subjects_in(split.test),
        )
        trials[trial] = (whole(split, digests, workspace), *sides(split, digests, workspace))
    return Plan.of(
        name or title_of(shared),
        group,
        workspace=workspace,
        settings=shared,
        digests=digests,
        dealt=trials,
    )


def _model(settings: ModelSettings, control: Control) -> ModelSettings:
    """Return the network of a cross-validation under `control`."""
    if control != "scratch":
        return settings
    if settings.pretrained == "none":
        raise SettingError(
            "the control 'scratch' leaves pretrained weights out, and model.pretrained is 'none': "
            "the cross-validation itself starts from random ones"
        )
    return settings.model_copy(update={"pretrained": "none", "weights": None})
