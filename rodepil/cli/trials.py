"""Commands that train and tell: crossval and report."""

from __future__ import annotations

from typing import Annotated

import typer

from rodepil.cli.options import HERE, Overrides, Profile, Root
from rodepil.cli.run import open_project
from rodepil.config.controls import CONTROLS, Control
from rodepil.config.grid_file import Task
from rodepil.errors import SettingError


def crossval(
    control: Annotated[
        Control,
        typer.Option(
            help="What the model goes without, to see what it has learned: "
            + "; ".join(f"{name}: {facts.condition}" for name, facts in CONTROLS.items())
            + "."
        ),
    ] = "none",
    modality: Annotated[
        str | None,
        typer.Option(
            help="rgb, absdiff, flow, or one of your own: another modality than train.modality, to "
            "be compared with the result in the report."
        ),
    ] = None,
    *,
    task: Annotated[
        Task,
        typer.Option(
            help="classify: clips are seizures or not; localize: action units get start and end."
        ),
    ] = "classify",
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Train and test one trial a fold on Ray; finished folds are not run again."""
    from rodepil import stages  # noqa: PLC0415 - help stays instant

    project = open_project(root, profile=profile, overrides=overrides or ())
    if task == "localize":
        if control != "none" or modality is not None:
            raise SettingError(
                "--control and --modality are of classified clips; what stands beside a localizer "
                "is named by localize.compare"
            )
        summary = stages.localize(project.settings, project.workspace, project.progress)
        typer.echo(f"{summary}\nnext: rodepil report --task localize")
        return
    summary = stages.cross_validate(
        project.settings,
        project.workspace,
        project.progress,
        control=control,
        modality=modality,
    )
    typer.echo(f"{summary}\nnext: rodepil report")


def report(
    *,
    task: Annotated[
        Task | None,
        typer.Option(
            help="localize: action units alone, in results/localize/, which wants no "
            "cross-validation; without, all that is there."
        ),
    ] = None,
    root: Root = HERE,
    profile: Profile = None,
    overrides: Overrides = None,
) -> None:
    """Write tables, figures and the page from what is in results/."""
    from rodepil import stages  # noqa: PLC0415

    project = open_project(root, profile=profile, overrides=overrides or ())
    write = stages.localize_report if task == "localize" else stages.report
    typer.echo(write(project.settings, project.workspace, project.progress))
