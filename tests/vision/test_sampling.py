from __future__ import annotations

import pytest
import torch

from rodepil.config.settings import AugmentSettings
from rodepil.vision.augment import clip_seed, draw
from rodepil.vision.sampling import choose, draw_jitter, static, uniform_indices


@pytest.mark.parametrize(
    ("n_frames", "n", "expected"),
    [
        # Parts of 37.5 frames have their centres at 18.75, 56.25, 93.75, …
        (300, 8, [18, 56, 93, 131, 168, 206, 243, 281]),
        (10, 3, [1, 5, 8]),
        (5, 5, [0, 1, 2, 3, 4]),
        (7, 1, [3]),
        (2, 4, [0, 0, 1, 1]),
    ],
)
def test_frames_are_taken_at_the_centres_of_equal_parts(n_frames: int, n: int, expected: list[int]):
    assert uniform_indices(n_frames, n).tolist() == expected


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
@pytest.mark.parametrize(("frames", "middle"), [(1, 0), (2, 1), (5, 2), (16, 8)])
def test_static_shows_the_middle_frame_alone(frames: int, middle: int, dtype: torch.dtype):
    clips = (torch.rand(2, frames, 3, 4, 6) * 255).to(dtype)
    still = static(clips)
    assert still.shape == clips.shape
    assert still.dtype == dtype
    for index in range(frames):
        assert torch.equal(still[:, index], clips[:, middle])


@pytest.mark.parametrize("n_frames", [300, 291, 37, 5])
@pytest.mark.parametrize("shown", [1, 8, 16])
@pytest.mark.parametrize("oversample", [1, 3, 5])
def test_without_jitter_the_frames_of_the_plain_view_are_shown(
    n_frames: int, shown: int, oversample: int
):
    stored = torch.from_numpy(uniform_indices(n_frames, shown * oversample))[None, :, None]
    plain = uniform_indices(n_frames, shown).tolist()
    assert choose(stored, shown)[0, :, 0].tolist() == plain
    still = draw_jitter(0.0, [1], shown, oversample)
    assert choose(stored, shown, still)[0, :, 0].tolist() == plain


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_each_frame_shown_is_one_of_its_own_part(dtype: torch.dtype):
    stored = torch.arange(2 * 12, dtype=dtype).view(2, 12, 1, 1, 1).expand(-1, -1, 2, 3, 4)
    jitter = torch.tensor([[-1, 0, 1, 1], [0, 0, -1, 1]])
    shown = choose(stored, 4, jitter)
    assert (shown.shape, shown.dtype) == ((2, 4, 2, 3, 4), dtype)
    by_hand = torch.tensor([[0, 4, 8, 11], [13, 16, 18, 23]], dtype=dtype)
    assert torch.equal(shown, by_hand.view(2, 4, 1, 1, 1).expand_as(shown))


def test_a_frames_neighbour_comes_with_it():
    pairs = torch.rand(2, 9, 2, 3, 4, 4)
    shown = choose(pairs, 3, torch.tensor([[1, 0, -1], [0, -1, -1]]))
    for clip, places in enumerate(([2, 4, 6], [1, 3, 6])):
        assert torch.equal(shown[clip], pairs[clip, places])


@pytest.mark.parametrize(
    ("temporal_jitter", "oversample", "reach"),
    [(1, 1, 0), (1, 3, 1), (0.5, 3, 1), (0.4, 3, 0), (1, 7, 3), (0.5, 7, 2), (0, 7, 0)],
)
def test_offsets_are_uniform_in_whole_steps(temporal_jitter: float, oversample: int, reach: int):
    offsets = draw_jitter(temporal_jitter, range(500), 16, oversample)
    values, counts = offsets.unique(return_counts=True)
    assert values.tolist() == list(range(-reach, reach + 1))
    # Six deviations of a count of n draws that each value takes with probability p.
    expected, p = offsets.numel() / len(values), 1 / len(values)
    assert (counts - expected).abs().max() <= 6 * (offsets.numel() * p * (1 - p)) ** 0.5


def test_offsets_hang_on_the_clip_alone():
    seeds = [clip_seed(0, 0, f"clip-{index}") for index in range(5)]
    whole = draw_jitter(1.0, seeds, 16, 5)
    for clip in (4, 1):
        assert torch.equal(draw_jitter(1.0, [seeds[clip]], 16, 5)[0], whole[clip])
    assert torch.equal(draw_jitter(1.0, torch.tensor(seeds), 16, 5), whole)
    assert not torch.equal(whole, draw_jitter(1.0, [seed + 1 for seed in seeds], 16, 5))


def test_offsets_are_independent_of_the_other_changes():
    drawn = draw(AugmentSettings(), range(2000))
    changes = torch.stack([drawn.angle_deg, *drawn.shift_share.T, drawn.brightness])
    offsets = draw_jitter(1.0, range(2000), 4, 31).float().T
    correlations = torch.corrcoef(torch.cat([changes, offsets]))[:4, 4:]
    assert correlations.abs().max() < 0.1  # over four deviations of 1 / sqrt(2000)


@pytest.mark.parametrize(("stored", "shown"), [(16, 8), (17, 8), (8, 16), (3, 0)])
def test_no_odd_number_of_frames_for_each_one_shown_is_refused(stored: int, shown: int):
    with pytest.raises(ValueError, match=rf"{stored} stored frames are no odd .* of {shown} shown"):
        choose(torch.zeros(1, stored, 3, 2, 2), shown)


def test_offsets_that_do_not_fit_are_refused():
    frames = torch.zeros(1, 12, 3, 2, 2)
    with pytest.raises(ValueError, match=r"reaches 2 frames; give \(1, 4\) steps of at most 1"):
        choose(frames, 4, torch.tensor([[0, 2, 0, 0]]))
    with pytest.raises(ValueError, match=r"jitter of shape \(2, 4\)"):
        choose(frames, 4, torch.ones(2, 4, dtype=torch.int64))


def test_choosing_never_waits_for_the_device():
    """A tensor on ``meta`` has no values: asking for one, or for a mix of devices, raises."""
    frames = torch.zeros(2, 12, 3, 4, 6, dtype=torch.uint8, device="meta")
    for jitter in (None, torch.zeros(2, 4, dtype=torch.int64), draw_jitter(1.0, [1, 2], 4, 3)):
        shown = choose(frames, 4, jitter)
        assert (shown.shape, shown.device.type) == ((2, 4, 3, 4, 6), "meta")
