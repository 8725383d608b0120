"""What is killed in the middle leaves nothing torn, and loses nothing that was finished."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.store import FeatureStore
from rodepil.store.index import INDEX, Index
from rodepil.store.shards import folder_name
from tests.store import fill
from tests.store.conftest import ClipFolder, contents, noise

KILLS = 20
CLIPS = 84  # in shards of 2, of 2 views: 84 shards


class Filler:
    """A process that forks processes which fill a store."""

    def __init__(self, clips: Path, folder: Path) -> None:
        self.folder = folder
        command = [sys.executable, fill.__file__, str(clips), str(folder)]
        environment = os.environ | {"PYTHONPATH": str(Path(fill.__file__).parents[2])}
        pipe = subprocess.PIPE
        self._running = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, text=True, env=environment, bufsize=1
        )
        assert self._said() == "ready"

    def _said(self) -> str:
        assert self._running.stdout is not None
        return self._running.stdout.readline().rstrip("\n")

    def start(self, processes: int) -> int:
        """Begin to fill the store and return the number of the process group."""
        assert self._running.stdin is not None
        self._running.stdin.write(f"{processes}\n")
        return int(self._said())

    def end(self) -> str:
        """Wait for the end and return what was said before; nothing if it was killed."""
        said = self._said()
        return "" if said == "ended" else said + self._said().removesuffix("ended")

    def stop(self) -> None:
        """End the process itself."""
        self._running.communicate(timeout=60)
        assert self._running.returncode == 0


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> ClipFolder:
    """Clips enough to be killed twenty times among them."""
    made = ClipFolder(tmp_path_factory.mktemp("many"))
    for number in range(CLIPS):
        made.add(number, noise(number, 12))
    tables.write("clips", made.clips, made.root / "clips.parquet")
    return made


@pytest.fixture(scope="module")
def undisturbed(many: ClipFolder) -> dict[str, bytes]:
    """What a run without a fault leaves."""
    store = FeatureStore(many.root / "undisturbed", shard_clips=2)
    store.materialize(fill.VIEWS, many.manifest, processes=1)
    return contents(many.root / "undisturbed")


@pytest.fixture
def start(many: ClipFolder, tmp_path: Path) -> Iterator[Callable[[], Filler]]:
    """Return a function that starts one process more to fill the store in tmp_path."""
    fillers: list[Filler] = []

    def started() -> Filler:
        fillers.append(Filler(many.root / "clips.parquet", tmp_path / "store"))
        return fillers[-1]

    yield started
    for filler in fillers:
        filler.stop()


def shards_in(folder: Path) -> int:
    return sum(1 for _ in folder.glob("*/[!.]*.arrow"))


def half_written(folder: Path) -> list[Path]:
    return list(folder.glob("*/.*.tmp.arrow"))


def wait_for(folder: Path, finished: int, *, writing: bool) -> None:
    """Wait until so many shards are finished and, if asked for, one more is being written."""
    end = time.monotonic() + 60
    while shards_in(folder) < finished:
        assert time.monotonic() < end
    old = set(half_written(folder))
    while writing and set(half_written(folder)) <= old:
        assert time.monotonic() < end


def test_kill_9_leaves_nothing_torn_and_loses_nothing_finished(
    start: Callable[[], Filler], undisturbed: dict[str, bytes]
) -> None:
    filler, chance = start(), np.random.default_rng(0)
    finished: dict[str, bytes] = {}
    counts = []
    for kill in range(KILLS):
        group = filler.start(2 if kill == 7 else 1)
        wait_for(filler.folder, len(finished) + int(chance.integers(1, 3)), writing=kill % 2 == 0)
        time.sleep(0 if kill % 2 == 0 else chance.uniform(0, 0.02))
        os.killpg(group, signal.SIGKILL)
        assert filler.end() == ""
        now = contents(filler.folder)
        assert finished.items() < now.items() < undisturbed.items()
        for view in fill.VIEWS:
            index = Index(FeatureStore(filler.folder).place, folder_name(view))
            names = {name for name in now if name.startswith(f"{folder_name(view)}/")}
            assert (len(index.spots), index.damaged) == (2 * len(names), [])
        counts.append(len(now))
        finished = now
    assert len(set(counts)) == KILLS
    assert half_written(filler.folder)  # some fell in the middle of a write
    filler.start(1)
    left = 2 * CLIPS - 2 * len(finished)
    assert filler.end() == f"computed {left} reused {2 * len(finished)}"
    assert contents(filler.folder) == undisturbed


def test_a_kill_before_the_index_is_written_is_made_good(
    undisturbed: dict[str, bytes], many: ClipFolder, tmp_path: Path
) -> None:
    store = FeatureStore(tmp_path / "store", shard_clips=2)
    for name, data in undisturbed.items():
        if not name.endswith(INDEX):
            (tmp_path / "store" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "store" / name).write_bytes(data)
    made = store.materialize(fill.VIEWS, many.manifest, processes=1)
    assert made.computed == {"frames": 0, "motion": 0}
    assert contents(tmp_path / "store") == undisturbed


def test_several_processes_fill_one_store_at_once(
    start: Callable[[], Filler], undisturbed: dict[str, bytes]
) -> None:
    fillers = [start(), start(), start()]
    for filler in fillers:
        filler.start(1)
    for filler in fillers:
        assert filler.end().startswith("computed ")
    assert contents(fillers[0].folder) == undisturbed
    assert half_written(fillers[0].folder) == []


def test_a_full_disk_ends_the_run_with_the_remedy_and_what_is_finished_is_kept(
    start: Callable[[], Filler], undisturbed: dict[str, bytes]
) -> None:
    filler = start()
    filler.start(0)
    said = filler.end()
    assert said.startswith(f"refused {filler.folder}")
    assert "can't be written: " in said
    assert "File too large" in said
    assert said.endswith("run the command again: what is finished is kept")
    kept = contents(filler.folder)
    assert len(kept) == 2 * fill.FULL_AFTER
    assert kept.items() < undisturbed.items()
    assert half_written(filler.folder) == []
    filler.start(1)
    assert filler.end() == f"computed {2 * CLIPS - 2 * len(kept)} reused {2 * len(kept)}"
    assert contents(filler.folder) == undisturbed


def test_what_is_half_written_is_never_taken_for_a_shard(
    folder: ClipFolder, store: FeatureStore, tmp_path: Path
) -> None:
    whole = FeatureStore(tmp_path / "whole", shard_clips=4)
    whole.materialize(fill.VIEWS, folder.manifest, processes=1)
    for path in (tmp_path / "whole").glob("*/*.arrow"):
        half = tmp_path / "store" / path.parent.name / f".{path.stem}.0123456789ab.tmp.arrow"
        half.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(path.read_bytes())
    summary = store.materialize(fill.VIEWS, folder.manifest, processes=1)
    assert summary.computed == {"frames": 16, "motion": 16}
    assert contents(tmp_path / "store") == contents(tmp_path / "whole")


def test_a_store_that_can_not_be_written_ends_the_run_with_the_remedy(
    folder: ClipFolder, tmp_path: Path
) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    with pytest.raises(FeatureError, match=r"can't be written: .*; make room or set rights"):
        FeatureStore(tmp_path / "store").materialize(fill.VIEWS, folder.manifest, processes=2)
