"""What holds for every method of flow: symmetries, batches, types, bad input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from rodepil.vision.flow import FlowSettings, chunks, dense_flow, register
from rodepil.vision.flow.registry import method_of

Moving = Callable[..., tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8], object]]

METHODS = ["farneback", "lucas_kanade", "horn_schunck"]
EVERY = [FlowSettings(method=method) for method in METHODS]
EVERY.append(FlowSettings(gaussian=True))
NAMES = [*METHODS, "farneback gaussian"]
each_method = pytest.mark.parametrize("settings", EVERY, ids=NAMES)


@pytest.fixture(scope="module")
def images(moving: Moving) -> tuple[Tensor, Tensor]:
    """Return three pairs (3, H, W) uint8 of one size, each with another motion."""
    shifts = [(0.6, -1.2), (-2.5, 0.4), (3.0, 2.0)]
    made = [
        moving([[1, 0, x], [0, 1, y]], seed=seed, size=(96, 128))
        for seed, (x, y) in enumerate(shifts)
    ]
    stacks = (np.stack([one[place] for one in made]) for place in (0, 1))
    before, after = (torch.from_numpy(stack) for stack in stacks)
    return before, after


@each_method
def test_mirrored_images_give_the_mirrored_flow(
    settings: FlowSettings, images: tuple[Tensor, Tensor]
):
    flow = dense_flow(*images, settings)
    mirrored = dense_flow(images[0].flip(-1), images[1].flip(-1), settings)
    back = mirrored.flip(-1) * torch.tensor([-1.0, 1.0]).view(2, 1, 1)
    band = np.s_[..., 16:-16, 16:-16]
    torch.testing.assert_close(back[band], flow[band], atol=0.01, rtol=0)
    assert flow[band].abs().mean() > 0.5


@each_method
def test_turned_images_give_the_turned_flow(settings: FlowSettings, images: tuple[Tensor, Tensor]):
    """A quarter to the left takes right to up, and down to right."""
    flow = dense_flow(*images, settings)
    turned = dense_flow(images[0].rot90(1, (-2, -1)), images[1].rot90(1, (-2, -1)), settings)
    right, down = flow.rot90(1, (-2, -1)).unbind(1)
    expected = torch.stack([down, -right], dim=1)
    band = np.s_[..., 16:-16, 16:-16]
    torch.testing.assert_close(turned[band], expected[band], atol=0.01, rtol=0)


@each_method
def test_a_batch_is_as_its_pairs_by_themselves(
    settings: FlowSettings, images: tuple[Tensor, Tensor], monkeypatch: pytest.MonkeyPatch
):
    whole = dense_flow(*images, settings)
    for pair in range(3):
        alone = dense_flow(images[0][pair, None], images[1][pair, None], settings)
        torch.testing.assert_close(whole[pair], alone[0], atol=1e-5, rtol=0)
    monkeypatch.setattr(chunks, "CPU_CHUNK_PX", 2 * 96 * 128)
    torch.testing.assert_close(dense_flow(*images, settings), whole, atol=1e-5, rtol=0)


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@each_method
@pytest.mark.usefixtures("two_threads")
def test_threads_change_no_bit(settings: FlowSettings, images: tuple[Tensor, Tensor]):
    """Also under autocast, of which other threads know nothing; and torch keeps its threads."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        shared = dense_flow(*images, settings)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)
    alone = [dense_flow(images[0][part], images[1][part], settings) for part in ([0, 1], [2])]
    assert torch.equal(shared, torch.cat(alone))


@each_method
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_constant_images_rest(settings: FlowSettings, dtype: torch.dtype):
    """Whatever their brightness, which need not be the same."""
    before, after = (torch.full((1, 65, 71), value, dtype=dtype) for value in (77, 203))
    assert not dense_flow(before, before, settings).any()
    assert not dense_flow(before, after, settings).any()
    assert not dense_flow(before, torch.full_like(before, 0), settings).any()


@each_method
def test_equal_images_rest_away_from_the_border(
    settings: FlowSettings, images: tuple[Tensor, Tensor]
):
    """Farneback's last row and column are outside, as OpenCV's, and so not quite at rest."""
    flow = dense_flow(images[0], images[0], settings)
    if settings.method == "farneback":
        assert flow[..., 16:-16, 16:-16].abs().max() < 2e-3
    else:
        assert not flow.any()


