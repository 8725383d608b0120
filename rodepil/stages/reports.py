"""Stages that write what people read."""

from __future__ import annotations

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io.progress import Progress


def report(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Write tables, figures and the page from what the cross-validations left."""
    from rodepil.report import write_report  # noqa: PLC0415

    del progress
    paths = write_report(workspace, settings)
    return f"{len(paths)} files in {workspace.results}; open {workspace.results / 'report.html'}"


def localize_report(settings: ProjectSettings, workspace: Workspace, progress: Progress) -> str:
    """Write the report of localization alone, which wants no cross-validation."""
    from rodepil.report.localize.alone import write_localize_report  # noqa: PLC0415

    del progress
    paths = write_localize_report(workspace, settings)
    folder = workspace.localize_results
    return f"{len(paths)} files in {folder}; open {folder / 'report.html'}"
