"""Grid files: which rows they mean under which profile, and what is refused with which words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rodepil.config.files import experiment_names
from rodepil.config.grid import (
    Grid,
    choose_rows,
    grid_settings,
    hidden_overrides,
    load_grid,
    row_settings,
)
from rodepil.config.load import load_settings
from rodepil.config.settings import ProjectSettings

REPOSITORY = Path(__file__).parents[2]

# FACTS: Table III, in its order; accuracy, sensitivity, precision, F1 in %.
TABLE_III = {
    "RGB 224 16 SGD Kinetics": (98.55, 97.81, 96.31, 97.00),
    "RGB 224 8 SGD Kinetics": (95.22, 85.02, 89.60, 87.20),
    "OpticalFlow 224 8 SGD Kinetics": (88.01, 77.42, 68.32, 71.69),
    "AbsDiff 224 8 SGD Kinetics": (85.84, 71.65, 64.91, 67.16),
    "RGB 112 16 SGD Kinetics": (84.94, 67.70, 64.42, 64.39),
    "RGB 112 8 SGD Kinetics": (82.59, 51.84, 68.34, 54.50),
    "RGB 224 16 AdamW Kinetics": (74.61, 43.52, 28.68, 34.06),
    "RGB 224 16 SGD no": (71.04, 48.18, 41.84, 38.57),
    "RGB 224 16 AdamW no": (73.74, 24.74, 29.81, 25.61),
}
NAMES = [
    "rgb-224-16-sgd-kinetics",
    "rgb-224-8-sgd-kinetics",
    "flow-224-8-sgd-kinetics",
    "absdiff-224-8-sgd-kinetics",
    "rgb-112-16-sgd-kinetics",
    "rgb-112-8-sgd-kinetics",
    "rgb-224-16-adamw-kinetics",
    "rgb-224-16-sgd-no",
    "rgb-224-16-adamw-no",
]
AXES = """
axes:
  modality: {rgb: {word: RGB, train.modality: rgb}, flow: {train: {modality: flow}}}
  size:
    224: {profiles: {demo: {features.size_px: 32}, paper: {features.size_px: 224}}}
    112: {profiles: {demo: {features.size_px: 16}, default: {features.size_px: 112}}}
