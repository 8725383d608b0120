"""The trials of a localization, each split checked by the guard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.origin import units_data_name
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.digests import clips_digest, events_digest, folds_digest
from rodepil.data.split import split_by_fold
from rodepil.errors import FoldError
from rodepil.io import tables
from rodepil.localize.settings import LocalizeTrialSettings, Variant
from rodepil.models.sequence import sequence_view
from rodepil.track.dataset import Dataset
from rodepil.trials.group import FoldTrials, subjects_in
from rodepil.trials.localize.datasets import units_of
from rodepil.trials.localize.identity import localize_group_id, localize_trial_id
from rodepil.trials.localize.trial import LocalizeTrial

TESTED = 0
"""The fold of the given split's testing side, the only one that it tests."""


@dataclass(frozen=True)
class LocalizePlan(FoldTrials[LocalizeTrialSettings, LocalizeTrial]):
    """The trials of one localization; its ``digests`` are of clips, events, folds and view."""

    of_recordings: ClassVar[bool] = False

    @property
    def tags(self) -> dict[str, str]:
        """What its runs are found by."""
        settings = self.settings
        return {
            "task": "localize",
            "variant": settings.variant,
            "split": settings.ratseizure.split,
            "data": settings.data,
        }

    @property
    def begun(self) -> dict[str, str]:
        """What its lineage says of it: whether it is a control, its first weights, its task."""
        control = "shuffled" if self.settings.variant == "shuffled" else "none"
        return {"control": control, "start": "random weights", "task": "localize"}


@dataclass(frozen=True)
class _Units:
    """Clips of action units as they lie in a project."""

    clips: pa.Table
    events: pa.Table
    folds: pa.Table

    @classmethod
    def read(cls, workspace: Workspace) -> _Units:
        return cls(
            tables.read("clips", workspace.units_clips),
            tables.read("events", workspace.units_events),
            tables.read("folds", workspace.units_folds),
        )

    def digests(self) -> dict[str, str]:
        return {
            "clips": clips_digest(self.clips),
            "events": events_digest(self.events),
            "folds": folds_digest(self.folds),
        }


def localize_settings(
    settings: ProjectSettings, *, fold: int = 0, variant: Variant = "raseformer"
) -> LocalizeTrialSettings:
    """Return what makes the trial of a fold, of a project's settings."""
    return LocalizeTrialSettings.of(
        settings.localize,
        ratseizure=settings.ratseizure,
        sequence=settings.sequence,
        fold=fold,
        variant=variant,
        data=units_data_name(settings),
    )


def title_of(variant: Variant) -> str:
    """Return what a localization is called: what is particular about it, if anything."""
    return "localization" if variant == "raseformer" else f"localization, {variant}"


def plan_localization(
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    variant: Variant = "raseformer",
    folds: Sequence[int] | None = None,
    name: str | None = None,
) -> LocalizePlan:
    """Return the trials of a localization, each split checked by the guard.

    Parameters
    ----------
    settings, workspace
        The project.
    variant
        The model itself, or what it is compared with.
    folds
        Folds to test; by default the testing side of the given split, or all of a split by
        subject.
    name
        What to call it, by default after what is particular about it.

    Raises
    ------
    ModelError
        The network that makes the sequences is missing.
    TableError
        A table of the clips is missing or broken.
    FoldError, SubjectLeak
        The fold table does not fit the clips or the split, has no such fold, or leaks.
    """
    units = _Units.read(workspace)
    numbers = _tested(settings, units.folds, folds, workspace)
    view = sequence_view(settings.sequence, workspace.root)
    digests = {**units.digests(), "view": view.identity()}
    shared = localize_settings(settings, fold=numbers[0], variant=variant)
    group = localize_group_id(shared, digests)
    trials: dict[LocalizeTrial, tuple[Dataset, ...]] = {}
    for fold in numbers:
        own = shared.model_copy(update={"fold": fold})
        split = split_by_fold(units.clips, units.folds, fold, by_label=False)
        trial = LocalizeTrial(
            id=localize_trial_id(own, digests),
            settings=own,
            root=workspace.root,
            train_subjects=subjects_in(split.train),
            test_subjects=subjects_in(split.test),
            train_clips=split.train.num_rows,
            test_clips=split.test.num_rows,
            store=settings.store,
        )
        trials[trial] = units_of(split, units.events, digests, workspace)
    return LocalizePlan.of(
        name or title_of(variant),
        group,
        workspace=workspace,
        settings=shared,
        digests=digests,
        dealt=trials,
    )


def _tested(
    settings: ProjectSettings,
    dealt: pa.Table,
    folds: Sequence[int] | None,
    workspace: Workspace,
) -> list[int]:
    """Return the folds to test, in order.

    Raises
    ------
    FoldError
        There is none, or the split does not test one that is asked for.
    """
    there = sorted(pc.unique(dealt.column("fold")).to_pylist())
    split = settings.ratseizure.split
    tested = [fold for fold in there if split == "subject" or fold == TESTED]
    if not tested:
        raise FoldError(
            f"{workspace.units_folds} has no fold to test under the split '{split}', only {there}; "
            "make it again (dvc repro units_clips)"
        )
    wanted = sorted(set(tested if folds is None else folds))
    unknown = sorted(set(wanted) - set(tested))
    if unknown or not wanted:
        which = f"fold {unknown[0]}" if unknown else "no fold at all"
        raise FoldError(
            f"{which} is asked for, and the split '{split}' of {workspace.units_folds} tests "
            f"{tested}; choose of these, or set ratseizure.split=subject"
        )
    return wanted
