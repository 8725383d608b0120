"""Simulated clips of action units in the form of RatSeizure's files."""

from __future__ import annotations

import shutil
from pathlib import Path

from rodepil.config.localize import RatSeizureSettings, UnitSimulationSettings
from rodepil.data.ratseizure.clips import POSITION, RatSeizureClip
from rodepil.data.ratseizure.source import ANNOTATIONS, UnitsSource, read_units
from rodepil.data.ratseizure.write import write_annotations
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.files import link_or_copy, publish, unwritable
from rodepil.io.progress import Progress
from rodepil.simulate.units import UnitPlan, simulate_units
from rodepil.simulate.units.clips import is_simulated


def fill_source(
    wanted: RatSeizureSettings, imported: Path, folder: Path, progress: Progress | None = None
) -> UnitsSource:
    """Simulate clips, or take those that were imported, and return them as they are read.

    Parameters
    ----------
    wanted
        Which clips.
    imported
        Where an import left clips; nothing is changed there.
    folder
        Where to. What it holds of the other kind is removed; imported clips that a clone has
        from elsewhere, without an import of its own, stay.
    progress
        Told of each simulated clip.

    Raises
    ------
    SourceError
        Clips shall be imported and none are.
    AnnotationError
        Annotations hold what can't be.
    """
    if wanted.source == "simulated":
        if (folder / ANNOTATIONS).is_file() and not is_simulated(folder):
            shutil.rmtree(folder)  # second names of what was imported
        simulate_source(wanted.simulate, folder, progress=progress)
        return read_units(folder)
    if (imported / ANNOTATIONS).is_file():
        read_units(imported)
        _take(imported, folder)
    elif is_simulated(folder) or not (folder / ANNOTATIONS).is_file():
        raise SourceError(
            f"ratseizure.source is '{wanted.source}' and no clips are in {imported}; import some "
            "(rodepil import ratseizure ANNOTATIONS.json --features DIR), or set "
            "ratseizure.source=simulated"
        )
    return read_units(folder)


def _take(imported: Path, folder: Path) -> None:
    """Give all files of an import a second name in a folder, in the place of what is there."""
    try:
        with publish(folder) as beside:
            shutil.copytree(imported, beside, copy_function=link_or_copy)
    except OSError as error:
        raise SourceError(unwritable(folder, error)) from error


def simulate_source(
    settings: UnitSimulationSettings,
    folder: Path,
    *,
    progress: Progress | None = None,
    processes: int | None = None,
) -> list[UnitPlan]:
    """Write videos, ``subjects.csv`` and, last, ``annotations.json``; return what clips show.

    Parameters
    ----------
    settings, folder, progress, processes
        As in `rodepil.simulate.units.simulate_units`.

    Raises
    ------
    SourceError
        A clip could not be made, or the folder holds clips that were not simulated.
    """
    plans = simulate_units(settings, folder, progress=progress, processes=processes)
    clips = [RatSeizureClip(plan.video_id, plan.subset, settings.duration_s) for plan in plans]
    rows = [
        {
            "recording_id": plan.video_id, "position": POSITION, "subject_id": plan.subject_id,
            "start_s": unit.start_s, "end_s": unit.end_s, "label": unit.label, "score": 1.0,
        }
        for plan in plans
        for unit in plan.segments
    ]  # fmt: skip
    write_annotations(folder / ANNOTATIONS, clips, tables.from_rows("events", rows))
    return plans
