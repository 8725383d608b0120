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
EYES = "[rodepil.modalities]\nsigned = lab_eyes\n"


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


def install(project: Small, module: str, entry: str, text: str) -> None:
    """Put a module where it is found, with its entry point, as an installed package has them."""
    described = project.root / "site" / f"{module}-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(entry)
    (project.root / "site" / f"{module}.py").write_text(text, encoding="utf-8")


def test_the_kind_of_view_that_it_shows_is_found_and_made(project: Small) -> None:
    install(project, "lab_views", ENTRY, program("import numpy as np\n\nfrom rodepil.io"))
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


def test_the_modality_that_it_shows_is_found_and_drawn(project: Small) -> None:
    install(project, "lab_eyes", EYES, program("from rodepil.vision.modality"))
    frames = "features: {frames: 4, size_px: 96, pairs: native}\n"
    (project.root / "params.yaml").write_text(frames + "train: {modality: signed}\n")
    (said,) = run(project, "-m", "rodepil", "vision", "show", "c003", "-o", "sheet.png")
    assert said.startswith("wrote sheet.png: clip c003")
    sheet = cv2.imread(str(project.root / "sheet.png"))
    video = project.clips.videos["c003"]
    for column, at in enumerate((3, 11, 18, 26)):  # of 30 frames the centres of 4 equal parts
        one, two = (
            cv2.resize(video[number], (96, 96), interpolation=cv2.INTER_AREA).astype(int)
            for number in (at, at + 1)
        )
        wanted = (((two - one) / 255 + 1) / 2 * 255)[..., ::-1]
        left = 12 + column * 100  # behind the margin, 96 px and a gap of 4 px each
        strip = sheet[:, left : left + 96].astype(float)
        tops = range(len(strip) - 96)
        assert min(np.abs(strip[top : top + 96] - wanted).max() for top in tops) <= 1
