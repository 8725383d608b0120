"""The peer of materialization: decoding alone, in workers that import no more than it takes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av


def decode_only(paths: Sequence[Path]) -> int:
    """Decode clips with PyAV and one thread, and return how many frames they hold."""
    frames = 0
    for path in paths:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            frames += sum(1 for _ in container.decode(stream))
    return frames
