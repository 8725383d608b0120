"""Networks through ``torch.compile``, and what a machine says that can't."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn

from rodepil.errors import TrainingError

COMPILER = ("torch._dynamo", "torch._inductor")
"""Where torch keeps its compiler's errors; to import them costs seconds."""


def compile_in_place(module: nn.Module) -> None:
    """Let `module` be compiled when it is first called; the names of its weights stay.

    Every other shape costs another compilation, so batches have to be filled to one
    (`rodepil.train.shards.shards` with ``full``).
    """
    module.compile(dynamic=False)


def uncompiled(module: nn.Module) -> nn.Module:
    """Return a copy of `module` that computes as it did before it was compiled."""
    return copy.deepcopy(module)  # torch leaves what was compiled out of a copy


@contextmanager
def named_compiler_errors() -> Iterator[None]:
    """Say in plain words when a network can't be compiled on this machine.

    Raises
    ------
    TrainingError
        torch's compiler failed, most often for want of a C++ compiler.
    """
    try:
        yield
    except RuntimeError as error:
        if not type(error).__module__.startswith(COMPILER):
            raise
        reason = str(error).strip().partition("\n")[0]
        raise TrainingError(
            f"the network can't be compiled here ({reason}); install a C++ compiler (g++ or "
            "clang++, or name one in CXX), on a GPU also Triton, or set train.compile to false"
        ) from error
