from __future__ import annotations

import pytest
import torch
from torchvision.transforms import functional

from rodepil.vision.normalize import normalize, to_unit

MEAN, STD = (0.1, 0.2, 0.3), (0.5, 0.25, 0.125)


@pytest.fixture
def frames() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (2, 3, 3, 8, 6), dtype=torch.uint8, generator=generator)


def test_bytes_are_normalised_as_torchvision_does(frames: torch.Tensor):
    ours = normalize(frames, MEAN, STD)
    oracle = functional.normalize(frames / 255, list(MEAN), list(STD))
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours, oracle, atol=1e-6, rtol=1e-6)


def test_floats_are_normalised_as_the_bytes_they_stand_for(frames: torch.Tensor):
    unit = to_unit(frames)
    assert (unit.min() >= 0, unit.max() <= 1) == (True, True)
    torch.testing.assert_close(normalize(unit, MEAN, STD), normalize(frames, MEAN, STD))
    assert normalize(unit.double(), MEAN, STD).dtype == torch.float64


def test_defaults_are_those_of_the_published_weights():
    values = normalize(torch.tensor([0.45, 0.675, 0.225]).view(1, 1, 3, 1, 1))
    torch.testing.assert_close(values.flatten(), torch.tensor([0.0, 1.0, -1.0]))


def test_the_input_is_left_as_it_was(frames: torch.Tensor):
    before = frames.clone()
    normalize(frames)
    assert torch.equal(frames, before)


@pytest.mark.parametrize(
    ("mean", "std"), [((0.5,), STD), (MEAN, (0.5, 0.5)), (MEAN, (0.1, 0.0, 0.1))]
)
def test_numbers_that_do_not_fit_the_channels_are_refused(
    frames: torch.Tensor, mean: tuple[float, ...], std: tuple[float, ...]
):
    with pytest.raises(ValueError, match="must be 3 numbers each"):
        normalize(frames, mean, std)
