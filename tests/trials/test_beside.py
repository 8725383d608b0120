"""Controls and other modalities beside the result: what runs, and what is refused first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rodepil import stages
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import SettingError
from rodepil.io.progress import Silent
from rodepil.stages import training
from rodepil.trials.crossval import Variation


def test_a_control_of_another_modality_is_refused(tmp_path: Path):
    with pytest.raises(SettingError, match=r"came together.*train\.modality=flow"):
        stages.cross_validate(
            ProjectSettings(), Workspace(tmp_path), Silent(), control="static", modality="flow"
        )
    assert not list(tmp_path.iterdir())


def test_the_results_own_modality_is_refused(tmp_path: Path):
    with pytest.raises(SettingError, match="the result itself; leave --modality out"):
        stages.cross_validate(ProjectSettings(), Workspace(tmp_path), Silent(), modality="rgb")


def test_a_mistyped_option_is_blamed_and_not_the_settings(tmp_path: Path):
    with pytest.raises(SettingError, match=r"^--modality names 'flwo'.*did you mean 'flow'\?"):
        stages.cross_validate(ProjectSettings(), Workspace(tmp_path), Silent(), modality="flwo")
    assert not list(tmp_path.iterdir())


def test_a_mistyped_modality_is_refused_before_others_are_trained_and_files_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(training, "_validated", _never)
    stale = tmp_path / "results" / "modalities" / "absdiff.json"
    stale.parent.mkdir(parents=True)
    stale.touch()
    with pytest.raises(SettingError, match="'flwo'"):
        stages.compare(_comparing("flow", "flwo"), Workspace(tmp_path), Silent())
    assert stale.is_file()


def test_each_modality_is_trained_once_and_stale_files_alone_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trained = _noted(monkeypatch)
    folder = tmp_path / "results" / "modalities"
    (folder / "notes").mkdir(parents=True)
    for name in (".gitignore", "flow.json", "absdiff.json", "absdiff_predictions.parquet"):
        (folder / name).touch()
    said = stages.compare(_comparing("flow", "rgb", "flow"), Workspace(tmp_path), Silent())
    assert trained == ["flow"]
    assert said.startswith(f"removed from {folder}, for compare.modalities does not name it: absdi")
    assert sorted(path.name for path in folder.iterdir()) == [".gitignore", "flow.json", "notes"]


def test_each_control_is_trained_once_and_stale_files_alone_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trained = _noted(monkeypatch)
    folder = tmp_path / "results" / "controls"
    folder.mkdir(parents=True)
    for name in ("static.json", "permuted.json", "permuted_predictions.parquet"):
        (folder / name).touch()
    settings = _controlling("background", "static", "background", "scratch")
    stages.compare(settings, Workspace(tmp_path), Silent())
    assert trained == ["background", "static", "scratch"]
    assert [path.name for path in folder.iterdir()] == ["static.json"]


def test_scratch_is_left_out_with_a_word_where_nothing_is_pretrained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(training, "_validated", _never)
    plain = _controlling("scratch", model={"pretrained": "none"})
    said = stages.compare(plain, Workspace(tmp_path), Silent())
    assert said.startswith("scratch is left out: model.pretrained is 'none'\n")
    assert not list((tmp_path / "results" / "controls").iterdir())


def test_a_control_that_clips_are_too_short_for_is_refused_before_others_are_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(training, "_validated", _never)
    settings = _controlling("static", "shuffled", features={"frames": 2})
    with pytest.raises(SettingError, match=r"features\.frames is 2"):
        stages.compare(settings, Workspace(tmp_path), Silent())
    assert not list(tmp_path.iterdir())


def test_modalities_and_controls_are_trained_in_one_go_the_longest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    trained = _noted(monkeypatch)
    compare = {"controls": ("static", "permuted"), "modalities": ("flow", "absdiff")}
    settings = ProjectSettings.model_validate({"compare": compare})
    stages.compare(settings, Workspace(tmp_path), Silent())
    assert trained == ["flow", "absdiff", "static", "permuted"]


@pytest.mark.parametrize("name", ["none", "statc"])
def test_what_is_no_control_is_refused_by_the_settings(name: str):
    with pytest.raises(ValidationError, match="'static', 'shuffled', 'background', 'permuted' or"):
        _controlling(name)


def _controlling(*names: str, **sections: object) -> ProjectSettings:
    compare = {"controls": names, "modalities": ()}
    return ProjectSettings.model_validate({"compare": compare, **sections})


def _comparing(*names: str) -> ProjectSettings:
    return ProjectSettings.model_validate({"compare": {"modalities": names, "controls": ()}})


def _noted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Train nothing, and return the list to which the names come of what would be trained."""
    trained: list[str] = []

    def train(
        variations: Sequence[Variation], settings: ProjectSettings, *_: object
    ) -> dict[str, str]:
        for one in variations:
            modality = one.settings.train.modality
            trained.append(one.control if modality == settings.train.modality else modality)
        return {}

    monkeypatch.setattr(training, "_validated", train)
    return trained


def _never(*_: object, **__: Any) -> str:
    raise AssertionError("trained")
