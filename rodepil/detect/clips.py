"""Scores for clips that a model never saw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from rodepil.detect.committee import Committee
from rodepil.io.progress import Progress


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
    committee = Committee.load([model], device)
    return committee.predict(paths, batch_size=batch_size, progress=progress)
