"""Simulated clips are read back as RatSeizure's files are, and say what was planned."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from rodepil import stages
from rodepil.config.localize import (
    RatSeizureSettings,
    SequenceSettings,
    UnitSimulationSettings,
)
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.ratseizure.clips import RatSeizureClip
from rodepil.data.ratseizure.records import are_made
from rodepil.data.ratseizure.simulated import simulate_source
from rodepil.data.ratseizure.source import read_units
from rodepil.data.ratseizure.write import write_annotations
from rodepil.errors import SourceError
from rodepil.io import tables
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
    with pytest.raises(SourceError, match=r"no clips are in .*imported_units.*; import some"):
        stages.units(settings, workspace, Silent())


def write_import(workspace: Workspace) -> None:
    """Leave what an import of one clip with features leaves."""
    folder = workspace.units_imported
    (folder / "features").mkdir(parents=True)
    (folder / "features" / "film.npy").write_bytes(b"features")
    clip = RatSeizureClip("film", "training", 10.0)
    write_annotations(folder / "annotations.json", [clip], tables.from_rows("events", []))


def test_the_stage_takes_imported_clips_and_goes_back_and_the_import_stays(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_import(workspace)
    before = read_units(workspace.units_imported)
    imported = ProjectSettings(ratseizure=RatSeizureSettings(source="imported", simulate=SMALL))
    simulated = ProjectSettings(ratseizure=RatSeizureSettings(simulate=SMALL))
    for settings, names in [
        (simulated, {plan.video_id for plan in make_unit_plans(SMALL)}),
        (imported, {"film"}),
        (simulated, {plan.video_id for plan in make_unit_plans(SMALL)}),
        (imported, {"film"}),
    ]:
        stages.units(settings, workspace, Silent())
        source = read_units(workspace.units_source)
        assert {clip.video_id for clip in source.annotations.clips} == names
        assert source.simulated == (settings is simulated)
        assert read_units(workspace.units_imported) == before
    assert (workspace.units_source / "features" / "film.npy").read_bytes() == b"features"


def test_imported_clips_of_a_clone_stay_where_nothing_was_imported_there(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    write_import(workspace)
    settings = ProjectSettings(ratseizure=RatSeizureSettings(source="imported", simulate=SMALL))
    stages.units(settings, workspace, Silent())
    shutil.rmtree(workspace.units_imported)
    stages.units(settings, workspace, Silent())
    assert (workspace.units_source / "features" / "film.npy").is_file()


def test_clips_that_were_made_of_other_annotations_are_not_told_as_these(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    settings = ProjectSettings(
        ratseizure=RatSeizureSettings(simulate=SMALL),
        sequence=SequenceSettings(window_frames=8, fps=6, size_px=16),
    )
    stages.units(settings, workspace, Silent())
    annotations = read_units(workspace.units_source).annotations
    assert not are_made(workspace.units_clips, annotations)
    stages.units_clips(settings, workspace, Silent())
    assert are_made(workspace.units_clips, annotations)
    write_import(workspace)
    assert not are_made(workspace.units_clips, read_units(workspace.units_imported).annotations)
