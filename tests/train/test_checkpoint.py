"""Checkpoints: whole or the one before, and never code."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rodepil.errors import TrainingError
from rodepil.train.checkpoint import CheckpointFolder, TrialState


def state(epochs: int) -> TrialState:
    weight = torch.nn.Parameter(torch.full((2, 3), float(epochs)))
    optimizer = torch.optim.AdamW([weight], fused=True)
    weight.grad = torch.ones(2, 3)
    optimizer.step()
    return TrialState(
        trial_id="abc",
        model={"weight": weight.detach()},
        optimizer=optimizer.state_dict(),
        average={"module.weight": weight.detach() / 3, "n_averaged": torch.tensor(epochs)},
        history=[{"train_loss": 0.1 * epoch} for epoch in range(epochs)],
    )


class Malice:
    """Runs code when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def test_a_folder_without_checkpoints_gives_none(tmp_path: Path):
    assert CheckpointFolder(tmp_path / "trial").load() is None


def test_what_is_saved_is_loaded_to_the_last_bit(tmp_path: Path):
    folder = CheckpointFolder(tmp_path / "trial")
    saved = state(3)
    folder.save(saved)
    loaded = folder.load()
    assert loaded is not None
    assert (loaded.trial_id, loaded.history) == (saved.trial_id, saved.history)
    assert torch.equal(loaded.model["weight"], saved.model["weight"])
    assert torch.equal(loaded.average["module.weight"], saved.average["module.weight"])
    for name, value in saved.optimizer["state"][0].items():
        assert torch.equal(loaded.optimizer["state"][0][name], value)


def test_a_torn_checkpoint_gives_the_one_before(tmp_path: Path):
    folder = CheckpointFolder(tmp_path)
    for epochs in (1, 2, 3):
        folder.save(state(epochs))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint.previous.pt", "checkpoint.pt"]
    folder.latest.write_bytes(folder.latest.read_bytes()[:500])
    assert len(folder.load().history) == 2
    folder.latest.unlink()  # killed between the two renames
    assert len(folder.load().history) == 2


def test_a_save_that_fails_leaves_the_last_checkpoint(tmp_path: Path):
    folder = CheckpointFolder(tmp_path)
    folder.save(state(1))
    broken = TrialState("abc", {"weight": lambda: None}, {}, {}, [])  # a lambda can't be written
    with pytest.raises((AttributeError, pickle.PicklingError)):
        folder.save(broken)
    assert len(folder.load().history) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint.pt"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"not a checkpoint at all"])
def test_files_that_are_no_checkpoints_are_an_error_with_the_remedy(tmp_path: Path, content: bytes):
    folder = CheckpointFolder(tmp_path)
    folder.latest.write_bytes(content)
    with pytest.raises(TrainingError, match="remove"):
        folder.load()


def test_a_foreign_file_is_an_error(tmp_path: Path):
    folder = CheckpointFolder(tmp_path)
    torch.save({"model_state": {"head.weight": torch.zeros(2)}}, folder.latest)
    with pytest.raises(TrainingError, match="no checkpoint of a trial"):
        folder.load()


@pytest.mark.parametrize(
    "write", [torch.save, lambda value, path: path.write_bytes(pickle.dumps(value))]
)
def test_loading_never_runs_code(tmp_path: Path, write: Callable[[object, Path], object]):
    folder, mark = CheckpointFolder(tmp_path / "trial"), tmp_path / "ran"
    folder.folder.mkdir()
    write({"model": Malice(mark)}, folder.latest)
    with pytest.raises(TrainingError, match="remove"):
        folder.load()
    assert not mark.exists()
