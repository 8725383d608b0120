"""The trials of a grid, all checked before anything starts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Generic, Self, TypeVar

from rodepil.config.grid import Grid, choose_rows, grid_settings
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import FoldError, RodepilError, SettingError
from rodepil.store import training_view
from rodepil.train.trial import TrialSettings
from rodepil.trials.grid.files import GridFiles
from rodepil.trials.identity import recipe_digest
from rodepil.trials.plan import Plan, make_plan
from rodepil.trials.task import AnyPlan, AnyTrial

P = TypeVar("P", bound=AnyPlan)


@dataclass(frozen=True)
class RowPlans(ABC, Generic[P]):
    """The trials of a grid, whatever its rows train.

    Attributes
    ----------
    grid
        The grid, with all its rows.
    settings
        Of each row, by its name.
    plans
        Of each row that is wanted, by its name, in the grid's order, with all folds.
    folds
        Those that are wanted, in order.
    """

    shared: ClassVar[tuple[str, ...]] = ("clips", "folds")
    """Which digests all rows have in common."""

    grid: Grid
    settings: Mapping[str, ProjectSettings]
    plans: Mapping[str, P]
    folds: tuple[int, ...]

    @classmethod
    def of(
        cls,
        grid: Grid,
        settings: ProjectSettings,
        plan: Callable[[str, ProjectSettings], P],
        table: Path,
        *,
        rows: Sequence[str] = (),
        folds: Sequence[int] | None = None,
    ) -> Self:
        """Return the trials of a grid, all checked before anything starts.

        Parameters
        ----------
        grid, settings
            The grid, and the project's settings.
        plan
            Plans a row, given its name and settings.
        table
            Where the folds stand.
        rows
            Those that are wanted, or patterns of their names; by default all.
        folds
            Folds to test; by default all that a row tests.

        Raises
        ------
        SettingError
            A row's settings are wrong, or two rows are the same trials; or there is no such row.
        FoldError
            There is no such fold.
        RodepilError
            What `plan` refuses, with the row's name before it.
        """
        own = grid_settings(grid, settings)
        chosen = choose_rows(grid, rows) if rows else grid
        plans: dict[str, P] = {}
        for row in chosen.rows:
            try:
                plans[row.name] = plan(row.name, own[row.name])
            except RodepilError as error:
                raise type(error)(f"row '{row.name}': {error}") from error
        refuse_twins(plans)
        there = [trial.settings.fold for trial in next(iter(plans.values())).trials]
        return cls(grid, own, plans, wanted_folds(folds, there, table))

    @property
    def digests(self) -> dict[str, str]:
        """Of what all rows work on, by name."""
        first = next(iter(self.plans.values()))
        return {name: first.digests[name] for name in self.shared}

    @property
    def data(self) -> str:
        """What the data are called."""
        return next(iter(self.plans.values())).settings.data

    @property
    def every_fold(self) -> list[int]:
        """The folds of the fold table."""
        return [trial.settings.fold for trial in next(iter(self.plans.values())).trials]

    def trials(self, row: str) -> list[AnyTrial]:
        """Return a row's trials of the folds that are wanted."""
        return [trial for trial in self.plans[row].trials if trial.settings.fold in self.folds]

    @abstractmethod
    def recipe(self, row: str) -> str:
        """Return a hash of a row's settings and code, which its results have to be of."""


@dataclass(frozen=True)
class GridPlan(RowPlans[Plan]):
    """The trials of a grid whose rows are cross-validated."""

    def recipe(self, row: str) -> str:
        """Return a hash of a row's settings and code, which its results have to be of."""
        own = self.settings[row]
        return recipe_digest(TrialSettings(model=own.model, features=own.features, train=own.train))


def plan_grid(
    grid: Grid,
    settings: ProjectSettings,
    workspace: Workspace,
    *,
    rows: Sequence[str] = (),
    folds: Sequence[int] | None = None,
) -> GridPlan:
    """Return the trials of a grid whose rows are cross-validated; see `RowPlans.of`.

    Each row reads a snapshot of its own view. What is refused is what `make_plan` refuses, too.
    """
    files = GridFiles(workspace, grid.name)

    def plan(name: str, its: ProjectSettings) -> Plan:
        path = files.snapshot(training_view(its.features).identity())
        return make_plan(its, workspace, name=name, snapshot=path)

    return GridPlan.of(grid, settings, plan, workspace.folds, rows=rows, folds=folds)


def refuse_twins(plans: Mapping[str, AnyPlan]) -> None:
    """Refuse rows that differ only in what no trial reads."""
    first: dict[str, str] = {}
    for name, plan in plans.items():
        other = first.setdefault(plan.group, name)
        if other != name:
            raise SettingError(
                f"rows '{other}' and '{name}' are the same trials (group {plan.group}): they "
                "differ only in what no trial's numbers hang on; leave one out"
            )


def wanted_folds(folds: Sequence[int] | None, there: Sequence[int], path: Path) -> tuple[int, ...]:
    """Return the folds that are wanted, of those that are there."""
    unknown = sorted(set(folds or ()) - set(there))
    if unknown:
        raise FoldError(f"{path} has no fold {unknown[0]}; it has {there}")
    return tuple(there) if folds is None else tuple(sorted(set(folds)))
