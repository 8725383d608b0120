"""How much may run at once, and how often again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Resources = Mapping[str, float]
"""What a cluster or a node has in all: ``CPU``, and ``GPU`` where there are any."""

MAX_FAILURES = 2
"""How often a trial is started again after a crash."""


ADDRESS = "RAY_ADDRESS"
"""The variable that names a cluster, or this machine."""
LOCAL = "local"


@dataclass(frozen=True)
class Limits:
    """How much may run at once, and how often again.

    Attributes
    ----------
    max_concurrent
        Trials side by side at most; None, as many as fit.
    gpus_per_trial
        GPUs for all workers of a trial; None, one a worker where there are any.
    max_failures
        How often a trial is started again after a crash.
    """

    max_concurrent: int | None = None
    gpus_per_trial: float | None = None
    max_failures: int = MAX_FAILURES
