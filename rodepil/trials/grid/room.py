"""Whether the trials of a grid fit what there is, before anything starts."""

from __future__ import annotations

import os
from collections.abc import Collection
from typing import Any

import torch

from rodepil.cluster import cpu_count
from rodepil.errors import TrialError
from rodepil.trials.grid.plan import RowPlans
from rodepil.trials.limits import ADDRESS, LOCAL, Limits, Resources
from rodepil.trials.share import Share


def check_room(plan: RowPlans[Any], limits: Limits, rows: Collection[str]) -> None:
    """Refuse what no worker has the CPUs or GPUs for; of a cluster Ray is asked.

    Parameters
    ----------
    plan
        The grid's.
    limits
        What a trial is given.
    rows
        Those with a trial that is to be run.

    Raises
    ------
    TrialError
        A row's trial takes more than there is, or the cluster does not answer.
    """
    nodes = _nodes() if rows else []
    for name in rows:
        try:
            Share.of(plan.plans[name].settings.train, nodes, limits.gpus_per_trial)
        except TrialError as error:
            raise TrialError(f"row '{name}': {error}") from error


def _nodes() -> list[Resources]:
    """Return what each node has: of this machine without a Ray, which takes seconds to start."""
    if os.environ.get(ADDRESS, LOCAL) == LOCAL:
        return [{"CPU": cpu_count(), "GPU": torch.cuda.device_count()}]
    from rodepil.trials.ray_session import node_resources, ray_session  # noqa: PLC0415

    with ray_session():
        return node_resources()
