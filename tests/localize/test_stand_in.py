"""The stand-in for I3D: it learns, goes on to the same bits, and is found by its name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from rodepil import stages
from rodepil.config.localize import SequenceSettings, UnitStandInSettings
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ModelError, SettingError
from rodepil.io.labels import ACTION_UNITS
from rodepil.io.progress import Silent
from rodepil.localize import stand_in
from rodepil.localize.stand_in import UnitWindows, calibrate, teach
from rodepil.models.extract import find_model
from rodepil.models.i3d.units import Unit
from rodepil.models.i3d.weights import load_i3d
from rodepil.models.sequence import sequence_view
from rodepil.train.checkpoint import CheckpointFolder
from rodepil.train.learner import make_learner
from rodepil.train.world import World

Stretches = tuple[torch.Tensor, torch.Tensor]
RECIPE = UnitStandInSettings(
    subjects=3, stretches=28, epochs=2, windows=8, batch_size=4, decay_epochs=(), device="cpu"
)
SMALL = SequenceSettings(fps=10, window_frames=8, size_px=16, width=4, stand_in=RECIPE)


@pytest.fixture(scope="module")
def stretches() -> Stretches:
    """Random stretches of every unit, twice: (28, 20, 16, 16)."""
    generator = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 256, (28, 20, 16, 16), generator=generator, dtype=torch.uint8)
    return frames, torch.arange(28) % 14


@pytest.fixture(autouse=True)
def _no_rendering(stretches: Stretches, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give what is learned from at once: how it is drawn is tested with the simulation."""
    frames, labels = stretches
    monkeypatch.setattr(
        stand_in, "make_stretches", lambda *_, **__: (frames.numpy(), labels.numpy())
    )


def test_an_epochs_windows_are_pieces_of_stretches_with_their_labels(stretches: Stretches) -> None:
    frames, labels = stretches
    (batch, *_) = UnitWindows(SMALL, frames, labels, torch.device("cpu")).epoch(0)
    assert batch.frames.shape == (4, 8, 3, 16, 16)
    whole = (frames.float() / 255)[:, :, None]
    for window, label in zip(batch.frames[:, :, :1], batch.whole, strict=True):
        likeness = [
            torch.corrcoef(torch.stack([window.flatten(), piece.flatten()]))[0, 1]
            for stretch in whole[labels == label]
            for start in range(13)
            for piece in (stretch[start : start + 8], stretch[start : start + 8].flip(-1))
        ]
        assert max(likeness) > 0.98  # brightness is changed, and clipped at white


def test_an_epoch_is_the_same_whenever_it_is_asked_for(stretches: Stretches) -> None:
    batches = UnitWindows(SMALL, *stretches, torch.device("cpu"))
    first, again, other = (torch.cat([b.frames for b in batches.epoch(n)]) for n in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_most_first_filters_see_nothing_of_a_still_picture() -> None:
    network = stand_in._network(SMALL)
    first = network.get_submodule("Conv3d_1a_7x7").conv3d.weight
    sums = first.sum(dim=2).abs().amax(dim=(1, 2, 3))
    assert (sums < 1e-5).tolist() == [True, True, True, False]


def test_a_training_that_is_taken_up_again_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = teach(SMALL, identity="one", checkpoints=CheckpointFolder(tmp_path / "whole"))
    cut = CheckpointFolder(tmp_path / "cut")

    class Killed(Exception):
        pass

    keep = stand_in.Course.keep

    def once(course: stand_in.Course) -> None:
        keep(course)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(stand_in.Course, "keep", once)
        with pytest.raises(Killed):
            teach(SMALL, identity="one", checkpoints=cut)
    resumed = teach(SMALL, identity="one", checkpoints=cut)
    for name, tensor in whole.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[name]), name
    assert set(whole.by_unit) == set(ACTION_UNITS)
    assert whole.windows == 16


def test_batch_norm_holds_the_plain_means_of_what_it_saw(stretches: Stretches) -> None:
    network = stand_in._network(SMALL)
    recipe = stand_in._recipe(SMALL)
    learner = make_learner(network, torch.ones(14), recipe, World(device=torch.device("cpu")))
    batches = UnitWindows(SMALL, *stretches, torch.device("cpu"))
    calibrate(learner, batches, 5)
    unit = network.get_submodule("Conv3d_1a_7x7")
    assert isinstance(unit, Unit)
    seen = []
    handle = unit.bn.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    with torch.no_grad():
        for batch in batches.epoch(5):
            network(learner.normalize(batch.frames))
    handle.remove()
    means = torch.stack([one.mean(dim=(0, 2, 3, 4)) for one in seen]).mean(dim=0)
    torch.testing.assert_close(unit.bn.running_mean, means, rtol=1e-4, atol=1e-5)
    assert unit.bn.momentum == pytest.approx(0.01)


def test_stretches_shorter_than_a_window_are_refused(tmp_path: Path) -> None:
    settings = SMALL.model_copy(update={"window_frames": 32})
    with pytest.raises(SettingError, match=r"sequence\.stand_in\.stretch_s"):
        teach(settings, identity="one", checkpoints=CheckpointFolder(tmp_path))


def test_the_stage_makes_it_once_and_the_view_finds_it_by_name(tmp_path: Path) -> None:
    settings, workspace = ProjectSettings(sequence=SMALL), Workspace(tmp_path)
    with pytest.raises(ModelError, match="dvc repro i3d_stand_in"):
        find_model("i3d_stand_in", tmp_path)
    stages.i3d_stand_in(settings, workspace, Silent())
    path = Path(find_model("i3d_stand_in", tmp_path))
    before = path.read_bytes(), path.stat().st_mtime_ns
    assert "is there already" in stages.i3d_stand_in(settings, workspace, Silent())
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert load_i3d(path).width == 4
    view = sequence_view(SMALL, tmp_path)
    assert view.columns["sequence"].shape == (None, 64)
    assert view.learned_from() == frozenset()


def test_none_is_made_where_another_network_is_named(tmp_path: Path) -> None:
    other = SMALL.model_copy(update={"model": "rgb_imagenet.pt"})
    settings, workspace = ProjectSettings(sequence=other), Workspace(tmp_path)
    assert "rgb_imagenet.pt" in stages.i3d_stand_in(settings, workspace, Silent())
    assert [path.name for path in workspace.i3d_stand_in.iterdir()] == ["learned.json"]


def test_imported_features_have_the_width_of_the_settings(tmp_path: Path) -> None:
    view = sequence_view(SequenceSettings(model="imported", imported_width=512), tmp_path)
    assert view.kind == "imported_sequence"
    assert view.columns["sequence"].shape == (None, 512)


@pytest.mark.parametrize("less", [{"stretch_s": 1.5}, {"subjects": 2}])
def test_a_setting_that_nothing_can_be_made_of_is_refused_and_not_raised(
    less: dict[str, float],
) -> None:
    with pytest.raises(ValidationError):
        UnitStandInSettings(**less)
