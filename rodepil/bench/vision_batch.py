"""Augmentation beside kornia's and OpenCV's, and preparing a batch beside training on it.

Shapes: B clips, T frames, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
from torch import Tensor

from rodepil.bench.contestants import Case, ours
from rodepil.bench.rows import Row, less_is_better, more_is_better
from rodepil.bench.timing import time_by_turns
from rodepil.bench.vision_peers import (
    Call,
    Image,
    in_pool,
    kornia_changes,
    on_threads,
    opencv_changes,
)
from rodepil.cluster import cpu_count
from rodepil.config.settings import AugmentSettings, FeatureSettings
from rodepil.io.progress import Advance
from rodepil.vision.augment import Augment, draw
from rodepil.vision.inputs import Inputs, make_inputs
from rodepil.vision.normalize import normalize

OURS = "rodepil"
SHARE = 0.1
ALLOWED = "10 % of a training step"
MODALITIES = ("rgb", "absdiff", "flow")


def augment_rows(
    frames: Tensor, device: torch.device, repeats: int, advance: Advance
) -> Iterator[Row]:
    """Yield clips/s of augmentation, bytes to floats, beside others with the same parameters.

    OpenCV's side ends in bytes and is given frames with their channels last, as it wants them.

    Parameters
    ----------
    frames
        (B, T, C, H, W) uint8 on the CPU.
    device, repeats
        Where ours and kornia's compute, and rounds.
    advance
        Told of every call that is timed.
    """
    settings, seeds, cores = AugmentSettings(), range(len(frames)), cpu_count()
    draws, here = draw(settings, seeds), frames.to(device)
    changes = opencv_changes(draws, frames.shape[-1])
    clips = zip(changes, frames.permute(0, 1, 3, 4, 2).contiguous().numpy(), strict=True)
    opencv = f"OpenCV warpAffine and convertScaleAbs, clips on {cores} threads"
    kornia = "kornia, frame by frame"
    with ThreadPoolExecutor(cores) as pool:
        calls: dict[str, Call] = {
            OURS: on_threads(partial(Augment(settings), here, seeds), torch_threads=cores),
            opencv: on_threads(in_pool(pool, _change_clip, clips)),
            kornia: on_threads(partial(kornia_changes, here, draws), torch_threads=cores),
        }
        times = time_by_turns(calls, repeats=repeats, device=device, after=partial(advance, 1))
    name = f"augmentation, {frames.shape[1]}x{frames.shape[-1]}, all cores"
    speed = {side: len(frames) / seconds for side, seconds in times.items()}
    for peer in (opencv, kornia):
        yield more_is_better(name, speed[OURS], "clips/s", peer, speed[peer])


def preparing_rows(pairs: Tensor, case: Case, repeats: int, advance: Advance) -> Iterator[Row]:
    """Yield how long it takes to make a batch of what is stored, beside training on it.

    From bytes in the CPU's memory to augmented, normalised pictures on the device, for each
    modality; beside a tenth of the time of a training step with as many clips.

    Parameters
    ----------
    pairs
        (B, T, 2, C, H, W) uint8 on the CPU; RGB takes the first of each pair.
    case
        The network and its batch of B.
    repeats, advance
        Rounds, and what is told of every call that is timed.
    """
    cores, trained = cpu_count(), ours(case)
    calls: dict[str, Callable[[], object]] = {
        name: on_threads(_preparing(name, pairs, case), torch_threads=cores) for name in MODALITIES
    }
    calls["step"] = on_threads(trained.step, torch_threads=cores)
    times = time_by_turns(calls, repeats=repeats, device=case.device, after=partial(advance, 1))
    for name in MODALITIES:
        what = f"prepare a batch of {case.batch}, {case.name}, {name}"
        yield less_is_better(what, times[name], "s", ALLOWED, SHARE * times["step"])


def _preparing(modality: str, pairs: Tensor, case: Case) -> Call:
    frames, size_px = pairs.shape[1], pairs.shape[-1]
    features = FeatureSettings(frames=frames, size_px=size_px, pairs="native")
    inputs, augment = make_inputs(features, modality), Augment(AugmentSettings())
    return partial(prepare, pairs, inputs, augment, case.device)


def prepare(stored: Tensor, inputs: Inputs, augment: Augment, device: torch.device) -> Tensor:
    """Return (B, T, 3, H, W) as a network gets them of what is stored."""
    shown = augment(inputs.shown(stored.to(device)), range(len(stored)))
    return normalize(inputs.pictures(shown))


def _change_clip(item: tuple[Callable[[Image], Image], Image]) -> Image:
    change, clip = item
    return np.stack([change(frame) for frame in clip])
