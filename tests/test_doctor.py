"""The doctor: what is missing is a finding with its remedy, and never the end of the looking."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rodepil.config.workspace import Workspace
from rodepil.doctor import examine
from tests.store.know.conftest import small


def test_a_package_that_can_not_be_imported_is_a_fault_among_the_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("torch", "rodepil.track", "rodepil.trials.ray_session"):
        monkeypatch.setitem(sys.modules, name, None)
    findings = examine(Workspace(tmp_path))
    faults = {finding.what: finding.remedy for finding in findings if finding.state == "fault"}
    assert faults["torch"].startswith("pip install")
    assert {"free disk", "git", "report"} <= {finding.what for finding in findings}


def test_looking_makes_no_database(tmp_path: Path) -> None:
    found = {finding.what: finding for finding in examine(Workspace(tmp_path))}
    assert (found["MLflow"].state, found["MLflow"].found) == ("note", "no runs yet")
    assert list(tmp_path.iterdir()) == []


def test_views_that_are_not_current_are_named(tmp_path: Path) -> None:
    project = small(tmp_path)
    (tmp_path / "params.yaml").write_text(
        "features: {frames: 4, size_px: 32}\nviews: {motion: {kind: motion, size_px: 24}}\n"
    )
    project.materialize()
    (good,) = [one for one in examine(project.workspace) if one.what == "features"]
    assert (good.state, good.found) == ("ok", "frames, motion: current")
    project.shards("motion")[0].unlink()
    (bad,) = [one for one in examine(project.workspace) if one.what == "features"]
    assert (bad.state, bad.found) == ("note", "not current: motion")
    assert "rodepil features list" in bad.remedy