"""


def read(folder: Path, text: str, profile: str = "demo") -> Grid:
    (folder / "experiments").mkdir(exist_ok=True)
    (folder / "experiments" / "mine.yaml").write_text(text)
    return load_grid("mine", folder, profile)


@pytest.mark.parametrize("profile", ["demo", "paper"])
def test_the_ablation_is_table_iii_row_by_row(profile: str) -> None:
    grid = load_grid("ablation", REPOSITORY, profile)
    printed = {" ".join(row.words.values()): tuple(row.paper.values()) for row in grid.rows}
    assert printed == TABLE_III
    assert {tuple(row.words) for row in grid.rows} == {
        ("modality", "size", "frames", "optimizer", "pretrained")
    }
    assert {tuple(row.paper) for row in grid.rows} == {
        ("accuracy", "sensitivity", "precision", "f1")
    }
    assert [row.name for row in grid.rows] == NAMES
    assert "Table III" in grid.source


@pytest.mark.parametrize("name", ["ablation", "recipe"])
@pytest.mark.parametrize("profile", ["demo", "paper"])
def test_every_row_of_the_projects_grids_makes_settings_of_its_own(name: str, profile: str) -> None:
    settings = load_settings(REPOSITORY, profile=profile)
    grid = load_grid(name, REPOSITORY, profile)
    made = grid_settings(grid, settings)
    assert list(made) == [row.name for row in grid.rows]
    assert len({json.dumps(own.model_dump(mode="json")) for own in made.values()}) == len(grid.rows)
    assert experiment_names(REPOSITORY, grids=True) == ["ablation", "raseformer", "recipe"]


def test_the_papers_best_row_is_the_papers_profile() -> None:
    settings = load_settings(REPOSITORY, profile="paper")
    rows = load_grid("ablation", REPOSITORY, "paper").rows
    assert row_settings(rows[0], settings) == settings


def test_a_word_means_what_the_papers_row_says() -> None:
    settings = load_settings(REPOSITORY, profile="paper")
    made = grid_settings(load_grid("ablation", REPOSITORY, "paper"), settings)
    flow, untrained = made["flow-224-8-sgd-kinetics"], made["rgb-224-16-adamw-no"]
    assert (flow.train.modality, flow.features.pairs, flow.features.frames) == ("flow", "native", 8)
    assert (untrained.train.optimizer, untrained.model.pretrained) == ("adamw", "imagenet")
    assert made["rgb-112-8-sgd-kinetics"].features.size_px == 112
    demo = grid_settings(load_grid("ablation", REPOSITORY, "demo"), ProjectSettings())
    assert demo["rgb-112-8-sgd-kinetics"].features.size_px == 16
    assert demo["rgb-224-16-sgd-no"].model.pretrained == "none"


def test_the_demos_own_result_is_a_row_of_the_ablation() -> None:
    demo = grid_settings(load_grid("ablation", REPOSITORY, "demo"), ProjectSettings())
    assert demo["rgb-224-16-adamw-kinetics"] == ProjectSettings()


def test_weights_that_the_project_names_are_not_those_of_a_row_without_pretraining() -> None:
    settings = load_settings(REPOSITORY, overrides=["model.weights=mine.pyth"])
    made = grid_settings(load_grid("ablation", REPOSITORY, "demo"), settings)
    assert made["rgb-224-16-sgd-kinetics"].model.weights == "mine.pyth"
    assert made["rgb-224-16-sgd-no"].model.weights is None


def test_a_row_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, overrides=["train.seed=5", "train.epochs=3"])
    (row,) = read(tmp_path, "rows: [{train.epochs: 7, features.frames: 4}]").rows
    made = row_settings(row, settings)
    features = settings.features.model_copy(update={"frames": 4})
    train = settings.train.model_copy(update={"epochs": 7})
    assert made == settings.model_copy(update={"features": features, "train": train})
    assert row.changes == {"train.epochs": 7, "features.frames": 4}


def test_dotted_and_nested_changes_are_the_same(tmp_path: Path) -> None:
    text = "axes: {a: {b: {train.flow.winsize: 7}, c: {train: {flow: {winsize: 9}}}}}\n"
    one, other = read(tmp_path, text + "rows: [{a: b}, {a: c}]").rows
    assert (one.changes, other.changes) == ({"train.flow.winsize": 7}, {"train.flow.winsize": 9})
    assert row_settings(other, ProjectSettings()).train.flow.winsize == 9


def test_a_profiles_changes_go_over_those_of_every_profile(tmp_path: Path) -> None:
    text = (
        "axes: {a: {b: {train.epochs: 2, train.batch_size: 4, "
        "profiles: {demo: {train.epochs: 3}, default: {}}}}}\nrows: [{a: b}]"
    )
    (demo,), (other,) = read(tmp_path, text).rows, read(tmp_path, text, "lab").rows
    assert demo.changes == {"train.epochs": 3, "train.batch_size": 4}
    assert other.changes == {"train.epochs": 2, "train.batch_size": 4}


def test_a_product_is_every_combination_the_last_axis_fastest(tmp_path: Path) -> None:
    grid = read(
        tmp_path,
        AXES + "product:\n  modality: [flow]\n  size: [224, 112]\n"
        "  train.learning_rate: [1e-4, 2e-4]\n",
    )
    assert [row.name for row in grid.rows] == [
        "flow-224-learning_rate=0.0001",
        "flow-224-learning_rate=0.0002",
        "flow-112-learning_rate=0.0001",
        "flow-112-learning_rate=0.0002",
    ]
    last = grid.rows[-1]
    assert last.words == {"modality": "flow", "size": "112", "learning_rate": "0.0002"}
    assert last.changes == {
        "train.modality": "flow",
        "features.size_px": 16,
        "train.learning_rate": 2e-4,
    }
    assert (grid.name, grid.title, grid.source, last.paper) == ("mine", "mine", "", {})


@pytest.mark.parametrize(
    ("key", "value", "name"),
    [
        ("train.decay_epochs", "[4, 6]", "decay_epochs=4+6"),
        ("train.nesterov", "true", "nesterov=true"),
        ("train.effective_batch", "null", "effective_batch=none"),
        ("train.learning_rate", "0.00001", "learning_rate=1e-05"),
        ("train.augment.flip_probability", "0", "flip_probability=0"),
    ],
)
def test_every_kind_of_value_has_a_name_for_runs_and_files(
    tmp_path: Path, key: str, value: str, name: str
) -> None:
    (row,) = read(tmp_path, f"product: {{{key}: [{value}]}}").rows
    assert row.name == name
    section = row_settings(row, ProjectSettings()).train.model_dump(mode="json")
    for part in key.split(".")[1:]:
        section = section[part]
    assert section == row.changes[key]


def test_settings_of_one_last_word_are_named_in_full(tmp_path: Path) -> None:
    (row,) = read(tmp_path, "rows: [{model.dropout: 0.1, train.seed: 1, model.seed: 2}]").rows
    assert row.name == "dropout=0.1-train.seed=1-model.seed=2"
    text = "axes: {seed: {b: {train.epochs: 2}}}\nrows: [{seed: b, train.seed: 1}]"
    (row,) = read(tmp_path, text).rows
    assert (row.name, row.words) == ("b-train.seed=1", {"seed": "b", "train.seed": "1"})


def test_rows_print_in_one_order_however_they_are_listed(tmp_path: Path) -> None:
    text = AXES + "rows: [{size: 112, modality: rgb}, {modality: flow, size: 224}]"
    grid = read(tmp_path, text)
    assert [row.name for row in grid.rows] == ["112-rgb", "224-flow"]
    assert [list(row.words) for row in grid.rows] == [["size", "modality"]] * 2


def test_a_row_may_have_a_name_of_its_own(tmp_path: Path) -> None:
    grid = read(tmp_path, AXES + "rows: [{modality: rgb, size: 112, name: small}]")
    assert [(row.name, row.words) for row in grid.rows] == [
        ("small", {"modality": "RGB", "size": "112"})
    ]


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        ([], [0, 1, 2, 3, 4, 5, 6, 7, 8]),
        (["rgb-224-16-sgd-no"], [7]),
        (["*-no", "flow-*"], [2, 7, 8]),
        (["rgb-112-8-sgd-kinetics, rgb-224-8-sgd-kinetics"], [1, 5]),
    ],
)
def test_rows_are_chosen_by_name_or_pattern_in_the_grids_order(
    names: list[str], chosen: list[int]
) -> None:
    grid = choose_rows(load_grid("ablation", REPOSITORY, "demo"), names)
    assert [row.name for row in grid.rows] == [NAMES[index] for index in chosen]


def test_overrides_that_every_row_sets_itself_are_told() -> None:
    grid = load_grid("ablation", REPOSITORY, "demo")
    overrides = ["train.epochs=2", "train.learning_rate=0.1", "model={weights: null}"]
    assert hidden_overrides(grid, overrides) == ["train.learning_rate"]


def test_note_is_of_the_profile_and_empty_under_others(tmp_path: Path) -> None:
    folder = tmp_path / "experiments"
    folder.mkdir()
    text = "notes: {demo: small stands for large}\nproduct: {train.epochs: [1, 2]}\n"
    (folder / "noted.yaml").write_text(text)
    (folder / "demo.yaml").write_text("train: {}\n")
    assert load_grid("noted", tmp_path, "demo").note == "small stands for large"
    assert load_grid("noted", tmp_path, "paper").note == ""


def test_a_word_may_be_null_written_the_same_way_in_rows(tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    text = "axes: {decay: {null: {train.epochs: 3}}}\nrows: [{decay: null}]\n"
    (tmp_path / "experiments" / "mine.yaml").write_text(text)
    (row,) = load_grid("mine", tmp_path, "demo").rows
    assert (row.words, row.changes) == ({"decay": "null"}, {"train.epochs": 3})
