"""Settings files: what is read, what overlays what, and what is refused with which words."""

from __future__ import annotations

from pathlib import Path

import pytest

from rodepil.config.files import experiment_names
from rodepil.config.load import load_settings
from rodepil.config.settings import ProjectSettings
from rodepil.errors import SettingError

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "params.yaml").write_text("profile: demo\ntrain:\n  epochs: 3\n")
    (tmp_path / "experiments" / "big.yaml").write_text(
        "train:\n  epochs: 9\n  augment: {rotate_deg: 1}\n"
    )
    return tmp_path


def refusal(project: Path, params: str) -> str:
    (project / "params.yaml").write_text(params)
    with pytest.raises(SettingError) as caught:
        load_settings(project)
    return str(caught.value)


def test_the_projects_own_params_are_the_built_in_demo() -> None:
    assert load_settings(REPOSITORY) == ProjectSettings()


def test_paper_profile_is_the_papers_setting() -> None:
    settings = load_settings(REPOSITORY, profile="paper")
    assert (settings.model.width, settings.model.depth, settings.model.heads) == (768, 12, 12)
    assert (settings.features.size_px, settings.features.frames) == (224, 16)
    assert (settings.train.optimizer, settings.train.learning_rate) == ("sgd", 0.005)
    assert (settings.train.epochs, settings.train.batch_size, settings.train.workers) == (20, 8, 8)
    assert settings.train.weight_decay == 1e-4


def test_every_profile_names_every_section_for_dvc() -> None:
    sections = set(ProjectSettings.model_fields) - {"profile"}
    assert experiment_names(REPOSITORY, grids=False) == ["demo", "paper"]
    for name in experiment_names(REPOSITORY, grids=False):
        text = (REPOSITORY / "experiments" / f"{name}.yaml").read_text()
        assert {line.split(":")[0] for line in text.splitlines() if line[:1].isalpha()} == sections


def test_profile_overlays_params_key_by_key(project: Path) -> None:
    plain = load_settings(project)
    big = load_settings(project, profile="big")
    assert (plain.train.epochs, big.train.epochs) == (3, 9)
    assert big.train.augment.rotate_deg == 1
    assert big.train.augment.flip_probability == plain.train.augment.flip_probability
    assert big.train.learning_rate == plain.train.learning_rate


def test_override_wins_over_profile(project: Path) -> None:
    settings = load_settings(
        project, profile="big", overrides=["train.epochs=5", "train.learning_rate=5e-3"]
    )
    assert settings.train.epochs == 5
    assert settings.train.learning_rate == 0.005


def test_without_params_the_demo_is_taken(tmp_path: Path) -> None:
    assert load_settings(tmp_path) == ProjectSettings()


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("train: {epoch: 3}", ["params.yaml", "train.epoch", "did you mean 'epochs'", "optimizer"]),
        ("train: {epochs: many}", ["params.yaml", "train.epochs", "'many'", "integer"]),
        ("train: {epochs: 2026-01-01}", ["params.yaml", "train.epochs", "2026-01-01", "integer"]),
        ("train: {epochs: 0}", ["params.yaml", "train.epochs = 0", "greater than 0"]),
        ("train: {optimizer: adam}", ["train.optimizer = 'adam'", "'sgd' or 'adamw'"]),
        ("tain: {epochs: 3}", ["unknown key 'tain'", "'train'"]),
        ("curate: {clip_duration_s: 0.01}", ["params.yaml", "curate", "make it whole"]),
        ("features: {size_px: 50}", ["features.size_px 50", "model.patch_px 16"]),
        ("model: {width: 10, heads: 4}", ["model", "width 10", "heads 4"]),
        ("train: {learning_rate: .nan}", ["train.learning_rate", "nan"]),
        ("train: {epochs: 3, epochs: 4}", ["params.yaml", "duplicate key"]),
        ("- a list", ["params.yaml", "sections"]),
        ("train: [", ["params.yaml", "YAML"]),
        ("profile: nowhere", ["nowhere.yaml", "'big'"]),
        ("train: {decay_epochs: [5, 5]}", ["params.yaml", "train", "must rise"]),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(
    project: Path, params: str, words: list[str]
) -> None:
    message = refusal(project, params)
    assert [word for word in words if word.lower() not in message.lower()] == []


