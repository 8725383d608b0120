"""Simulated clips of action units in the form of RatSeizure's files."""

from __future__ import annotations

from pathlib import Path

from rodepil.config.localize import RatSeizureSettings, UnitSimulationSettings
from rodepil.data.ratseizure.clips import POSITION, RatSeizureClip
from rodepil.data.ratseizure.source import ANNOTATIONS, UnitsSource, read_units
from rodepil.data.ratseizure.write import write_annotations
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.progress import Progress
from rodepil.simulate.units import UnitPlan, simulate_units


def fill_source(
    wanted: RatSeizureSettings, folder: Path, progress: Progress | None = None
) -> UnitsSource:
    """Simulate clips, or take those that are imported, and return them as they are read.

    Raises
    ------
    SourceError
        Clips shall be imported and none are there, or simulated ones are; or simulated where
        imported ones are.
    AnnotationError
        Annotations hold what can't be.
    """
    if wanted.source == "simulated":
        simulate_source(wanted.simulate, folder, progress=progress)
    source = read_units(folder)
    if source.simulated and wanted.source != "simulated":
        raise SourceError(
            f"ratseizure.source is '{wanted.source}' and the clips in {folder} are simulated; "
            "import some (rodepil import ratseizure ANNOTATIONS.json --features DIR), or set "
            "ratseizure.source=simulated"
        )
    return source


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
