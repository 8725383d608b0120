"""What is killed in the middle leaves nothing torn, and loses nothing that was finished."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rodepil.io import tables
from rodepil.store.features import FeatureStore
from rodepil.store.shards import scan
from rodepil.store.views import FrameView

VIEW = FrameView(frames=4, size_px=32)
FILL = Path(__file__).with_name("fill.py")
Contents = Callable[[Path], dict[str, bytes]]


def start(manifest: Path, store: Path, processes: int) -> subprocess.Popen[str]:
    """Start filling a store and wait until the work begins."""
    command = [sys.executable, str(FILL), str(manifest), str(store), str(processes)]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment, start_new_session=True
    )
    assert running.stdout is not None
    assert running.stdout.readline() == "ready\n"
    return running


def finish(running: subprocess.Popen[str]) -> str:
    """Wait for the end and return what it printed last."""
    printed, _ = running.communicate(timeout=120)
    assert running.returncode == 0
    return printed


@pytest.fixture
def manifest(folder: Any) -> Path:
    path = Path(folder.root, "clips.parquet")
    tables.write("clips", folder.clips, path)
    return path


@pytest.fixture
def undisturbed(folder: Any, tmp_path: Path, contents: Contents) -> dict[str, bytes]:
    store = FeatureStore(tmp_path / "undisturbed", shard_clips=4)
    store.materialize(VIEW, folder.clips, folder.root, processes=1)
    return contents(store.folder)


def test_kill_9_leaves_nothing_torn_and_loses_nothing_finished(
    tmp_path: Path, manifest: Path, undisturbed: dict[str, bytes], contents: Contents
) -> None:
    store, moments = tmp_path / "store", np.random.default_rng(0)
    finished: dict[str, bytes] = {}
    for processes, within_s in ((1, 0.08), (1, 0.08), (2, 1.0)):
        running = start(manifest, store, processes)
        time.sleep(moments.uniform(0, within_s))
        os.killpg(running.pid, signal.SIGKILL)
        running.communicate()
        now = contents(store)
        assert finished.items() <= now.items() <= undisturbed.items()
        assert sum(len(scan(views)) for views in store.glob("*")) == 4 * len(now)
        finished = now
    printed = finish(start(manifest, store, 1))
    assert printed == f"computed {16 - 4 * len(finished)} reused {4 * len(finished)}\n"
    assert contents(store) == undisturbed


def test_what_is_half_written_is_never_taken_for_a_shard(
    tmp_path: Path, folder: Any, undisturbed: dict[str, bytes], contents: Contents
) -> None:
    store = FeatureStore(tmp_path / "store", shard_clips=4)
    name, data = next(iter(undisturbed.items()))
    half = (store.folder / name).with_name(f".{Path(name).stem}.0123456789ab.tmp.arrow")
    half.parent.mkdir(parents=True)
    half.write_bytes(data)
    summary = store.materialize(VIEW, folder.clips, folder.root, processes=1)
    assert (summary.computed, summary.reused) == (16, 0)
    assert contents(store.folder) == undisturbed


def test_several_processes_fill_one_store_at_once(
    tmp_path: Path, folder: Any, manifest: Path, undisturbed: dict[str, bytes], contents: Contents
) -> None:
    store = FeatureStore(tmp_path / "store", shard_clips=4)
    for running in [start(manifest, store.folder, 1) for _ in range(2)]:
        finish(running)
    assert contents(store.folder) == undisturbed
    summary = store.materialize(VIEW, folder.clips, folder.root, processes=1)
    assert (summary.computed, summary.reused) == (0, 16)
