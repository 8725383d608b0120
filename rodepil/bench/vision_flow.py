"""Optical flow and differences beside OpenCV: how fast, and how near.

Shapes: B clips, T pairs of frames of each, C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import torch
from torch import Tensor

from rodepil.bench.rows import Row, less_is_better, more_is_better
from rodepil.bench.timing import time_by_turns
from rodepil.bench.vision_peers import (
    Call,
    Image,
    absdiffs,
    farneback,
    in_pool,
    on_threads,
    one_by_one,
)
from rodepil.cluster import cpu_count
from rodepil.config.flow import FlowSettings
from rodepil.io.progress import Advance
from rodepil.vision.flow import dense_flow, to_grey
from rodepil.vision.modality import make_modality
from rodepil.vision.neighbours import pairs_of

OURS = "rodepil"
ALLOWED_PX = {"median": (50, 0.01), "99th percentile": (99, 0.1)}
"""Percentiles of the distance between our vectors and OpenCV's, and what they may be."""
LEAST_PX = 1e-6
"""Where both are the same to the last bit, a ratio still wants a number."""


def flow_rows(pairs: Tensor, device: torch.device, repeats: int, advance: Advance) -> Iterator[Row]:
    """Yield clips/s of Farneback's flow beside OpenCV's on all cores, and both in one thread.

    Parameters
    ----------
    pairs
        (B, T, 2, C, H, W) uint8 on the CPU.
    device, repeats
        Where ours computes, and rounds.
    advance
        Told of every call that is timed.
    """
    settings = FlowSettings()
    grey = to_grey(pairs).transpose(1, 2)  # (B, 2, T, H, W)
    before, after = _halves(grey)
    ours = partial(dense_flow, before.to(device), after.to(device), settings)
    theirs, items = partial(farneback, settings), _images(grey)
    cores = cpu_count()
    what = f"Farneback, {_size(pairs)}"
    with ThreadPoolExecutor(cores) as pool:
        calls: dict[str, Call] = {
            OURS: on_threads(ours, torch_threads=cores),
            f"OpenCV, pairs on {cores} threads": on_threads(in_pool(pool, theirs, items)),
            f"OpenCV, its own {cores} threads": on_threads(
                one_by_one(theirs, items), opencv_threads=cores
            ),
        }
        yield _speed(f"{what}, all cores", len(pairs), _time(calls, device, repeats, advance))
    if device.type == "cpu":
        alone = {OURS: on_threads(ours), "OpenCV": on_threads(one_by_one(theirs, items))}
        yield _speed(f"{what}, one thread", len(pairs), _time(alone, device, repeats, advance))


def change_row(pairs: Tensor, device: torch.device, repeats: int, advance: Advance) -> Row:
    """Return clips/s of AbsDiff beside OpenCV's on all cores; parameters as for `flow_rows`."""
    modality = make_modality("absdiff")
    before, after = pairs_of(pairs.flatten(1, 2).to(device), "native")
    cores = cpu_count()
    items = [[(_flat(frames[0]), _flat(frames[1])) for frames in clip] for clip in pairs.numpy()]
    with ThreadPoolExecutor(cores) as pool:
        calls: dict[str, Call] = {
            OURS: on_threads(partial(modality, before, after), torch_threads=cores),
            f"OpenCV, clips on {cores} threads": on_threads(in_pool(pool, absdiffs, items)),
            f"OpenCV, its own {cores} threads": on_threads(
                one_by_one(absdiffs, items), opencv_threads=cores
            ),
        }
        times = _time(calls, device, repeats, advance)
    return _speed(f"AbsDiff, {_size(pairs)}", len(pairs), times)


def parity_rows(clips: Mapping[str, Tensor], device: torch.device) -> Iterator[Row]:
    """Yield how far our vectors of Farneback's flow are from OpenCV's, beside what is allowed.

    Parameters
    ----------
    clips
        (B, T, 2, C, H, W) uint8 on the CPU, by where they come from.
    device
        Where ours computes.
    """
    settings = FlowSettings()
    inner = slice(settings.winsize, -settings.winsize)
    for source, pairs in clips.items():
        grey = to_grey(pairs).transpose(1, 2)
        before, after = _halves(grey)
        ours = dense_flow(before.to(device), after.to(device), settings)
        theirs = np.stack([farneback(settings, pair) for pair in _images(grey)])
        apart = ours.cpu().permute(0, 2, 3, 1).numpy() - theirs
        distance = np.linalg.norm(apart[:, inner, inner], axis=-1)
        for name, (percentile, allowed) in ALLOWED_PX.items():
            found = max(float(np.percentile(distance, percentile)), LEAST_PX)
            what = f"Farneback, distance from OpenCV's, {source}, {name}"
            yield less_is_better(what, found, "px", "allowed", allowed)


def fastest(times: Mapping[str, float]) -> tuple[str, float]:
    """Return the peer that took least, and its seconds."""
    peers = {name: seconds for name, seconds in times.items() if name != OURS}
    name = min(peers, key=lambda peer: peers[peer])
    return name, peers[name]


def _speed(what: str, n_clips: int, times: Mapping[str, float]) -> Row:
    peer, seconds = fastest(times)
    return more_is_better(what, n_clips / times[OURS], "clips/s", peer, n_clips / seconds)


def _time(
    calls: Mapping[str, Callable[[], object]], device: torch.device, repeats: int, advance: Advance
) -> dict[str, float]:
    return time_by_turns(calls, repeats=repeats, device=device, after=partial(advance, 1))


def _halves(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Return the earlier and the later images (B T, H, W) of (B, 2, T, H, W)."""
    before, after = (grey[:, at].flatten(0, 1).contiguous() for at in (0, 1))
    return before, after


def _images(grey: Tensor) -> list[tuple[Image, Image]]:
    """Return all pairs of images (H, W) of (B, 2, T, H, W)."""
    before, after = (images.numpy() for images in _halves(grey))
    return list(zip(before, after, strict=True))


def _flat(frame: Image) -> Image:
    """Return a frame (C, H, W) as one image: OpenCV counts at most 4 channels, and last."""
    return np.ascontiguousarray(frame.reshape(-1, frame.shape[-1]))


def _size(pairs: Tensor) -> str:
    return f"{pairs.shape[1]} pairs of {pairs.shape[-1]}"