def test_more_light_on_both_images_changes_nothing(images: tuple[Tensor, Tensor]):
    before, after = (stack.float() / 2 for stack in images)
    flow = dense_flow(before, after, FlowSettings())
    lit = dense_flow(before + 90, after + 90, FlowSettings())
    torch.testing.assert_close(lit, flow, atol=1e-4, rtol=0)


@each_method
def test_very_large_motion_gives_finite_numbers(settings: FlowSettings):
    generator = torch.Generator().manual_seed(0)
    noise = torch.randint(0, 256, (2, 1, 90, 110), dtype=torch.uint8, generator=generator)
    jump = torch.zeros(1, 90, 110, dtype=torch.uint8)
    jump[:, 5:25, 5:25] = 255
    for before, after in [(noise[0], noise[1]), (jump, jump.roll((60, 80), (1, 2)))]:
        assert dense_flow(before, after, settings).isfinite().all()


@each_method
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_computed_in_single_precision(
    dtype: torch.dtype, settings: FlowSettings, images: tuple[Tensor, Tensor]
):
    """Values up to 255 are whole in bfloat16, so that nothing is lost; autocast changes nothing."""
    flow = dense_flow(*images, settings)
    halves = [stack.to(dtype) for stack in images]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = dense_flow(halves[0], halves[1], settings)
    assert half.dtype == torch.float32
    assert torch.equal(half, flow)


@each_method
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_pair_with_nan_is_nan_and_no_other(
    bad: float, settings: FlowSettings, images: tuple[Tensor, Tensor]
):
    before, after = (stack.float() for stack in images)
    flow = dense_flow(before, after, settings)
    spoilt = after.clone()
    spoilt[1, 40, 50] = bad
    found = dense_flow(before, spoilt, settings)
    assert found[1].isnan().all()
    torch.testing.assert_close(found[[0, 2]], flow[[0, 2]], atol=1e-5, rtol=0)


def test_no_pairs_give_no_flow():
    none = torch.empty(0, 20, 30, dtype=torch.uint8)
    assert dense_flow(none, none, FlowSettings()).shape == (0, 2, 20, 30)


def test_gradients_are_not_kept(images: tuple[Tensor, Tensor]):
    before = images[0].float().requires_grad_()
    assert not dense_flow(before, images[1], FlowSettings()).requires_grad


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (torch.zeros(2, 20, 20), torch.zeros(2, 20, 21), r"\(2, 20, 20\).*\(2, 20, 21\)"),
        (torch.zeros(2, 20, 20), torch.zeros(1, 20, 20), "one shape"),
        (torch.zeros(20, 20), torch.zeros(20, 20), "wanted grey images"),
        (torch.zeros(2, 3, 20, 20), torch.zeros(2, 3, 20, 20), "wanted grey images"),
        (torch.zeros(1, 20, 20).long(), torch.zeros(1, 20, 20).long(), "int64"),
        (torch.zeros(1, 9, 20), torch.zeros(1, 9, 20), "20x9 px are too small"),
    ],
)
def test_what_is_no_two_stacks_of_images_is_refused(before: Tensor, after: Tensor, message: str):
    with pytest.raises(ValueError, match=message):
        dense_flow(before, after, FlowSettings())


@pytest.mark.parametrize(
    "wrong",
    [{"method": "raft"}, {"pyr_scale": 1.0}, {"winsize": 1}, {"iterations": 0}, {"levels": -1}],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        FlowSettings(**wrong)


def test_a_method_is_found_by_its_name_alone():
    assert {method_of(name).__name__ for name in METHODS} == set(METHODS)
    with pytest.raises(ValueError, match=r"no method of flow is called 'raft'.*farneback"):
        method_of("raft")
    with pytest.raises(ValueError, match="called 'farneback' already"):
        register("farneback")(method_of("lucas_kanade"))


@pytest.mark.usefixtures("two_threads")
def test_threads_work_where_nothing_is_learned(images: tuple[Tensor, Tensor]):
    """Scoring computes in inference mode, of which other threads know nothing."""
    outside = dense_flow(*images, FlowSettings())
    with torch.inference_mode():
        assert torch.equal(dense_flow(*images, FlowSettings()), outside)
