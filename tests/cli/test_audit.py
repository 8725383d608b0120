"""`rodepil audit` stops at files that leak, and lets curated clips pass, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from rodepil import stages
from rodepil.cli.run import open_project
from rodepil.data.published.clips import import_clips
from rodepil.io import tables
from rodepil.io.progress import Silent
from tests.cli.conftest import Rodepil
from tests.published_clips import make_published


def test_files_like_the_published_ones_fail_before_curation_and_pass_after(
    tmp_path: Path, rodepil: Rodepil
) -> None:
    project = tmp_path / "Häuser 1"
    project.mkdir()
    (project / "params.yaml").write_text("curate: {size_px: 64}\n")  # the source is 'simulated'
    make_published(tmp_path / "published", subjects=6, normal=2, seizures=1)
    import_clips([tmp_path / "published"], project / "data" / "imported")

    failed = rodepil("audit", "--source", folder=project)
    assert failed.returncode == 1
    assert "frame rate (fps) has AUROC 1.000, normal 30 (100%), seizure 29 (100%)" in failed.stderr
    assert "rodepil curate" in failed.stderr
    assert f"error: {project / 'data' / 'imported'}: the files" in failed.stderr
    assert "Traceback" not in failed.stderr
    held = json.loads((project / "results" / "audit_source.json").read_text())
    assert (held["verdict"], held["data"]) == ("fail", "recordings in imported")
    assert "fps" in (project / "results" / "audit_source.md").read_text()
    assert (project / "results" / "audit_source.png").stat().st_size > 10_000

    opened = open_project(project, overrides=["data.source=tables"])
    for stage in (stages.source, stages.curate):
        stage(opened.settings, opened.workspace, Silent())
    passed = rodepil("audit", folder=project)
    assert passed.returncode == 0, passed.stderr
    assert "audit of 18 clips (6 with a seizure, 6 subjects): files pass" in passed.stdout
    assert tables.read("attributes", project / "data" / "audit.parquet").num_rows == 18
    assert json.loads((project / "results" / "audit.json").read_text())["auroc"]["fps"] == 0.5


def test_an_audit_without_clips_says_what_to_run(tmp_path: Path, rodepil: Rodepil) -> None:
    shown = rodepil("audit", folder=tmp_path)
    assert shown.returncode == 1
    assert "clips.parquet" in shown.stderr
    assert "dvc repro" in shown.stderr
