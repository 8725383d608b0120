"""A batch computed in parts that fit the device's memory, on a CPU the caches.

Shapes: N pairs, H W pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch
from torch import Tensor

PairsMethod = Callable[[Tensor, Tensor], Tensor]

CPU_CHUNK_PX = 3 * 224 * 224
"""On a CPU what one pass writes is still in the cache when the next one reads it."""
DEVICE_CHUNK_PX = 256 * 224 * 224
"""Elsewhere some 3 GB of memory are enough for a batch of any size."""
KEPT_BYTES = 31 << 20
"""glibc gives memory above a limit back to the system when it is freed, and to get it anew takes
as long as a pass over it. The limit rises to the largest block that was freed, up to 32 MiB: a
block that is freed untouched teaches it. Elsewhere this changes nothing."""


def in_chunks(method: PairsMethod, before: Tensor, after: Tensor) -> Tensor:
    """Return a method's flow (N, 2, H, W) float32 of images (N, H, W).

    On a CPU every thread that torch may use takes parts of its own, since waiting for each other
    after every pass costs more than the pass.

    Parameters
    ----------
    method
        Takes images (n, H, W) float32 twice.
    before, after
        (N, H, W), any real type.
    """
    count, height, width = before.shape
    flow = torch.empty(count, 2, height, width, dtype=torch.float32, device=before.device)
    on_cpu = before.device.type == "cpu"
    chunk = max((CPU_CHUNK_PX if on_cpu else DEVICE_CHUNK_PX) // (height * width), 1)
    threads = min(torch.get_num_threads(), count) if on_cpu else 1
    if threads > 1:
        chunk = min(chunk, -(-count // threads))

    inferring = torch.is_inference_mode_enabled()

    def compute(start: int) -> None:
        part = slice(start, start + chunk)
        with (  # what other threads do not inherit
            torch.inference_mode(inferring),
            torch.no_grad(),
            torch.autocast(before.device.type, enabled=False),
        ):
            flow[part] = method(before[part].float(), after[part].float())

    starts = range(0, count, chunk)
    if on_cpu:
        torch.empty(KEPT_BYTES, dtype=torch.uint8)
    if threads > 1:
        with _pool(threads) as pool:
            list(pool.map(compute, starts))
    else:
        for start in starts:
            compute(start)
    return flow


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Keep threads open in each of which torch computes alone.

    How many threads torch takes is asked of each thread by itself, but what a new one starts with
    is the last number that any of them was told.
    """
    asked = torch.get_num_threads()
    try:
        with ThreadPoolExecutor(threads, "flow", torch.set_num_threads, (1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(asked)
