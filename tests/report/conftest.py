"""Results of cross-validations that never ran: drawn from a generator, complete and consistent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics as sk

from rodepil.config.settings import FeatureSettings, ModelSettings, TrainSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.files import write_json
from rodepil.report.inputs import ReportInputs, read_inputs

CLIPS_PER_SUBJECT = 22
EPOCHS = 12


@dataclass(frozen=True)
class Recipe:
    """What to draw: `quality` is the distance of the classes in standard deviations."""

    subjects: int = 12
    folds: int = 5
    data: str = "simulated recordings"
    quality: float = 3.4
    static_quality: float | None = 1.0
    controls: tuple[tuple[str, float], ...] = ()
    modalities: tuple[tuple[str, float], ...] = ()
    seed: int = 1


def subject_name(index: int) -> str:
    return f"{70 + index // 4}-{index % 4 + 1}"


def draw_clips(recipe: Recipe) -> pa.Table:
    """Clips of every subject; the last subject has no seizure, and some windows are dropped."""
    generator = np.random.default_rng(recipe.seed)
    rows = []
    for subject in range(recipe.subjects):
        for index in range(CLIPS_PER_SUBJECT):
            seizure = subject < recipe.subjects - 1 and index < 4 + generator.integers(0, 4)
            kept = index < CLIPS_PER_SUBJECT - 2
            row = {
                "clip_id": f"{subject:02d}{index:014x}",
                "recording_id": f"Jan-{1 + subject // 4}-2019_M2U{subject // 4:05d}",
                "subject_id": subject_name(subject),
                "position": subject % 4,
                "date": f"Jan-{1 + subject // 4}-2019",
                "video_id": f"M2U{subject // 4:05d}",
                "start_frame": 300 * index,
                "end_frame": 300 * index + 300,
                "start_s": 10.0 * index,
                "duration_s": 10.0,
                "label": int(seizure),
                "kept": kept,
                "drop_reason": None if kept else "still",
            }
            if kept:
                row |= {"fps": "30/1", "n_frames": 300, "width_px": 224, "height_px": 224}
            rows.append(row)
    return tables.from_rows("clips", rows)


def draw_folds(clips: pa.Table, recipe: Recipe) -> pa.Table:
    kept = clips.filter(clips.column("kept")).select(["clip_id", "subject_id"]).to_pylist()
    names = {subject_name(index): index % recipe.folds for index in range(recipe.subjects)}
    return tables.from_rows("folds", [row | {"fold": names[row["subject_id"]]} for row in kept])


def draw_predictions(
    clips: pa.Table, folds: pa.Table, quality: float, tag: str, seed: int
) -> pa.Table:
    generator = np.random.default_rng(seed)
    labels = dict(
        zip(clips.column("clip_id").to_pylist(), clips.column("label").to_pylist(), strict=True)
    )
    rows = []
    for row in folds.to_pylist():
        label = labels[row["clip_id"]]
        distance = generator.normal() + quality * (label - 0.5)
        rows.append(
            row
            | {
                "run_id": f"{tag}{row['fold']}" * 4,
                "label": label,
                "score": float(1 / (1 + np.exp(-distance))),
            }
        )
    return tables.from_rows("predictions", rows)


def sklearn_metrics(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    called = (scores >= 0.5).astype(int)
    return {
        "accuracy": sk.accuracy_score(labels, called),
        "sensitivity": sk.recall_score(labels, called, zero_division=0),
        "specificity": sk.recall_score(labels, called, pos_label=0, zero_division=0),
        "precision": sk.precision_score(labels, called, zero_division=0),
        "f1": sk.f1_score(labels, called, zero_division=0),
    }


def record(
    predictions: pa.Table, recipe: Recipe, control: str, modality: str = "rgb"
) -> dict[str, object]:
    frame = predictions.to_pandas()
    subjects = set(frame["subject_id"])
    generator = np.random.default_rng(recipe.seed + 9)
    trials = []
    for fold, part in frame.groupby("fold"):
        measured = sklearn_metrics(part["label"].to_numpy(), part["score"].to_numpy())
        decay = np.exp(-np.arange(EPOCHS) / 4)
        history = [
            {
                "epoch": epoch,
                "train_loss": float(0.7 * decay[epoch] + 0.05 * generator.random()),
                "test_loss": float(0.6 * decay[epoch] + 0.1 + 0.1 * generator.random()),
                "test_f1": float(measured["f1"] * (1 - decay[epoch])),
                "learning_rate": 1e-3,
                "seconds": 2.5,
            }
            for epoch in range(EPOCHS)
        ]
        tested = set(part["subject_id"])
        trials.append(
            {
                "fold": int(fold),
                "trial_id": part["run_id"].iloc[0],
                "run_id": f"{fold:032x}",
                "seconds": 31.25 + int(fold),
                "train_subjects": sorted(subjects - tested),
                "test_subjects": sorted(tested),
                "metrics": measured,
                "history": history,
            }
        )
    settings = {
        "features": FeatureSettings().model_dump(mode="json"),
        "model": ModelSettings().model_dump(mode="json"),
        "train": TrainSettings(modality=modality).model_dump(mode="json"),
    }
    return {
        "data": recipe.data,
        "control": control,
        "parent_run_id": "f" * 32,
        "settings": settings,
        "trials": trials,
    }


def make_results(root: Path, recipe: Recipe) -> Workspace:
    workspace = Workspace(root)
    clips = draw_clips(recipe)
    folds = draw_folds(clips, recipe)
    tables.write("clips", clips, workspace.clips)
    tables.write("folds", folds, workspace.folds)
    runs = [("none", "crossval", "predictions", recipe.quality, "a")]
    if recipe.static_quality is not None:
        stem = "controls/static"
        runs.append(("static", stem, f"{stem}_predictions", recipe.static_quality, "b"))
    for number, (name, quality) in enumerate(recipe.controls):
        stem = f"controls/{name}"
        runs.append((name, stem, f"{stem}_predictions", quality, f"d{number}"))
    for control, stem, predictions_stem, quality, tag in runs:
        predictions = draw_predictions(clips, folds, quality, tag, recipe.seed + ord(tag[-1]))
        tables.write("predictions", predictions, workspace.results / f"{predictions_stem}.parquet")
        write_json(workspace.results / f"{stem}.json", record(predictions, recipe, control))
    for number, (modality, quality) in enumerate(recipe.modalities):
        predictions = draw_predictions(clips, folds, quality, f"c{number}", recipe.seed + number)
        beside = workspace.results / "modalities"
        tables.write("predictions", predictions, beside / f"{modality}_predictions.parquet")
        write_json(beside / f"{modality}.json", record(predictions, recipe, "none", modality))
    return workspace


@pytest.fixture
def new_recipe() -> type[Recipe]:
    return Recipe


@pytest.fixture
def results(tmp_path: Path) -> Callable[[Recipe], Workspace]:
    """A function that fills a workspace with the results of a recipe."""
    return lambda recipe: make_results(tmp_path, recipe)


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a result and a control, to read from alone."""
    return make_results(tmp_path_factory.mktemp("results"), Recipe())


@pytest.fixture(scope="session")
def inputs(workspace: Workspace) -> ReportInputs:
    return read_inputs(workspace)
