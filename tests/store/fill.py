"""Fill a store in a process of its own: python fill.py CLIPS_PARQUET STORE PROCESSES."""

from __future__ import annotations

import sys
from pathlib import Path

from rodepil.io import tables
from rodepil.store.features import FeatureStore
from rodepil.store.views import FrameView

if __name__ == "__main__":
    manifest = Path(sys.argv[1])
    store = FeatureStore(Path(sys.argv[2]), shard_clips=4)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    summary = store.materialize(
        FrameView(frames=4, size_px=32),
        tables.read("clips", manifest),
        manifest.parent,
        processes=int(sys.argv[3]),
    )
    sys.stdout.write(f"computed {summary.computed} reused {summary.reused}\n")
