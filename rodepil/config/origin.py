"""What numbers come from, in the words that every table, figure and run repeats."""

from __future__ import annotations

from pathlib import Path

from rodepil.config.settings import ProjectSettings

SIMULATED = "simulated recordings"
RATSEIZURE = "RatSeizure"


def data_name(settings: ProjectSettings) -> str:
    """Return what a project's numbers come from."""
    if settings.data.source == "simulated":
        return SIMULATED
    return name_of_source(Path(settings.data.folder))


def units_data_name(settings: ProjectSettings) -> str:
    """Return what the clips come from in which action units are localized."""
    return SIMULATED if settings.ratseizure.source == "simulated" else RATSEIZURE


def name_of_source(folder: Path) -> str:
    """Return what the recordings of a source's folder are called."""
    return f"recordings in {folder.name or folder.resolve().name}"
