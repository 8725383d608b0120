"""Small films with a blob that wanders over a floor, as arrays and as files."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt

from rodepil.data.audit.items import AuditItem
from rodepil.io.files import sha256_file

Film = npt.NDArray[np.uint8]
SIDE_PX = 96
BLOB_PX = 18


def floor(seed: int = 0) -> npt.NDArray[np.uint8]:
    """Return a floor that all films of one cage share, (96, 96)."""
    random = np.random.default_rng([99, seed])
    coarse = random.integers(80, 140, (12, 12)).astype(np.uint8)
    return coarse.repeat(8, 0).repeat(8, 1)


def walk(seed: int, *, frames: int = 300, cage: int = 0) -> Film:
    """Return a film of a walk of its own on a cage's floor, (T, 96, 96) uint8."""
    random = np.random.default_rng(seed)
    ground = floor(cage)
    film = ground[None].repeat(frames, 0)
    at, speed = random.uniform(20, 60, 2), random.normal(0, 1, 2)
    for picture in film:
        speed = 0.9 * speed + random.normal(0, 0.7, 2)
        at = np.clip(at + speed, 0, SIDE_PX - BLOB_PX)
        top, left = at.astype(int)
        picture[top : top + BLOB_PX, left : left + BLOB_PX] = 215
    return film


def encode(
    path: Path,
    film: Film,
    *,
    fps: int = 30,
    codec: str = "libx264",
    crf: int = 18,
    chroma: tuple[int, int] = (128, 128),
) -> Path:
    """Write a film of brightness Y, (T, H, W) of even sides, in video range."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = film.shape[1:]
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream(codec, rate=Fraction(fps)))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        if codec == "libx264":
            stream.options = {"crf": str(crf), "preset": "veryfast"}
        for number, y in enumerate(film):
            planes = np.empty((height * 3 // 2, width), np.uint8)
            planes[:height] = y
            planes[height : height + height // 4] = chroma[0]
            planes[height + height // 4 :] = chroma[1]
            picture = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def item(path: Path, *, label: int = 0, subject: str = "a", clip_id: str = "") -> AuditItem:
    """Return a file as a clip to audit."""
    return AuditItem(
        clip_id=clip_id or path.stem,
        path=path,
        sha256=sha256_file(path) if path.is_file() else "0" * 64,
        label=label,
        subject_id=subject,
        date="Feb-1-2019",
        video_id="M2U00244",
        position=0,
    )


def items(paths: Sequence[Path]) -> list[AuditItem]:
    """Return files as clips of one subject."""
    return [item(path) for path in paths]
