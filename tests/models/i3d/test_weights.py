"""I3D from files like the published one, and features of it in the store's `sequence` view."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError, SubjectLeak
from rodepil.io.clip_frames import ClipSpan, clip_frames
from rodepil.models import registry
from rodepil.models.i3d import I3D, load_i3d, write_i3d
from rodepil.models.views import SequenceView
from rodepil.store.decode import decode_one
from tests.store.conftest import encode, noise


@pytest.fixture
def network(randomize_i3d: Any) -> I3D:
    model = I3D(4, classes=5).eval()
    randomize_i3d(model)
    return model


def published(path: Path, network: I3D, **changes: Tensor) -> Path:
    """Write a state dict alone, as PyTorch before 0.4 had it: batch norm counts no batches."""
    state = {n: v for n, v in network.state_dict().items() if not n.endswith("batches_tracked")}
    torch.save(state | changes, path)
    return path


def test_a_published_file_is_read_whole(tmp_path: Path, network: I3D):
    made = load_i3d(published(tmp_path / "rgb_imagenet.pt", network))
    assert (made.width, made.classes, made.frames, made.size_px) == (4, 5, 16, 224)
    assert not made.training
    for name, value in network.state_dict().items():
        torch.testing.assert_close(made.state_dict()[name], value, atol=0, rtol=0)


@pytest.mark.parametrize("classes", [0, 3])
def test_logits_of_another_number_of_classes_start_anew(tmp_path: Path, network: I3D, classes: int):
    path = published(tmp_path / "a.pt", network)
    made = load_i3d(path, classes=classes)
    rest = {n: v for n, v in made.state_dict().items() if not n.startswith("logits")}
    assert rest.keys() == {n for n in network.state_dict() if not n.startswith("logits")}
    assert all(torch.equal(network.state_dict()[name], value) for name, value in rest.items())
    if classes:
        assert made.logits.conv3d.weight.shape == (3, 64, 1, 1, 1)
        assert 0.008 < made.logits.conv3d.weight.std() < 0.012
        same, other = load_i3d(path, classes=3), load_i3d(path, classes=3, seed=1)
        assert torch.equal(made.logits.conv3d.weight, same.logits.conv3d.weight)
        assert not torch.equal(made.logits.conv3d.weight, other.logits.conv3d.weight)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("missing", "1 missing: Mixed_4c.b1b.conv3d.weight"),
        ("shape", "1 of another shape: Mixed_4c.b1b.conv3d.weight (1, 2, 3) for (14, 7, 3, 3, 3)"),
        ("other", "holds no I3D ('Conv3d_1a_7x7.conv3d.weight' with five axes is missing)"),
        ("nan", "holds NaN or infinite numbers in Mixed_4c.b1b.conv3d.weight"),
    ],
)
def test_files_that_are_no_whole_i3d_are_refused(
    tmp_path: Path, network: I3D, change: str, says: str
):
    name, state = "Mixed_4c.b1b.conv3d.weight", dict(network.state_dict())
    if change == "missing":
        del state[name]
    elif change == "other":
        state = {name: state[name]}
    else:
        state[name] = torch.zeros(1, 2, 3) if change == "shape" else state[name] * torch.nan
    torch.save(state, tmp_path / "a.pt")
    with pytest.raises(ModelError, match=re.escape(says)):
        load_i3d(tmp_path / "a.pt")


class Runs:
    def __reduce__(self) -> Any:
        return (print, ("code ran",))


def test_a_file_that_asks_for_code_is_refused(
    tmp_path: Path, network: I3D, capsys: pytest.CaptureFixture[str]
):
    torch.save({**network.state_dict(), "x": Runs()}, tmp_path / "a.pt")
    with pytest.raises(ModelError, match="could run code, so it is refused"):
        load_i3d(tmp_path / "a.pt")
    assert "code ran" not in capsys.readouterr().out


def test_i3d_is_had_by_its_name():
    settings = ModelSettings.model_construct(name="i3d", width=8)
    features = FeatureSettings(frames=16, size_px=32)
    first, again = (registry.build(settings, features, classes=3, seed=s) for s in (0, 0))
    assert isinstance(first, I3D)
    assert isinstance(first, registry.Slides)
    assert (first.width, first.classes, first.size_px) == (8, 3, 32)
    pairs = zip(first.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    clip = torch.randn(2, 16, 3, 32, 32, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
    with torch.no_grad():
        assert 0.05 < first.eval().pooled(clip).std() < 5


def test_a_sequence_is_the_features_of_each_window_alone(tmp_path: Path, network: I3D):
    file = published(tmp_path / "rgb_imagenet.pt", network)
    video = noise(0, 70)
    encode(tmp_path / "clip.avi", video)
    view = SequenceView(model=str(file), size_px=48, device="cpu")
    made = decode_one(tmp_path / "clip.avi", view)["sequence"]
    small = I3D(4, size_px=48, classes=5).eval()
    small.load_state_dict(network.state_dict())
    pixels = torch.from_numpy(video / 127.5 - 1).float().permute(0, 3, 1, 2)
    with torch.no_grad():
        alone = [small.pooled(pixels[s : s + 16][None])[0] for s in range(0, 55, 4)]
    assert made.dtype == np.float32
    np.testing.assert_allclose(made, torch.stack(alone).numpy(), atol=1e-5)
    assert view.columns["sequence"].shape == (None, 64)
    assert view.learned_from() == frozenset()
    assert view.recipe.features == FeatureSettings(frames=16, size_px=48)
    odd = view.model_copy(update={"stride_frames": 3})
    apart = decode_one(tmp_path / "clip.avi", odd)["sequence"]
    np.testing.assert_allclose(apart[::4], made[::3], atol=1e-5)  # frames 0, 12, 24, …


def test_no_more_frames_are_held_than_windows_that_are_made_at_once_take(
    tmp_path: Path, network: I3D
):
    write_i3d(tmp_path / "a.pt", network, ("rat0",))
    encode(tmp_path / "clip.avi", noise(0, 203))
    view = SequenceView(model=str(tmp_path / "a.pt"), size_px=16, device="cpu")
    tap = view.tap(ClipSpan(203, Fraction(30)))
    held = []
    for frame in clip_frames(tmp_path / "clip.avi"):
        tap.add(frame)
        held.append(len(tap._held))
    assert max(held) < 64
    assert len(tap.finish()["sequence"]) == 47  # the last begins with frame 184


def test_what_a_network_learned_from_stays_with_its_file(tmp_path: Path, network: I3D):
    write_i3d(tmp_path / "a.pt", network, ("rat0", "rat1"))
    assert SequenceView(model=str(tmp_path / "a.pt")).learned_from() == {"rat0", "rat1"}
    write_i3d(tmp_path / "rgb_imagenet.pt", network, None)  # not the published file
    published(tmp_path / "b.pt", network)
    for name in ("rgb_imagenet.pt", "b.pt"):
        with pytest.raises(SubjectLeak, match="does not say whose clips it learned from"):
            SequenceView(model=str(tmp_path / name)).learned_from()


def test_a_clip_shorter_than_a_window_is_one_window(tmp_path: Path, network: I3D):
    encode(tmp_path / "clip.avi", noise(0, 9))
    file = published(tmp_path / "a.pt", network)
    view = SequenceView(model=str(file), size_px=32, device="cpu")
    assert decode_one(tmp_path / "clip.avi", view)["sequence"].shape == (1, 64)
