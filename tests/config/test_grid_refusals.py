"""What is refused of a grid, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil.config.grid import choose_rows, grid_settings, load_grid
from rodepil.config.load import load_settings
from rodepil.config.settings import ProjectSettings
from rodepil.errors import SettingError

REPOSITORY = Path(__file__).parents[2]

AXES = """
axes:
  modality: {rgb: {word: RGB, train.modality: rgb}, flow: {train: {modality: flow}}}
  size:
    224: {profiles: {demo: {features.size_px: 32}, paper: {features.size_px: 224}}}
    112: {profiles: {demo: {features.size_px: 16}, default: {features.size_px: 112}}}
"""


def refusal(folder: Path, text: str, profile: str = "demo") -> str:
    (folder / "experiments").mkdir(exist_ok=True)
    (folder / "experiments" / "mine.yaml").write_text(text)
    with pytest.raises(SettingError) as caught:
        grid_settings(load_grid("mine", folder, profile), ProjectSettings())
    return str(caught.value)


@pytest.mark.parametrize("name", ["rgb-224-16-sgd-kinetic", "RGB-*", "rgb"])
def test_an_unknown_row_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(SettingError) as caught:
        choose_rows(load_grid("ablation", REPOSITORY, "demo"), ["rgb-*", name])
    assert str(caught.value).startswith(f"--rows {name}: grid 'ablation' has no such row")
    told = str(caught.value).partition("its rows: ")[2].split(", ")
    assert (len(told), told[0], told[-1]) == (9, "rgb-224-16-sgd-kinetics", "rgb-224-16-adamw-no")


@pytest.mark.parametrize("names", [[""], [" , "]])
def test_a_blank_is_not_taken_for_all(names: list[str]) -> None:
    with pytest.raises(
        SettingError, match=r"--rows names none; its rows: rgb-224.*leave --rows out"
    ):
        choose_rows(load_grid("ablation", REPOSITORY, "demo"), names)


@pytest.mark.parametrize("name", ["abaltion", "nowhere", "../params", "experiments/ablation", ""])
def test_an_unknown_grid_is_refused_with_those_that_are_grids(name: str) -> None:
    with pytest.raises(SettingError) as caught:
        load_grid(name, REPOSITORY, "demo")
    message = str(caught.value)
    assert message.startswith(f"--grid {name}: ")
    assert "choose one of ['ablation', 'raseformer', 'recipe']" in message
    assert "'demo'" not in message


@pytest.mark.parametrize("name", ["demo", "paper"])
def test_a_profile_is_no_grid(name: str) -> None:
    with pytest.raises(SettingError, match=f"is a profile .--profile {name}. and no grid"):
        load_grid(name, REPOSITORY, "demo")


def test_a_grid_is_no_profile_and_not_offered_as_one() -> None:
    with pytest.raises(SettingError, match=r"is a grid.*choose one of \['demo', 'paper'\]"):
        load_settings(REPOSITORY, profile="ablation")


def test_a_file_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    message = refusal(tmp_path, "title: x\nrows:\n  - {train.epochs: 1, train.epochs: 2}\n")
    assert "mine.yaml is no valid YAML" in message
    assert "line 3" in message


def test_a_broken_neighbour_hides_no_grid(tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.yaml").write_text("rows: [{train.epochs: 1}]")
    (tmp_path / "experiments" / "broken.yaml").write_text("rows: [")
    with pytest.raises(SettingError, match=r"choose one of \['mine'\]"):
        load_grid("other", tmp_path, "demo")


ROWS = AXES + "rows:\n  - {modality: rgb, size: 224}\n  - "


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("title: x", ["mine.yaml", "either rows or a product", "neither"]),
        ("rows: [{train.epochs: 1}]\nproduct: {train.epochs: [1]}", ["rows or a product", "both"]),
        ("rows: []", ["mine.yaml", "empty"]),
        ("rows: [{}]", ["mine.yaml", "empty"]),
        ("product: {}", ["mine.yaml", "empty"]),
        ("product: {train.epochs: []}", ["mine.yaml", "empty"]),
        ("product: {train.epochs: 3}", ["mine.yaml", "product.train.epochs = 3"]),
        (
            "row: []\nrows: []",
            ["unknown key 'row'", "'rows'", "axes, notes, product, "],
        ),
        ("rows: [rgb]", ["rows.0 = 'rgb'"]),
        (ROWS + "{modality: rbg, size: 224}", ["row 2", "'rbg'", "'rgb'", "rgb, flow"]),
        (ROWS + "{modality: rgb, size: 225}", ["row 2", "size '225'", "224, 112"]),
        (ROWS + "{modality: rgb}", ["row 2", "says nothing of size"]),
        (ROWS + "{modality: rgb, size: 112, sise: 1}", ["row 2", "'sise'", "'size'", "modality, "]),
        (ROWS + "{modality: rgb, size: 224}", ["two rows", "'rgb-224'"]),
        (ROWS + "{modality: rgb, size: 224, name: RGB-224}", ["two rows", "'rgb-224'"]),
        (
            ROWS + "{modality: rgb, size: 224, name: again}",
            ["'rgb-224' and 'again' change the same"],
        ),
        (ROWS + "{modality: flow, size: 112, name: a/b}", ["row 2", "'a/b'", "letters, digits"]),
        (ROWS + "{modality: flow, size: 112, name: 3}", ["row 2", "name = 3"]),
        (
            ROWS + "{modality: flow, size: 112, paper: {f1: 101}}",
            ["row 2", "paper.f1 = 101", "100"],
        ),
        (ROWS + "{modality: flow, size: 112, paper: {f1: -1}}", ["row 2", "paper.f1 = -1"]),
        (
            ROWS + "{modality: flow, size: 112, paper: {precison: 1}}",
            ["row 2", "'precision'", "f1, "],
        ),
        (ROWS + "{modality: flow, size: 112, paper: {f1: .nan}}", ["row 2", "paper.f1"]),
        ("rows: [{train.epochs: 1}, {train.epoch: 2}]", ["row 1 says nothing of train.epoch"]),
        ("rows: [{train.epoch: 1}]", ["mine.yaml", "row 'epoch=1'", "'train.epoch'", "'epochs'"]),
        ("rows: [{train.epochs: 0}]", ["mine.yaml", "row 'epochs=0'", "train.epochs = 0"]),
        ("rows: [{features.size_px: 50}]", ["mine.yaml", "row 'size_px=50'", "model.patch_px 16"]),
        ("rows: [{folds.k: 3}]", ["row 1", "'folds.k'", "same for a whole grid", "--set"]),
        ("rows: [{tain.epochs: 3}]", ["row 1", "'tain.epochs'", "'train'"]),
        ("rows: [{train.augment: {rotate_deg: 3}}]", ["row 1", "train.augment.KEY"]),
        ("axes: {a.b: {}}\nrows: [{a.b: 1}]", ["'a.b'", "rename it"]),
        ("axes: {paper: {}}\nrows: [{paper: {}}]", ["'paper'", "rename it"]),
        ("axes: {a: {b: {train: 3}}}\nrows: [{a: b}]", ["axes.a.b", "'train' is a section"]),
        ("axes: {a: {b: {curate.fps: 3}}}\nrows: [{a: b}]", ["axes.a.b", "'curate.fps'"]),
        ("axes: {a: {b: {word: 3}}}\nrows: [{a: b}]", ["axes.a.b", "word 3", "quote it"]),
        ("axes: {a: {b: {profiles: 3}}}\nrows: [{a: b}]", ["axes.a.b", "profiles are 3"]),
        ("axes: {a: {b: {profiles: {demo: 3}}}}\nrows: [{a: b}]", ["axes.a.b", "no changes"]),
        (
            "axes: {a: {b: {train.epochs: 3, train: {epochs: 4}}}}\nrows: [{a: b}]",
            ["axes.a.b", "'train.epochs' is set twice"],
        ),
        (
            "axes: {a: {b: {train.epochs: 3}}}\nrows: [{a: b, train.epochs: 4}]",
            ["row 1", "a and train.epochs both change 'train.epochs'"],
        ),
        ("rows: [{train.flow: 3, train.flow.winsize: 4}]", ["row 1", "both change 'train.flow'"]),
        ("axes: {a: {b: {word: null}}}\nrows: [{a: b}]", ["axes.a.b", "word null", "quote it"]),
        ("axes: {a: {b: {}}}\nrows: [{a: null}]", ["a 'null' is no word", "choose one of b"]),
        (AXES + "product: {modality: [rgb, rgb], size: [224]}", ["two rows", "leave one out"]),
        ("product: {train.epochs: [a/b]}", ["row 1", "'epochs=a/b'", "list it under 'rows'"]),
        ("product: {train.epochs: [1], name: [a]}", ["a product", "a name", "under 'rows'"]),
        ("product: {train.epochs: [1], paper: [{f1: 1}]}", ["a product", "a paper"]),
        ("notes: {dmeo: x}\nrows: [{train.epochs: 1}]", ["mine.yaml", "'dmeo'", "'demo'"]),
        ("rows: [{[a]: 1}]", ["mine.yaml", "tuple is no key"]),
        ("rows: [{2026-01-01: 1}]", ["mine.yaml", "date is no key", "quote it"]),
    ],
)
def test_a_wrong_grid_is_named_with_what_is_allowed(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    message = refusal(tmp_path, text)
    assert [word for word in words if word not in message] == [], message


def test_every_wrong_row_is_named_at_once(tmp_path: Path) -> None:
    message = refusal(tmp_path, "product: {train.epochs: [0, 1], train.batch_size: [0, 1]}")
    assert [line.partition("'")[2].partition("'")[0] for line in message.splitlines()] == [
        "epochs=0-batch_size=0",
        "epochs=0-batch_size=0",
        "epochs=0-batch_size=1",
        "epochs=1-batch_size=0",
    ]


def test_rows_that_come_to_the_same_settings_are_refused(tmp_path: Path) -> None:
    message = refusal(
        tmp_path, "axes: {a: {b: {train.epochs: 6}, c: {train.seed: 0}}}\nproduct: {a: [b, c]}"
    )
    assert message == (
        "experiments/mine.yaml: rows 'b' and 'c' come to the same settings under profile 'demo'; "
        "leave one out"
    )


def test_a_profile_of_ones_own_is_told_what_to_add(tmp_path: Path) -> None:
    rows = "rows: [{modality: rgb, size: 224}, {modality: flow, size: 112}]"
    message = refusal(tmp_path, AXES + rows, "lab")
    assert message == (
        "experiments/mine.yaml: axes.size.224 says nothing for profile 'lab', only for demo, paper;"
        " add lab (or default) to its profiles"
    )
