"""The README's programs run as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.io import tables
from rodepil.models.registry import build
from rodepil.models.weights import WeightsNote, write_official
from rodepil.store import FeatureStore
from tests.store.know.conftest import Small, small

PARAMS = """
features: {frames: 4, size_px: 16}
views:
  motion: {kind: motion, size_px: 24}
  emb: {kind: embedding, model: stand_in, device: cpu}
"""
ENTRY = "[rodepil.views]\nlight = lab_views\n"


def program(begins: str) -> str:
    """Return the only program of the README that begins so."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"```python\n({begins}.*?)```", readme, re.DOTALL)
    return str(found)


def run(project: Small, *arguments: str) -> list[str]:
    """Run Python in the project's folder and return the lines that it prints."""
    path = os.pathsep.join([str(project.root / "site"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": path, "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def project(tmp_path: Path) -> Small:
    return small(tmp_path)


def test_the_program_that_reads_features_runs(project: Small) -> None:
    (project.root / "params.yaml").write_text(PARAMS, encoding="utf-8")
    reads = FeatureSettings(frames=4, size_px=16)
    network = build(ModelSettings(width=24, depth=1, heads=3, patch_px=8), reads)
    note = WeightsNote(heads=3, learned_from=())
    write_official(project.workspace.stand_in / "stand_in.pyth", network.state_dict(), note)
    run(project, "-m", "rodepil", "features", "materialize", "frames", "motion", "emb")
    (project.root / "look.py").write_text(program("from pathlib"), encoding="utf-8")
    said = [line.partition("]")[0] for line in run(project, "look.py")]
    assert said == [  # 8 clips of 16 are trained on, a batch
        "frames torch.Size([8, 4, 3, 16, 16",
        "motion torch.Size([29",
        "emb torch.Size([8, 24",
        "own torch.Size([8, 8, 2, 3, 112, 112",
    ]
    names = tables.read("features", project.workspace.features).column("view").to_pylist()
    assert {name: names.count(name) for name in names} == dict.fromkeys(
        ["frames", "motion", "emb", "own"], 16
    )


def test_the_kind_of_view_that_it_shows_is_found_and_made(project: Small) -> None:
    described = project.root / "site" / "lab_views-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-views\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(ENTRY)
    source = project.root / "site" / "lab_views.py"
    source.write_text(program("import numpy as np\n\nfrom rodepil.io"), encoding="utf-8")
    (project.root / "params.yaml").write_text("views: {light: {kind: light, size_px: 16}}\n")
    said = run(project, "-m", "rodepil", "features", "materialize", "light")
    assert said == ["light: 16 features, 16 computed, 0 reused"]
    features = tables.read("features", project.workspace.features)
    store = FeatureStore(project.workspace.store, features)
    for clip_id, row in zip(
        project.clips.rows, store.rows("light", project.clips.rows), strict=True
    ):
        grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in project.clips.videos[clip_id]]
        small_ones = [cv2.resize(frame, (16, 16), interpolation=cv2.INTER_AREA) for frame in grey]
        means = [frame.mean() for frame in small_ones]
        assert np.abs(row["light"] - means).max() < 1
