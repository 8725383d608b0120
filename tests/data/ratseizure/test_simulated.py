"""Simulated clips are read back as RatSeizure's files are, and say what was planned."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil import stages
from rodepil.config.localize import RatSeizureSettings, UnitSimulationSettings
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.ratseizure.simulated import simulate_source
from rodepil.data.ratseizure.source import read_units
from rodepil.errors import SourceError
from rodepil.io.progress import Silent
from rodepil.simulate.units import make_unit_plans

SMALL = UnitSimulationSettings(subjects=3, clips=4, duration_s=5.0, fps=6, size_px=16)


def test_what_is_read_is_what_was_planned(tmp_path: Path) -> None:
    simulate_source(SMALL, tmp_path, processes=1)
    source = read_units(tmp_path)
    rows = source.annotations.events.to_pylist()
    wanted = [
        (plan.video_id, plan.subject_id, unit.label, unit.start_s, unit.end_s)
        for plan in make_unit_plans(SMALL)
        for unit in plan.segments
    ]
    names = ("recording_id", "subject_id", "label", "start_s", "end_s")
    assert sorted(tuple(row[name] for name in names) for row in rows) == sorted(wanted)
    assert source.annotations.subset_of == {
        plan.video_id: plan.subset for plan in make_unit_plans(SMALL)
    }
    assert {clip.duration_s for clip in source.annotations.clips} == {5.0}
    assert source.annotations.refused == ()
    assert set(source.videos) == {plan.video_id for plan in make_unit_plans(SMALL)}


def test_the_stage_simulates_nothing_where_clips_are_imported(tmp_path: Path) -> None:
    settings = ProjectSettings(ratseizure=RatSeizureSettings(source="imported", simulate=SMALL))
    with pytest.raises(SourceError, match="rodepil import ratseizure"):
        stages.units(settings, Workspace(tmp_path), Silent())
    assert not list(tmp_path.rglob("*.mp4"))


def test_simulated_clips_are_never_taken_for_imported_ones(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    simulate_source(SMALL, workspace.units_source, processes=1)
    settings = ProjectSettings(ratseizure=RatSeizureSettings(source="imported", simulate=SMALL))
    with pytest.raises(SourceError, match=r"are simulated; import some"):
        stages.units(settings, workspace, Silent())
