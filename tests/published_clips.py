"""Folders of files made like RodEpil's published clips: small, real AVI files, leak and all.

Normal clips have 30 fps and 301 frames, seizure clips 29 fps and 291, and sizes differ by class,
as a third party found of the published files.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import numpy.typing as npt

from rodepil.io.names import ClipName, Label, format_clip_name

ROOT = "Seizure_detection_10sec"
CAGES = 4
"""Cages in a recording."""


@dataclass(frozen=True)
class Made:
    """How clips of one label are made."""

    fps: int
    n_frames: int
    size_px: tuple[int, int]


NORMAL = Made(30, 301, (64, 64))
SEIZURE = Made(29, 291, (68, 60))
KINDS: dict[Label, Made] = {"N": NORMAL, "S": SEIZURE}


def make_published(
    folder: Path,
    *,
    subjects: int = 4,
    normal: int = 2,
    seizures: int = 1,
    kinds: dict[Label, Made] | None = None,
    codec: str = "mpeg4",
    seed: int = 0,
) -> list[Path]:
    """Make ``Seizure_detection_10sec/{0,1}/*.avi`` below a folder, and return the files.

    Parameters
    ----------
    folder
        Where the tree goes.
    subjects
        Animals; every four share a recording, each in a cage of its own.
    normal, seizures
        Clips of each label for every animal. Clips of one number have the same ``frames``, in
        all cages, as cages of one recording do.
    kinds
        How clips of each label are made; by default with the leak.
    codec
        ``mpeg4``, or ``ffv1`` for lossless.
    seed
        Of the pictures: another one gives other contents under the same names.
    """
    kinds = kinds or KINDS
    made = []
    for subject in range(subjects):
        labels: list[Label] = ["N"] * normal + ["S"] * seizures
        for number, label in enumerate(labels):
            name = clip_name(subject, number, label)
            path = folder / ROOT / ("1" if label == "S" else "0") / name
            kind = kinds[label]
            draw = np.random.default_rng([seed, subject, number])
            made.append(film_clip(path, kind, draw, lively=label == "S", codec=codec))
    return made


def clip_name(subject: int, number: int, label: Label) -> str:
    """Return the name of an animal's clip of that number."""
    recording, position = divmod(subject, CAGES)
    first = 1153 + 15 * number
    return format_clip_name(
        ClipName(
            "Feb-1-2019",
            f"M2U{244 + recording:05d}",
            position,
            f"{70 + recording}-{position}",
            first,
            first + 15,
            label,
        )
    )


def film_clip(
    path: Path,
    kind: Made,
    draw: np.random.Generator,
    *,
    lively: bool = False,
    codec: str = "mpeg4",
    blob_px: int = 16,
) -> Path:
    """Encode a blob that wanders (or, lively, shakes) over a noisy floor."""
    path.parent.mkdir(parents=True, exist_ok=True)
    width, height = kind.size_px
    floor = draw.integers(90, 130, (height, width), np.uint8)
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream(codec, rate=Fraction(kind.fps)))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.thread_count = 1
        at = draw.uniform(0.3, 0.7, 2) * (height - blob_px, width - blob_px)
        for number in range(kind.n_frames):
            at = at + draw.normal(0, 4.0 if lively else 1.5, 2)
            at = np.clip(at, 0, (height - blob_px, width - blob_px))
            picture = _picture(floor, at, blob_px)
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def _picture(
    floor: npt.NDArray[np.uint8], at: npt.NDArray[np.float64], blob_px: int
) -> av.VideoFrame:
    """Return a frame with a blob at a place, as planes, which needs no conversion."""
    height, width = floor.shape
    planes = np.full((height * 3 // 2, width), 128, np.uint8)
    planes[:height] = floor
    top, left = at.astype(int)
    planes[top : top + blob_px, left : left + blob_px] = 220
    return av.VideoFrame.from_ndarray(planes, format="yuv420p")
