"""Trained networks that score clips together, or one alone: the mean of what each says.

Shapes: B clips.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch
from torch import nn

from rodepil.detect.reading import Read, find_clips, read_clips
from rodepil.errors import ModelError
from rodepil.io import tables
from rodepil.io.progress import Progress, Silent
from rodepil.models.card import ModelCard, load_model
from rodepil.store.views import training_view
from rodepil.train.metrics import positive
from rodepil.train.result import probabilities
from rodepil.train.world import choose_device
from rodepil.vision.normalize import normalize

MODEL_FILE: Final = "model.safetensors"


@dataclass(frozen=True)
class Committee:
    """Networks that read clips through one view, for example those of the folds of a row.

    Parameters
    ----------
    members
        Each network with its card, at least one; made by `load`.
    device
        Where they live.
    """

    members: tuple[tuple[nn.Module, ModelCard], ...]
    device: torch.device

    @classmethod
    def load(cls, models: Sequence[Path], device: str = "auto") -> Committee:
        """Read models, and check that they can score together.

        Parameters
        ----------
        models
            Files that rodepil wrote, or folders of trials that hold one; at least one.
        device
            ``cpu``, ``cuda``, ``mps``, or ``auto``: the best that is there.

        Raises
        ------
        ModelError
            There is no such model, its file is damaged, or two do not fit together.
        TrainingError
            The device is not there.
        """
        place, files = choose_device(device), [model_file(model) for model in models]
        members = tuple(load_model(file, str(place)) for file in files)
        check_together({file: card for file, (_, card) in zip(files, members, strict=True)})
        return cls(members, place)

    @property
    def card(self) -> ModelCard:
        """The first member's card; the view, the classes and the threshold are those of all."""
        return self.members[0][1]

    def predict(
        self, paths: Sequence[Path], *, batch_size: int = 16, progress: Progress | None = None
    ) -> pa.Table:
        """Return the table 'scores' of clips, as `predict_clips` tells of it.

        Raises
        ------
        SourceError
            There is no clip at all, or a folder holds none.
        """
        clips, view = find_clips(paths), training_view(self.card.features)
        rows: list[dict[str, object]] = []
        with (progress or Silent()).task("score clips", len(clips), "clips") as advance:
            for reads in read_clips(clips, view, batch_size):
                rows += self._rows(reads)
                advance(len(reads))
        return tables.from_rows("scores", rows)

    def _rows(self, reads: Sequence[Read]) -> Iterator[dict[str, object]]:
        """Yield a row for every clip, in order, from one pass over those that could be read."""
        whole = [read.frames for read in reads if read.frames is not None]
        names = [read.clip_id or "" for read in reads if read.frames is not None]
        scores = iter(self._scores(np.stack(whole), names) if whole else [])
        for read in reads:
            row: dict[str, object] = {"path": read.path.as_posix(), "clip_id": read.clip_id}
            if read.frames is None:
                row["error"] = read.error
            else:
                score = next(scores)
                row |= {"score": score, "predicted": int(positive(score, self.card.threshold))}
            yield row

    @torch.inference_mode()
    def _scores(self, frames: npt.NDArray[np.uint8], names: Sequence[str]) -> list[float]:
        """Return the probability of a seizure for clips (B, ...) as the view stores them."""
        stored = torch.from_numpy(frames).to(self.device)
        each: list[list[float]] = []
        for network, card in self.members:
            pictures = card.inputs()(stored, names)
            logits = network(normalize(pictures, card.mean, card.std))
            each.append(probabilities(logits.float().cpu()).tolist())
        return [fmean(scores) for scores in zip(*each, strict=True)]


def check_together(cards: dict[Path, ModelCard]) -> None:
    """Check that models read the same view and mean the same by a score.

    Raises
    ------
    ModelError
        There is none, or one differs from the first.
    """
    if not cards:
        raise ModelError("no model was given; give those of the finished folds")
    (first, card), *others = cards.items()
    for path, other in others:
        for name in ("features", "classes", "threshold"):
            if getattr(other, name) != getattr(card, name):
                raise ModelError(
                    f"{first} and {path} can't score together: their {name} are "
                    f"{getattr(card, name)} and {getattr(other, name)}; give models of one row"
                )


def model_file(model: Path) -> Path:
    """Return the model's file, which may lie in the folder of a trial.

    Raises
    ------
    ModelError
        There is none.
    """
    path = model / MODEL_FILE if model.is_dir() else model
    if not path.is_file():
        raise ModelError(
            f"there is no model at {path}; give a .safetensors file that rodepil wrote or the "
            "folder of a finished trial under results/trials"
        )
    return path
