"""How fast mAP at tIoU is, from two tables of events, beside the same rules in plain loops.

N truths, P predictions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import torch

from rodepil.bench.rows import Row, less_is_better
from rodepil.bench.scoring_loops import careful_map, plain_map
from rodepil.bench.timing import time_by_turns
from rodepil.io import tables
from rodepil.io.progress import Progress
from rodepil.scoring import THRESHOLDS, mean_average_precision

PEERS = {"plain loops, as the rules read": plain_map, "careful loops": careful_map}
LATEST_S, LONGEST_S, SHORTEST_S = 10.0, 8.0, 0.5


@dataclass(frozen=True)
class ScoringPlan:
    """What is scored.

    Parameters
    ----------
    truths, predictions
        N and P.
    layouts
        Videos and classes over which they are dealt: RatSeizure's testing side, one class of it,
        and all in one class of one video, where everything overlaps.
    repeats
        Rounds of timing.
    seed
        Of the segments.
    """

    truths: int = 1000
    predictions: int = 5000
    layouts: tuple[tuple[int, int], ...] = ((281, 14), (281, 1), (1, 1))
    repeats: int = 3
    seed: int = 0


def bench_scoring(plan: ScoringPlan, progress: Progress) -> list[Row]:
    """Return a row a layout and peer, in milliseconds for a whole scoring at five thresholds."""
    rows = []
    with progress.task("mAP", len(plan.layouts), "layouts") as advance:
        for videos, classes in plan.layouts:
            rows += _layout(plan, videos, classes)
            advance(1)
    return rows


def _layout(plan: ScoringPlan, videos: int, classes: int) -> list[Row]:
    truths = make_events(plan.truths, videos, classes, plan.seed)
    said = make_events(plan.predictions, videos, classes, plan.seed + 1)
    loops = {name: partial(call, truths, said, THRESHOLDS) for name, call in PEERS.items()}
    seconds = time_by_turns(
        {"ours": partial(mean_average_precision, truths, said), **loops},
        repeats=plan.repeats,
        device=torch.device("cpu"),
        after=lambda: None,
    )
    name = (
        f"mAP of {plan.predictions} predictions and {plan.truths} truths in {videos} videos "
        f"and {classes} classes"
    )
    ours = 1e3 * seconds["ours"]
    return [less_is_better(name, ours, "ms", peer, 1e3 * seconds[peer]) for peer in PEERS]


def make_events(count: int, videos: int, classes: int, seed: int) -> pa.Table:
    """Return a table ``events`` of segments that start in the first ten seconds of a video."""
    rng = np.random.default_rng(seed)
    start = rng.uniform(0, LATEST_S, count)
    columns = {
        "recording_id": [f"video {number}" for number in rng.integers(videos, size=count)],
        "position": np.zeros(count, dtype=np.int64),
        "subject_id": ["rat"] * count,
        "start_s": start,
        "end_s": start + rng.uniform(SHORTEST_S, LONGEST_S, count),
        "label": [f"class {number}" for number in rng.integers(classes, size=count)],
        "score": rng.uniform(size=count),
    }
    return tables.check("events", pa.table(columns))
