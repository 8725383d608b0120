"""Scores for clips that a model never saw.

Shapes: B clips, T frames, H W pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import nn

from rodepil.cluster import cpu_count
from rodepil.errors import ModelError, RodepilError, SourceError
from rodepil.io import tables
from rodepil.io.files import sha256_file
from rodepil.io.progress import Progress, Silent
from rodepil.models.card import ModelCard, load_model
from rodepil.store.decode import decode_one
from rodepil.store.views import View, training_view
from rodepil.train.metrics import positive
from rodepil.train.result import probabilities
from rodepil.train.world import choose_device
from rodepil.vision.normalize import normalize

MODEL_FILE: Final = "model.safetensors"
CLIP_ID_DIGITS: Final = 16
# What a folder is searched for; a file that is named itself may end in anything.
SUFFIXES: Final = frozenset(
    {".avi", ".mp4", ".mkv", ".mov", ".m4v", ".mpg", ".mpeg", ".webm", ".wmv", ".ts", ".mts"}
)


@dataclass(frozen=True)
class _Read:
    """A clip as read from its file: its frames, or why there are none."""

    path: Path
    clip_id: str | None = None
    frames: npt.NDArray[np.uint8] | None = None
    error: str | None = None


def predict_clips(
    paths: Sequence[Path],
    model: Path,
    *,
    device: str = "auto",
    batch_size: int = 16,
    progress: Progress | None = None,
) -> pa.Table:
    """Score clips with a trained model.

    A clip may have any frame rate, size and codec. It is read through the model's own view, as
    the clips of its training were: frames sampled uniformly, a frame that is not square made to
    fit whole in the middle of black.

    Parameters
    ----------
    paths
        Video files, and folders that are searched for them, in any mixture.
    model
        A file that rodepil wrote, or the folder of a trial that holds one.
    device
        ``cpu``, ``cuda``, ``mps``, or ``auto``: the best that is there.
    batch_size
        Clips that are in memory and on the device at a time.
    progress
        Told of every clip.

    Returns
    -------
    pyarrow.Table
        Table ``scores``, one row a clip: files in the order given, those of a folder by name.
        ``clip_id`` is the start of the hash of the file's content, ``score`` the probability of
        a seizure in [0, 1], ``predicted`` 1 where it reaches the model's threshold. A clip that
        can't be read has its error and no score.

    Raises
    ------
    SourceError
        There is no clip at all, or a folder holds none.
    ModelError
        There is no such model, or its file is damaged.
    TrainingError
        The device is not there.
    """
    clips = list(_files(paths))
    if not clips:
        raise SourceError("no clip was given; give video files or folders that hold some")
    place = choose_device(device)
    network, card = load_model(_model_file(model), str(place))
    rows: list[dict[str, object]] = []
    with (progress or Silent()).task("score clips", len(clips), "clips") as advance:
        for reads in _batches(clips, training_view(card.features), batch_size):
            rows += _score(reads, network, card, place)
            advance(len(reads))
    return tables.from_rows("scores", rows)


def _batches(clips: Sequence[Path], view: View, size: int) -> Iterator[list[_Read]]:
    """Read clips side by side, and yield them in order, `size` at a time."""
    with ThreadPoolExecutor(cpu_count()) as pool:
        for start in range(0, len(clips), size):
            yield list(pool.map(lambda path: _read(path, view), clips[start : start + size]))


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files, those of a folder and of the folders in it by name."""
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        found = sorted(
            file
            for file in path.rglob("*")
            if file.suffix.lower() in SUFFIXES and file.is_file() and not file.name.startswith(".")
        )
        if not found:
            raise SourceError(
                f"{path} holds no video ({', '.join(sorted(SUFFIXES))}); give another folder, "
                "or the files themselves"
            )
        yield from found


def _model_file(model: Path) -> Path:
    """Return the model's file, which may lie in the folder of a trial."""
    path = model / MODEL_FILE if model.is_dir() else model
    if not path.is_file():
        raise ModelError(
            f"there is no model at {path}; give a .safetensors file that rodepil wrote or the "
            "folder of a finished trial under results/trials"
        )
    return path


def _read(path: Path, view: View) -> _Read:
    """Read one clip, or say why it can't be read."""
    try:
        return _Read(path, sha256_file(path)[:CLIP_ID_DIGITS], decode_one(path, view)[view.main])
    except (RodepilError, OSError) as error:
        return _Read(path, error=str(error))


def _score(
    reads: Sequence[_Read], network: nn.Module, card: ModelCard, place: torch.device
) -> Iterator[dict[str, object]]:
    """Yield a row for every clip, in order, from one pass over those that could be read."""
    whole = [read.frames for read in reads if read.frames is not None]
    names = [read.clip_id or "" for read in reads if read.frames is not None]
    scores = iter(_scores(np.stack(whole), names, network, card, place) if whole else [])
    for read in reads:
        row: dict[str, object] = {"path": read.path.as_posix(), "clip_id": read.clip_id}
        if read.frames is None:
            row["error"] = read.error
        else:
            score = next(scores)
            row |= {"score": score, "predicted": int(positive(score, card.threshold))}
        yield row


@torch.inference_mode()
def _scores(
    frames: npt.NDArray[np.uint8],
    names: Sequence[str],
    network: nn.Module,
    card: ModelCard,
    place: torch.device,
) -> list[float]:
    """Return the probability of a seizure for clips (B, ...) as the model's view stores them."""
    pictures = card.inputs()(torch.from_numpy(frames).to(place), names)
    logits = network(normalize(pictures, card.mean, card.std))
    scores: list[float] = probabilities(logits.float().cpu()).tolist()
    return scores
