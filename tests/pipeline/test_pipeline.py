"""From simulated recordings to the report, and on to real recordings, as a user goes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from ruamel.yaml import YAML
from sklearn.metrics import accuracy_score, f1_score, recall_score

from rodepil import stages
from rodepil.config.load import load_settings
from rodepil.config.settings import CurateSettings, FeatureSettings, ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.curate import curate
from rodepil.data.sources import recordings_from_files
from rodepil.detect.clips import predict_clips
from rodepil.io import tables
from rodepil.io.progress import Silent
from rodepil.store import FeatureStore, Manifest, training_view
from rodepil.trials.models import find_model
from rodepil.trials.ray_session import Resources

REPOSITORY = Path(__file__).parents[2]
SMALL = [
    "data.simulate.subjects=4",
    "data.simulate.recordings=2",
    "data.simulate.cages_max=4",
    "data.simulate.duration_s=60",
    "data.simulate.seizures_per_cage_hour=60",
    "folds.k=2",
    "train.epochs=3",
    "train.warmup_epochs=1",
    "train.decay_epochs=[2]",
    "pretrain.epochs=1",
    "pretrain.clips=64",
    "compare.modalities=[flow]",
    "compare.controls=[static, scratch]",
]
BOXES = {
    "mouse_openfield_640x480_30fps.mp4": [(0, 0, 640, 480)],
    "three_boxes_1350x360_15fps.mp4": [(450 * box, 0, 450, 360) for box in range(3)],
}


@pytest.fixture(scope="module")
def settings() -> ProjectSettings:
    return load_settings(REPOSITORY, overrides=SMALL)


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, settings: ProjectSettings, resources: Resources
) -> Workspace:
    """Return a project that went through every stage."""
    assert resources
    workspace = Workspace(tmp_path_factory.mktemp("project"))
    for stage in (
        stages.source,
        stages.curate,
        stages.audit,
        stages.folds,
        stages.features,
        stages.pretrain,
        stages.crossval,
        stages.compare,
        stages.report,
    ):
        stage(settings, workspace, Silent())
    return workspace


@pytest.fixture(scope="module")
def real_clips(real_videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the manifest and clips of real recordings, the three boxes apart."""
    folder = tmp_path_factory.mktemp("real")
    raw = folder / "raw"
    raw.mkdir()
    for name in BOXES:
        shutil.copy(real_videos / name, raw / name)
    recordings = recordings_from_files([raw / name for name in BOXES], raw).recordings
    tables.write("recordings", recordings, raw / "recordings.parquet")
    cages = [
        {
            "recording_id": row["recording_id"],
            "position": position,
            "subject_id": f"{Path(row['path']).stem[:5]}-{position}",
            "x_px": x,
            "y_px": y,
            "width_px": width,
            "height_px": height,
        }
        for row in recordings.to_pylist()
        for position, (x, y, width, height) in enumerate(BOXES[row["path"]], start=1)
    ]
    tables.write("cages", tables.from_rows("cages", cages), raw / "cages.parquet")
    tables.write("annotations", tables.from_rows("annotations", []), raw / "annotations.parquet")
    # Grooming in place moves few pixels of a large box: keep it all, to score it all.
    awake = CurateSettings(motion_min_share=0.0)
    curate(raw, awake, folder / "clips", folder / "clips.parquet")
    return folder


def test_every_kept_clip_is_predicted_once_by_a_model_that_never_saw_its_subject(
    project: Workspace,
) -> None:
    clips = tables.read("clips", project.clips)
    kept = clips.filter(clips.column("kept"))
    predictions = tables.read("predictions", project.results / "predictions.parquet")
    assert sorted(predictions.column("clip_id").to_pylist()) == sorted(
        kept.column("clip_id").to_pylist()
    )
    for trial in json.loads((project.results / "crossval.json").read_text())["trials"]:
        tested = predictions.filter(pc.equal(predictions.column("fold"), trial["fold"]))
        assert set(tested.column("subject_id").to_pylist()) == set(trial["test_subjects"])
        assert not set(trial["test_subjects"]) & set(trial["train_subjects"])


def test_the_reports_means_are_scikit_learns(project: Workspace) -> None:
    predictions = pq.read_table(project.results / "predictions.parquet").to_pandas()
    metrics = json.loads((project.results / "metrics.json").read_text())
    assert "control_static_f1" in metrics
    for name, measure in (
        ("accuracy", accuracy_score),
        ("sensitivity", recall_score),
        ("f1", f1_score),
    ):
        by_fold = [
            measure(fold["label"], fold["score"] >= 0.5) for _, fold in predictions.groupby("fold")
        ]
        assert metrics[name] == pytest.approx(sum(by_fold) / len(by_fold), abs=1e-6)


