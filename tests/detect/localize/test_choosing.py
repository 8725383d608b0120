"""A localizer by its id's beginning; who means none is told which there are, the best first."""

from __future__ import annotations

from pathlib import Path

import pytest
from safetensors.numpy import save_file

from rodepil.config.workspace import Workspace
from rodepil.detect.localize import find_localizer
from rodepil.errors import ModelError
from rodepil.models.card import CARD_KEY
from rodepil.trials.folder import Finished, RunRecord, TrialFolder
from tests.detect.localize.conftest import write_model


def localizer(root: Path, name: str, mean_map: float | None, fold: int = 0) -> Path:
    folder = TrialFolder(Workspace(root).trials / name)
    write_model(folder.model, None, trial_id=name)
    if mean_map is not None:
        metrics = {"mean_map": mean_map}
        folder.finish(Finished(trial_id=name, fold=fold, metrics=metrics, seconds=1.0))
    return folder.model


def classifier(root: Path, name: str) -> Path:
    """Write the least that tells a classifier: a file whose metadata have its card."""
    path = TrialFolder(Workspace(root).trials / name).model
    path.parent.mkdir(parents=True)
    save_file({}, str(path), {CARD_KEY: "{}"})
    return path


def test_an_id_its_beginning_its_folder_and_its_run_mean_a_localizer(tmp_path: Path) -> None:
    project = Workspace(tmp_path)
    wanted = localizer(tmp_path, "6ac1f0", 0.5)
    localizer(tmp_path, "6b0000", 0.6)
    classifier(tmp_path, "6ac1ee")
    TrialFolder(wanted.parent).write_run(RunRecord(run_id="run-7"))
    for name in ("6ac1f0", "6ac1", "6a", "run-7", str(wanted.parent), str(wanted)):
        assert find_localizer(name, project) == wanted


def test_a_beginning_of_several_lists_those_alone(tmp_path: Path) -> None:
    for name in ("6ac1f0", "6ac2f0", "777777"):
        localizer(tmp_path, name, 0.5)
    with pytest.raises(ModelError, match="2 localizers begin with '6ac'") as error:
        find_localizer("6ac", Workspace(tmp_path))
    assert "6ac2f0" in str(error.value)
    assert "777777" not in str(error.value)


def test_ten_localizers_are_listed_a_line_each_the_best_first(tmp_path: Path) -> None:
    scores = {f"{number:06d}": number / 20 for number in range(11)}
    for name, score in scores.items():
        localizer(tmp_path, name, score, fold=1)
    localizer(tmp_path, "unscored", None)
    classifier(tmp_path, "clips")
    with pytest.raises(ModelError, match="no model is called 'gone'") as error:
        find_localizer("gone", Workspace(tmp_path))
    _, *lines = str(error.value).splitlines()
    best = sorted(scores, key=lambda name: -scores[name])[:10]
    assert [line.split(":")[0].strip() for line in lines[:-1]] == best
    assert lines[0].strip() == "000010: raseformer, mean mAP 0.500 on fold 1, learned from noise"
    assert lines[-1].strip() == "and 2 more"
    assert "clips" not in str(error.value)


def test_without_a_localizer_it_is_said_how_one_is_made(tmp_path: Path) -> None:
    classifier(tmp_path, "clips")
    with pytest.raises(ModelError, match=r"there is no localizer in .* yet"):
        find_localizer("gone", Workspace(tmp_path))
