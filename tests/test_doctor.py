"""The doctor: what is missing is a finding with its remedy, and never the end of the looking."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rodepil.config.workspace import Workspace
from rodepil.doctor import examine


def test_a_package_that_can_not_be_imported_is_a_fault_among_the_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("torch", "rodepil.track", "rodepil.trials.ray_session"):
        monkeypatch.setitem(sys.modules, name, None)
    findings = examine(Workspace(tmp_path))
    faults = {finding.what: finding.remedy for finding in findings if finding.state == "fault"}
    assert faults["torch"].startswith("pip install")
    assert {"free disk", "git", "report"} <= {finding.what for finding in findings}
