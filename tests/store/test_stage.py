"""The stage of features: what it leaves in the snapshot, beside others and where clips fail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rodepil import stages
from rodepil.errors import FeatureError, TableError
from rodepil.io import tables
from rodepil.io.progress import Advance, Silent
from tests.store.know.conftest import Small, small


class Meanwhile:
    """A progress in the midst of which another command runs."""

    def __init__(self, project: Small, *names: str) -> None:
        self.project, self.names = project, names

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        del name, total, unit
        yield lambda _: None
        features(self.project, *self.names)


def features(project: Small, *names: str, progress: Meanwhile | None = None) -> str:
    return stages.features(project.settings, project.workspace, progress or Silent(), names)


def rows(project: Small) -> dict[str, int]:
    """Return how many features of each view the snapshot's file names."""
    views = tables.read("features", project.workspace.features).column("view").to_pylist()
    return {view: views.count(view) for view in sorted(set(views))}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Small:
    monkeypatch.setattr("rodepil.cluster.cpu_count", lambda: 1)
    return small(tmp_path)


def test_two_commands_at_once_keep_each_others_views(project: Small) -> None:
    features(project, "pairs", progress=Meanwhile(project, "motion"))
    assert rows(project) == {"motion": 16, "pairs": 16}


def test_the_views_of_one_command_are_those_of_the_last_that_made_them(project: Small) -> None:
    features(project)
    for clip_id in ("c003", "c004"):
        project.clips.rows[clip_id]["kept"] = False
    project.write_clips()
    features(project, "frames")
    assert rows(project) == {"frames": 14, "motion": 16, "pairs": 16}


def test_all_views_leave_nothing_of_views_that_the_settings_do_not_name(project: Small) -> None:
    features(project)
    project.change(views={"motion": {"kind": "motion", "size_px": 24}})
    features(project, "motion")
    assert rows(project) == {"frames": 16, "motion": 16, "pairs": 16}
    features(project)
    assert rows(project) == {"frames": 16, "motion": 16}


def test_a_snapshot_that_can_not_be_read_is_begun_anew(project: Small) -> None:
    project.workspace.features.write_bytes(b"no table")
    features(project, "motion")
    assert rows(project) == {"motion": 16}


def test_clips_that_fail_end_the_stage_when_all_else_is_written(project: Small) -> None:
    features(project, "motion")
    project.clips.add(5, 255 - project.clips.videos["c005"])
    project.clips.add(6, project.clips.videos["c006"][:1])
    project.clips.remove("c007")
    project.change(views=project.settings.views | {"motion": {"kind": "motion", "size_px": 16}})
    project.write_clips()
    with pytest.raises(FeatureError) as refused:
        features(project)
    said = str(refused.value)
    assert "frames: 15 features, 15 computed, 0 reused\nmotion: 14 features" in said
    assert "in view 'motion': a clip of 1 frames at 30 fps holds no frequency" in said
    assert "c007.avi: is not there; run 'rodepil curate' to make the clip again" in said
    assert "What is done is kept. Mend what is said above and run the same command again" in said
    assert "no features at all" not in said
    assert rows(project) == {"frames": 15, "motion": 14, "pairs": 14}


def test_a_view_that_no_clip_fits_is_named(project: Small) -> None:
    pairs = {"kind": "frames", "frames": 3, "size_px": 16, "pairs": "native", "gap": 30}
    project.change(views={"wide": pairs})
    with pytest.raises(FeatureError, match=r"view 'wide' has no features at all\. What is done"):
        features(project)
    assert rows(project) == {"frames": 16}
    with pytest.raises(FeatureError) as refused:
        features(project, "wide")
    first, failed, reason, last = str(refused.value).splitlines()
    assert (first, failed) == ("wide: 0 features, 0 computed, 0 reused", "16 clips failed")
    assert reason == (
        "  clips/c000.avi, clips/c001.avi, clips/c002.avi, … (16 clips): in view 'wide': a clip of "
        "30 frames has no two frames 30 apart; set a smaller gap"
    )
    assert last.startswith("view 'wide' has no features at all")
    assert rows(project) == {"frames": 16}


def test_where_the_snapshot_can_not_be_written_is_said(project: Small) -> None:
    there = project.workspace.features
    there.mkdir()
    (there / "something").touch()
    with pytest.raises(TableError, match=r"features\.parquet can't be written"):
        features(project, "motion")
    shutil.rmtree(there)
    features(project, "motion")
    assert rows(project) == {"motion": 16}
