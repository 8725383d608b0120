"""The benchmark of the network, on one small enough to be measured in seconds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from rodepil.bench.contestants import Case, check_agreement, hugging_face, ours
from rodepil.bench.memory import measurable, step_memory_mib
from rodepil.bench.model import PUBLISHED, Plan, bench_model, forward_flop
from rodepil.bench.rows import Row, describe_machine, less_is_better, more_is_better, write_rows
from rodepil.bench.timing import time_by_turns
from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.errors import ModelError

CPU = torch.device("cpu")
SMALL = ModelSettings(width=48, depth=2, heads=3, patch_px=8)
WIDE = ModelSettings(width=192, depth=2, heads=3, patch_px=8)


def case(
    frames: int = 4, size_px: int = 16, model: ModelSettings = SMALL, precision: str = "fp32"
) -> Case:
    return Case(model, FeatureSettings(frames=frames, size_px=size_px), 2, CPU, precision)


@pytest.mark.parametrize(
    ("frames", "size_px", "expected"),
    [(8, 224, 392e9), (16, 224, 784e9), (8, 112, 96e9), (16, 112, 192e9)],
)
def test_operations_are_those_counted_of_the_published_network(
    frames: int, size_px: int, expected: float
):
    assert forward_flop(case(frames, size_px, PUBLISHED)) == pytest.approx(expected, rel=3e-3)


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    """Return what is measured of one case: clips of 2 frames of 64 px."""
    plan = Plan(CPU, repeats=1, compiled=False, model=WIDE, clips=((2, 64),))
    return bench_model(plan)


def test_every_case_is_scored_trained_and_weighed_beside_its_peer(rows: list[Row]):
    names = [row.name.partition(" share")[0] for row in rows]
    assert names == ["forward 2x64"] * 2 + ["step 2x64"] * 2 + ["step 2x64 peak memory"]
    assert {row.peer for row in rows} == {"Hugging Face eager"}
    assert all(row.value > 0 and row.peer_value > 0 for row in rows)


def test_a_ratio_above_one_is_better_for_speed_and_for_memory():
    assert more_is_better("speed", 3.0, "clips/s", "peer", 2.0).ratio == 1.5
    assert less_is_better("memory", 2.0, "MiB", "peer", 3.0).ratio == 1.5


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_both_sides_start_with_the_same_logits_and_loss(precision: str):
    one = ours(case(precision=precision))
    other = hugging_face(one.case, one.module.state_dict())
    check_agreement(one, other)
    near = {"fp32": 1e-5, "bf16": 1e-2}[precision]
    assert one.step().item() == pytest.approx(other.step().item(), abs=near)


def test_sides_with_other_weights_are_not_compared():
    one = ours(case())
    weights = {name: value + 0.3 for name, value in one.module.state_dict().items()}
    with pytest.raises(ModelError, match="would mean nothing"):
        check_agreement(one, hugging_face(one.case, weights))


def test_turns_alternate_and_the_median_counts():
    now, said = [0.0], []

    def call(name: str, seconds: list[float]) -> Callable[[], None]:
        def spend() -> None:
            said.append(name)
            now[0] += seconds.pop(0)

        return spend

    calls = {"a": call("a", [9.0, 1.0, 5.0, 2.0]), "b": call("b", [9.0, 4.0, 3.0, 8.0])}
    done = []
    found = time_by_turns(
        calls, repeats=3, device=CPU, after=lambda: done.append(1), clock=lambda: now[0]
    )
    assert found == {"a": 2.0, "b": 4.0}
    assert said == ["a", "b"] * 4
    assert len(done) == 8


@pytest.mark.skipif(not measurable(CPU), reason="the system tells no peaks")
def test_memory_of_a_step_grows_by_the_activations_of_more_frames(rows: list[Row]):
    """Hugging Face's step keeps at least the widest tensor of every block, float32 or bfloat16."""
    few = rows[-1].peer_value
    many = step_memory_mib(case(34, 64, WIDE, "bf16"), peer=True)
    widest_mib = 2 * 32 * 64 * 4 * 192 * 2 * 4 / 2**20  # B x frames more x N x hidden x blocks x 4
    assert many - few > widest_mib


def test_the_file_holds_rows_and_the_machine(tmp_path: Path):
    path = tmp_path / "bench.json"
    row = Row("what", 1.0, "clips/s", "peer", 2.0, 0.5)
    write_rows(path, describe_machine(CPU), [row], ["torch"])
    content = json.loads(path.read_text())
    values = {"name": "what", "value": 1.0, "unit": "clips/s"}
    peer = {"peer": "peer", "peer_value": 2.0, "ratio": 0.5}
    assert content["rows"] == [values | peer]
    assert torch.__version__.startswith(content["machine"]["torch"])
    assert content["machine"]["threads"] == torch.get_num_threads()
    assert content["machine"]["processor"]
