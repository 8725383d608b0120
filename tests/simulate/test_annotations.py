"""The annotations are true to Racine's stages and to the recording."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from rodepil.io.labels import ACTION_UNITS, LABELS, RACINE_STAGES, SEIZURE
from rodepil.simulate.seizure import seizure_bouts

OF_FACTS = (
    "others", "staring", "mouth clonus", "wet dog shakes", "head nodding", "neck jerk",
    "unilateral forelimb clonus", "bilateral forelimb clonus", "alternating forelimb clonus",
    "rearing", "falling", "wild running", "jumping", "tonic extension",
)  # fmt: skip


def test_action_units_stand_at_their_published_ids() -> None:
    assert ACTION_UNITS == OF_FACTS
    assert set(RACINE_STAGES) == set(OF_FACTS) - {"others"}


def test_annotations_lie_inside_their_recording_and_name_a_cage(simulated: Any) -> None:
    durations = {row["recording_id"]: row["duration_s"] for row in simulated.recordings.to_pylist()}
    cages = {(row["recording_id"], row["position"]) for row in simulated.cages.to_pylist()}
    rows = simulated.annotations.to_pylist()
    assert rows
    for row in rows:
        assert 0 <= row["start_s"] < row["end_s"] <= durations[row["recording_id"]]
        assert (row["recording_id"], row["position"]) in cages
        assert row["label"] in LABELS
        assert (row["annotator"], row["agreement"]) == ("simulation", 1.0)


def test_every_unit_lies_inside_a_seizure_and_units_fill_it(simulated: Any) -> None:
    by_cage = defaultdict(list)
    for row in simulated.annotations.to_pylist():
        by_cage[row["recording_id"], row["position"]].append(row)
    seizures = 0
    for rows in by_cage.values():
        whole = [row for row in rows if row["label"] == SEIZURE]
        units = [row for row in rows if row["label"] != SEIZURE]
        seizures += len(whole)
        inside = 0
        for seizure in whole:
            start_s, end_s = seizure["start_s"], seizure["end_s"]
            own = [row for row in units if start_s <= row["start_s"] and row["end_s"] <= end_s]
            inside += len(own)
            edges = sorted({(unit["start_s"], unit["end_s"]) for unit in own})
            assert edges[0][0] == seizure["start_s"]
            assert edges[-1][1] == seizure["end_s"]
            for (_, end), (start, _) in pairwise(edges):
                assert start == pytest.approx(end)
        assert inside == len(units)
    assert seizures >= 2


@pytest.mark.parametrize("seed", range(40))
def test_a_seizure_reaches_racines_stages_in_their_order(seed: int) -> None:
    bouts = seizure_bouts(3.0, 3.0 + 15 + seed, np.random.default_rng(seed))
    stages = [max(RACINE_STAGES[unit] for unit in bout.units) for bout in bouts]
    firsts = [stages.index(stage) for stage in sorted(set(stages))]
    assert firsts == sorted(firsts)
    assert stages[0] == 1
    assert {1, 2, 3} <= set(stages)
    assert (bouts[0].start_s, bouts[-1].end_s) == (3.0, 18.0 + seed)
    assert bouts[0].units == ("staring",)
    assert bouts[0].end_s - bouts[0].start_s <= 1.0


def test_seizures_differ_and_use_every_unit() -> None:
    seen = {
        unit
        for seed in range(80)
        for bout in seizure_bouts(0.0, 30.0, np.random.default_rng(seed))
        for unit in bout.units
    }
    assert seen == set(OF_FACTS) - {"others"}
