"""What to change when a device has too little memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from rodepil.config.settings import TrainSettings
from rodepil.errors import TrainingError

VIEW = "take a smaller view (features.frames, features.size_px) or model"


@contextmanager
def named_memory_errors(settings: TrainSettings, size: int) -> Iterator[None]:
    """Say which settings of a trial with `size` workers need less memory, when it runs out.

    Raises
    ------
    TrainingError
        A device is out of memory.
    """
    with _named("train", settings.batch_size, _remedy(settings, size)):
        yield


@contextmanager
def named_pretraining_errors(batch_size: int) -> Iterator[None]:
    """Say which settings of a stand-in pretraining need less memory, when it runs out.

    Raises
    ------
    TrainingError
        A device is out of memory.
    """
    with _named("pretrain", batch_size, f"lower pretrain.batch_size, or {VIEW}"):
        yield


@contextmanager
def _named(section: str, batch_size: int, remedy: str) -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TrainingError(
            f"the device is out of memory with {section}.batch_size {batch_size} a worker; {remedy}"
        ) from error


def _remedy(settings: TrainSettings, size: int) -> str:
    """Return what can still be changed, what costs least first."""
    remedies = []
    if settings.precision == "fp32":
        remedies.append("set train.precision to bf16")
    if settings.batch_size > 1:
        part = max(n for n in range(1, settings.batch_size) if settings.batch_size % n == 0)
        whole = settings.effective_batch or settings.batch_size * size
        remedies.append(
            f"set train.batch_size to {part} and train.effective_batch to {whole} (the same "
            "recipe in smaller passes)"
        )
    if not settings.activation_checkpointing:
        remedies.append("set train.activation_checkpointing to true (slower)")
    remedies.append(VIEW)
    return ", or ".join(remedies)
