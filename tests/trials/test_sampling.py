"""Samples of what the machine does while a trial trains, and how the tracker is told of them."""

from __future__ import annotations

import itertools
import json
import logging
import time
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
import torch
from mlflow import MlflowClient
from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

from rodepil.track.journal import Journal
from rodepil.track.mlflow_tracker import MlflowTracker
from rodepil.track.relay import Relay
from rodepil.trials.gauges import Gauges
from rodepil.trials.sampling import Sample, _pause_s, sampled, system_samples, tell_samples

CPU = torch.device("cpu")


def work(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        sum(range(1000))


def test_three_seconds_have_a_curve_of_what_mlflow_itself_would_measure(tmp_path: Path) -> None:
    begun_s, used_s = time.time(), time.process_time()
    with sampled(tmp_path, CPU):
        work(3.0)
    ended_s, used_s = time.time(), time.process_time() - used_s
    samples = system_samples(tmp_path)
    assert [sample.number for sample in samples] == list(range(len(samples)))
    assert 2 <= len(samples) <= 4
    times = [begun_s, *(sample.at_s for sample in samples), ended_s]
    assert times == sorted(times)
    monitors = (CPUMonitor(), DiskMonitor(), NetworkMonitor())
    theirs: dict[str, float] = {}
    for monitor in monitors:
        monitor.collect_metrics()
        theirs |= monitor.aggregate_metrics()
    last = samples[-1].values
    assert set(theirs) <= set(last)
    for name in ("system_memory_usage_megabytes", "disk_usage_megabytes"):
        assert last[name] == pytest.approx(theirs[name], rel=0.1)
    # The shares of CPU, each over the time since the sample before, make up the time that was used.
    spans = [after - before for before, after in itertools.pairwise(times)]
    shares = [sample.values["process_cpu_utilization_percentage"] / 100 for sample in samples]
    counted_s = sum(share * span for share, span in zip(shares, spans, strict=False))
    assert counted_s == pytest.approx(used_s, rel=0.25)
    assert all(0 <= sample.values["cpu_utilization_percentage"] <= 100 for sample in samples)
    assert last["process_memory_usage_megabytes"] == pytest.approx(
        psutil.Process().memory_info().rss / 1e6, rel=0.2
    )


def test_a_trial_that_goes_on_goes_on_numbering_after_a_torn_line(tmp_path: Path) -> None:
    before = Sample(6, time.time() - 60, {"network_receive_megabytes": 12.5})
    whole = json.dumps(vars(before)).encode()
    (tmp_path / "system.jsonl").write_bytes(whole + b"\n" + whole[:30])
    with sampled(tmp_path, CPU):
        time.sleep(1.3)
    samples = system_samples(tmp_path)
    assert samples[0] == before
    assert [sample.number for sample in samples] == list(range(6, 6 + len(samples)))
    assert len(samples) >= 2
    received = [sample.values["network_receive_megabytes"] for sample in samples]
    assert received == sorted(received)
    assert [sample.number for sample in system_samples(tmp_path, first=8)] == list(
        range(8, 6 + len(samples))
    )


def test_a_day_has_some_thousand_samples_and_the_first_seconds_one_each() -> None:
    taken_s, times = 0.0, []
    while taken_s < 24 * 3600:
        taken_s += _pause_s(taken_s)
        times.append(taken_s)
    assert times[:30] == [float(second) for second in range(1, 31)]
    assert 1000 < len(times) < 3000
    longest_s = max(after - before for before, after in itertools.pairwise(times))
    assert longest_s == pytest.approx(60.0)


def test_what_can_not_be_sampled_is_said_and_the_block_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, and no folder")
    done = False
    with caplog.at_level(logging.WARNING), sampled(blocked, CPU):
        done = True
    assert done
    assert "no longer sampled" in caplog.text
    assert system_samples(blocked) == []


def test_sampling_costs_less_than_a_hundredth_of_the_time(tmp_path: Path) -> None:
    gauges, reads = Gauges(tmp_path, CPU), 50
    gauges.read()
    begun_s = time.thread_time()
    for _ in range(reads):
        json.dumps(gauges.read())
    assert (time.thread_time() - begun_s) / reads < 0.01  # of the second between two samples


def test_a_run_holds_each_sample_once_at_the_time_it_was_taken(tmp_path: Path) -> None:
    taken = [
        Sample(number, 1_700_000_000.25 + number, {"cpu_utilization_percentage": 10.0 * number})
        for number in range(3)
    ]
    lines = tmp_path / "trial" / "system.jsonl"
    lines.parent.mkdir()
    opener = partial(MlflowTracker.open, "sqlite:///mlflow.db", "sampled", folder=tmp_path)
    relay = Relay(Journal(tmp_path / "journal"), [opener])
    run = relay.start("fold-0")
    told = 0
    for sample in taken:
        with lines.open("a") as stream:
            stream.write(json.dumps(vars(sample)) + "\n")
        told = tell_samples(run, lines.parent, told)
    assert told == 3
    again = relay.start("fold-0", resume=run.id)
    assert tell_samples(again, lines.parent) == 3
    client = MlflowClient(f"sqlite:///{tmp_path}/mlflow.db")
    history = client.get_metric_history(run.id, "system/cpu_utilization_percentage")
    held = sorted((metric.step, metric.timestamp, metric.value) for metric in history)
    assert held == [
        (0, 1_700_000_000_250, 0.0), (1, 1_700_000_001_250, 10.0), (2, 1_700_000_002_250, 20.0)
    ]  # fmt: skip


def test_every_trial_has_its_system_metrics_in_its_run(trained: Any) -> None:
    client = MlflowClient(f"sqlite:///{trained.workspace.mlflow_database}")
    for fold in trained.result.folds:
        wanted = system_samples(fold.trial.folder.path)
        assert wanted
        history = client.get_metric_history(fold.run_id, "system/cpu_utilization_percentage")
        assert sorted(metric.step for metric in history) == [sample.number for sample in wanted]


def test_gpu_is_read_from_its_driver_and_a_driver_that_refuses_is_asked_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # No GPU is here, so what CUDA would tell of one stands in.
    told = {
        "memory_reserved": 3_000_000_000, "device_memory_used": 20_000_000_000,
        "utilization": 87, "power_draw": 412_500,
        "get_device_properties": SimpleNamespace(total_memory=80_000_000_000),
    }  # fmt: skip
    for name, answer in told.items():
        monkeypatch.setattr(torch.cuda, name, lambda index, answer=answer: (answer, index)[0])
    gauges = Gauges(tmp_path, torch.device("cuda:1"))
    found = {name: value for name, value in gauges.read().items() if "gpu" in name}
    assert found == {
        "process_gpu_1_memory_usage_megabytes": 3000.0,
        "gpu_1_utilization_percentage": 87.0,
        "gpu_1_memory_usage_megabytes": 20_000.0,
        "gpu_1_memory_usage_percentage": 25.0,
        "gpu_1_power_usage_watts": 412.5,
    }

    def refuse(index: int) -> int:
        raise ModuleNotFoundError(f"nvidia-ml-py can't be imported for {index}")

    monkeypatch.setattr(torch.cuda, "device_memory_used", refuse)
    for _ in range(2):
        left = [name for name in gauges.read() if "gpu" in name]
        assert left == ["process_gpu_1_memory_usage_megabytes"]
    assert caplog.text.count("GPU 1 is not measured") == 1
    assert not [name for name in Gauges(tmp_path, CPU).read() if "gpu" in name]
