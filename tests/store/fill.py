"""Fill a store in processes of their own, which may be killed.

``python fill.py CLIPS_PARQUET STORE [VIEWS]`` reads numbers of workers, one a line, and for each
forks a process, in a process group of its own, that fills the store; of that it prints the number,
and what it made at its end. What is imported once need not be imported by every one of them.

In these processes a shard is written in two pieces with a pause, so that who watches sees it
however busy the machine is.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.io.progress import Advance
from rodepil.store import making, shards
from rodepil.store.features import FeatureStore
from rodepil.store.materialize import Manifest
from rodepil.store.views.base import Row, View
from rodepil.store.views.frames import FrameView
from rodepil.store.views.motion import MotionView

VIEWS = (FrameView(frames=8, size_px=112), MotionView(size_px=32))
FULL_AFTER = 3
PAUSE_S = 0.005


class Filling:
    """A disk that is full once some shards are finished: no file may grow beyond 1 kB."""

    def __init__(self) -> None:
        self.finished = 0

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        """Count what is finished of a task."""
        del name, total, unit
        yield self.advance

    def advance(self, amount: float) -> None:
        """Count one shard more."""
        del amount
        self.finished += 1
        if self.finished == FULL_AFTER:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))


def write_in_pieces(path: Path, view: View, keys: Sequence[str], rows: Sequence[Row]) -> None:
    """Write a shard as the store does, and then once more with a pause in the middle."""
    shards.write_shard(path, view, keys, rows)
    data = path.read_bytes()
    with path.open("wb", buffering=0) as stream:
        stream.write(data[: len(data) // 2])
        time.sleep(PAUSE_S)
        stream.write(data[len(data) // 2 :])


def fill(manifest: Manifest, folder: Path, processes: int) -> str:
    """Fill the store and say what was made; 0 processes stands for one with a full disk."""
    store = FeatureStore(folder, shard_clips=2)
    progress = None if processes else Filling()
    try:
        made = store.materialize(VIEWS, manifest, progress=progress, processes=processes or 1)
    except FeatureError as error:
        return f"refused {error}"
    return f"computed {sum(made.computed.values())} reused {sum(made.reused.values())}"


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(clips: Path, folder: Path) -> None:
    """Fork one process after the other, as many as are asked for."""
    vars(making)["write_shard"] = write_in_pieces
    manifest = Manifest(tables.read("clips", clips), clips.parent)
    say("ready")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            say(str(os.getpid()))
            say(fill(manifest, folder, int(line)))
            os._exit(0)
        os.waitpid(child, 0)
        say("ended")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