def test_the_file_of_the_wrong_key_is_named(project: Path) -> None:
    (project / "experiments" / "big.yaml").write_text("train: {epochs: -1}")
    with pytest.raises(SettingError, match=r"experiments/big\.yaml: train\.epochs = -1"):
        load_settings(project, profile="big")


def test_what_speaks_of_several_keys_names_the_files_that_set_them(project: Path) -> None:
    (project / "params.yaml").write_text("features: {frames: 4, pairs: native}\ncurate: {fps: 30}")
    with pytest.raises(SettingError, match=r"^params\.yaml and --set: settings: features\.gap 300"):
        load_settings(project, overrides=["features.gap=300"])
    with pytest.raises(SettingError, match=r"^--set: model: width 10 is no multiple of heads 4"):
        load_settings(project, overrides=["model.width=10"])
    (project / "experiments" / "big.yaml").write_text("train: {augment: {temporal_jitter: 0.5}}")
    with pytest.raises(SettingError, match=r"^experiments/big\.yaml: settings: train\.augment\."):
        load_settings(project, profile="big")


def test_a_gap_as_long_as_a_clip_is_refused_where_it_is_stored(project: Path) -> None:
    with pytest.raises(SettingError, match=r"features\.gap 300 leaves no two frames in clips of"):
        load_settings(project, overrides=["features={gap: 300, pairs: native}"])
    load_settings(project, overrides=["features={gap: 299, pairs: native}"])
    load_settings(project, overrides=["features={gap: 300, pairs: none}"])


def test_a_list_is_said_to_be_written_in_brackets(project: Path) -> None:
    says = r"--set: compare\.modalities = 'flow,absdiff': wanted a list, written \[flow, absdiff\]"
    with pytest.raises(SettingError, match=says):
        load_settings(project, overrides=["compare.modalities=flow,absdiff"])


def test_an_empty_section_of_a_profile_is_not_blamed(project: Path) -> None:
    (project / "params.yaml").write_text("profile: big\nfolds: {method: table}")
    (project / "experiments" / "big.yaml").write_text("folds: {}")
    with pytest.raises(SettingError, match=r"^params\.yaml: folds: method 'table' wants"):
        load_settings(project)


def test_a_profile_that_is_not_there_is_named_with_where_it_was_asked_for(project: Path) -> None:
    with pytest.raises(SettingError, match=r"^--profile: profile is 'nope'.*'big'"):
        load_settings(project, profile="nope")


def test_every_wrong_key_is_named_at_once(project: Path) -> None:
    message = refusal(project, "train: {epochs: 0, batch_size: 0}\nfolds: {k: 1}")
    assert [
        key for key in ("train.epochs", "train.batch_size", "folds.k") if key not in message
    ] == []


def test_an_override_without_equals_is_refused(project: Path) -> None:
    with pytest.raises(SettingError, match=r"--set train\.epochs: wanted"):
        load_settings(project, overrides=["train.epochs"])


def test_an_override_that_is_no_yaml_is_refused(project: Path) -> None:
    with pytest.raises(SettingError, match=r"--set train\.epochs=\[: no valid YAML"):
        load_settings(project, overrides=["train.epochs=["])


def test_an_override_may_name_the_profile(project: Path) -> None:
    assert load_settings(project, overrides=["profile=big"]).train.epochs == 9


def test_a_duration_of_whole_frames_is_taken_whatever_floats_make_of_it(project: Path) -> None:
    settings = load_settings(project, overrides=["curate.clip_duration_s=8.2"])
    assert settings.curate.frames_per_clip == 246


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        ProjectSettings().train.epochs = 4  # type: ignore[misc]  # the refusal is the rule here
