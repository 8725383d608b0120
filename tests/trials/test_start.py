"""Where trials start from: found by the plan, part of their identity, and read by workers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rodepil.config.settings import FeatureSettings, ModelSettings, ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ModelError, SettingError, TrialError
from rodepil.models.card import load_model
from rodepil.models.registry import build
from rodepil.models.weights import WeightsNote, write_official
from rodepil.trials.crossval import cross_validate
from rodepil.trials.plan import make_plan
from rodepil.trials.ray_session import Resources
from rodepil.trials.start import Start, find_start

SMALL = ModelSettings(width=24, depth=2, heads=2, patch_px=8, pretrained="kinetics")
FEATURES = FeatureSettings(frames=4, size_px=16)


def weights_file(path: Path, seed: int) -> Path:
    model = build(SMALL, FEATURES, classes=7, seed=seed)
    write_official(path, model.state_dict())
    return path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def start_of(workspace: Workspace, name: str, seed: int = 1) -> Start:
    weights_file(workspace.root / name, seed)
    start = find_start(SMALL.model_copy(update={"weights": name}), workspace)
    assert start is not None
    return start


def test_a_start_is_what_its_file_holds_whatever_it_is_called(workspace: Workspace):
    one, same, other = (
        start_of(workspace, name, seed) for name, seed in (("a.pyth", 1), ("b.pyth", 1), ("c", 2))
    )
    assert one.digest == same.digest != other.digest
    loaded = one.load().tensors
    expected = build(SMALL, FEATURES, classes=7, seed=1).state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in expected.items())


def test_weights_that_are_replaced_after_the_plan_are_refused(workspace: Workspace):
    start = start_of(workspace, "a.pyth")
    weights_file(workspace.root / "a.pyth", seed=2)
    with pytest.raises(TrialError, match="were replaced since the trial was planned"):
        start.load()


def test_random_weights_have_no_start(workspace: Workspace):
    assert find_start(ModelSettings(pretrained="none"), workspace) is None


def test_missing_weights_stop_the_plan_and_say_where_they_are_to_be_had(workspace: Workspace):
    with pytest.raises(ModelError, match=r"facebookresearch/TimeSformer.*data/weights"):
        find_start(SMALL, workspace)


Project = tuple[ProjectSettings, Workspace]


@pytest.fixture
def project(settings: ProjectSettings, copy: Callable[[str], Workspace], tmp_path: Path) -> Project:
    """Return the small project, starting from a file in `tmp_path`."""
    workspace = copy("start")
    file = weights_file(tmp_path / "start.pyth", seed=1)
    model = settings.model.model_copy(update={"pretrained": "kinetics", "weights": str(file)})
    return settings.model_copy(update={"model": model}), workspace


def test_trials_differ_by_the_weights_that_they_start_from(project: Project, tmp_path: Path):
    settings, workspace = project
    first = make_plan(settings, workspace)
    again = make_plan(settings, workspace)
    weights_file(tmp_path / "start.pyth", seed=2)
    other = make_plan(settings, workspace)
    assert [trial.id for trial in first.trials] == [trial.id for trial in again.trials]
    assert not {trial.id for trial in first.trials} & {trial.id for trial in other.trials}
    assert first.digests["weights"] != other.digests["weights"]


def test_the_control_from_scratch_leaves_the_weights_out_and_nothing_else(project: Project):
    settings, workspace = project
    plain, scratch = (make_plan(settings, workspace, control=c) for c in ("none", "scratch"))
    assert "weights" not in scratch.digests
    for one, other in zip(plain.trials, scratch.trials, strict=True):
        assert (one.start is None, other.start is None) == (False, True)
        assert other.settings.model.pretrained == "none"
        assert other.settings.train == one.settings.train
        assert other.settings.model.model_dump(exclude={"pretrained", "weights"}) == (
            one.settings.model.model_dump(exclude={"pretrained", "weights"})
        )


def test_a_control_from_scratch_of_what_starts_from_scratch_is_refused(project: Project):
    settings, workspace = project
    plain = settings.model_copy(update={"model": ModelSettings(pretrained="none")})
    with pytest.raises(SettingError, match=r"model\.pretrained is 'none'"):
        make_plan(plain, workspace, control="scratch")


def test_a_trial_on_ray_starts_from_the_weights_and_its_model_says_so(
    settings: ProjectSettings, copy: Callable[[str], Workspace], resources: Resources
):
    """With a learning rate near zero the model that comes out is the one that went in."""
    assert resources
    workspace, mean = copy("transfer"), (0.3, 0.4, 0.5)
    model, half = settings.model, settings.features.model_copy(update={"frames": 2})
    source = build(model, half, classes=7, seed=3)
    note = WeightsNote(mean=mean, heads=model.heads, learned_from=("rat before",))
    write_official(workspace.weights / "learned.pyth", source.state_dict(), note)
    train = settings.train.model_copy(
        update={"epochs": 1, "decay_epochs": (), "learning_rate": 1e-9, "weight_decay": 0.0}
    )
    model = model.model_copy(update={"pretrained": "kinetics", "weights": "learned.pyth"})
    changed = settings.model_copy(update={"model": model, "train": train})
    result = cross_validate(changed, workspace, folds=[0])
    (fold,) = result.folds
    trained, card = load_model(fold.trial.folder.model)
    assert card.mean == mean
    assert "learned.pyth" in card.started_from
    assert "rat before" in (card.learned_from or ())
    assert "resized 2 -> 4 frames" in card.started_from
    expected = source.state_dict()
    for name, value in trained.state_dict().items():
        if name.startswith("head."):
            assert len(value) == 2
        elif name == "time_embed":
            assert value.shape[1] == 4
        else:
            torch.testing.assert_close(value, expected[name], atol=1e-6, rtol=0)