def test_the_report_stands_with_control_and_names_its_data(project: Workspace) -> None:
    page = (project.results / "report.html").read_text()
    assert "simulated" in page
    assert "static" in page
    assert "97.00" in page  # the paper's mean F1 stands beside ours
    assert "Optical flow" in page
    assert "71.69" in page  # and that of flow


def test_real_recordings_become_uniform_clips_that_are_materialized(
    real_clips: Path, settings: ProjectSettings
) -> None:
    clips = tables.read("clips", real_clips / "clips.parquet")
    kept = clips.filter(clips.column("kept"))
    assert kept.num_rows == 7 + 3 * 5  # whole windows in 77 s, and in 56 s of three boxes
    assert set(kept.column("fps").to_pylist()) == {"30"}
    assert set(kept.column("n_frames").to_pylist()) == {300}
    view = training_view(settings.features)
    made = FeatureStore(real_clips / "store").materialize([view], Manifest(clips, real_clips))
    assert (made.computed, made.failures.num_rows) == ({view.name: kept.num_rows}, 0)


def test_real_clips_are_scored_by_a_trained_model_from_the_command_line(
    project: Workspace, real_clips: Path, tmp_path: Path
) -> None:
    record = json.loads((project.results / "crossval.json").read_text())
    broken = tmp_path / "broken.avi"
    broken.write_bytes(b"no video")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "rodepil", "predict", str(real_clips / "clips"), str(broken)),
            *("--model", record["trials"][0]["trial_id"], "--project", str(project.root)),
            *("--out", str(tmp_path / "scores.parquet")),
        ],
        env=os.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    scores = tables.read("scores", tmp_path / "scores.parquet").to_pylist()
    good = [row for row in scores if row["error"] is None]
    assert len(good) == 7 + 3 * 5
    assert all(0 <= row["score"] <= 1 for row in good)
    assert [row["path"] for row in scores if row["error"]] == [str(broken)]


def test_a_model_of_flow_scores_clips_as_its_trial_did(project: Workspace) -> None:
    folder = project.results / "modalities"
    record = json.loads((folder / "flow.json").read_text())
    trial = record["trials"][0]
    assert record["settings"]["train"]["modality"] == "flow"
    tested = tables.read("predictions", folder / "flow_predictions.parquet").to_pylist()
    by_clip = {row["clip_id"]: row["score"] for row in tested if row["run_id"] == trial["trial_id"]}
    clips = tables.read("clips", project.clips).to_pylist()
    some = [row for row in clips if row["clip_id"] in by_clip][:5]
    paths = [project.clips.parent / row["path"] for row in some]
    scores = predict_clips(paths, project.trials / trial["trial_id"], device="cpu")
    expected = [by_clip[row["clip_id"]] for row in some]
    assert scores.column("score").to_pylist() == pytest.approx(expected, abs=1e-5)


def test_a_model_is_found_by_trial_run_folder_and_file(project: Workspace) -> None:
    trial = json.loads((project.results / "crossval.json").read_text())["trials"][1]
    expected = project.trials / trial["trial_id"] / "model.safetensors"
    for name in (trial["trial_id"], trial["run_id"], str(expected.parent), str(expected)):
        assert find_model(name, project) == expected


def test_deleting_the_store_loses_time_and_no_result(
    project: Workspace, settings: ProjectSettings
) -> None:
    before = (project.results / "predictions.parquet").read_bytes()
    shutil.rmtree(project.store)
    stages.crossval(settings, project, Silent())
    assert (project.results / "predictions.parquet").read_bytes() == before


def test_the_views_settings_reach_the_features(project: Workspace) -> None:
    features = tables.read("features", project.features)
    assert set(features.column("view").to_pylist()) == {FeatureSettings().view, "motion"}


def test_every_file_that_simulates_recordings_is_a_dependency_of_their_stage() -> None:
    """They are listed one by one, so that a change of the actions simulates nothing again."""
    stages_of = YAML(typ="safe").load(REPOSITORY / "dvc.yaml")["stages"]
    listed = {name for name in stages_of["source"]["deps"] if "/simulate/" in name}
    there = (REPOSITORY / "rodepil" / "simulate").glob("*.py")
    assert listed == {path.relative_to(REPOSITORY).as_posix() for path in there}
    assert "rodepil/simulate/actions" in stages_of["pretrain"]["deps"]


def test_the_report_says_what_the_stand_in_is_and_what_it_adds(project: Workspace) -> None:
    page = (project.results / "report.html").read_text()
    assert "stand-in pretraining on simulated moving shapes, not on Kinetics" in page
    assert "No pretraining: F1-score" in page
    metrics = json.loads((project.results / "metrics.json").read_text())
    record = json.loads((project.results / "controls" / "scratch.json").read_text())
    by_fold = [trial["metrics"]["f1"] for trial in record["trials"]]
    assert metrics["control_scratch_f1"] == pytest.approx(sum(by_fold) / len(by_fold))
    assert record["settings"]["model"]["pretrained"] == "none"
