"""How long it takes to see that there is nothing to make, over tables of many clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pyarrow as pa

from rodepil.bench.rows import Row, less_is_better
from rodepil.errors import FeatureError
from rodepil.io import tables
from rodepil.io.files import short_hash
from rodepil.store.features import SHARD_CLIPS, FeatureStore
from rodepil.store.materialize import Manifest, groups_of, plan
from rodepil.store.shards import file_name, folder_name, write_shard
from rodepil.store.views.frames import FrameView

TINY = FrameView(frames=1, size_px=1, colour="grey", name="tiny")
CAGE_CLIPS = 360  # an hour


def deciding_rows(wanted: Sequence[tuple[int, float]], folder: Path, repeats: int) -> Iterator[Row]:
    """Yield how long an unchanged `materialize` takes, with reading and writing its tables.

    Parameters
    ----------
    wanted
        Clips of a table, and the seconds allowed.
    folder
        Where stores of tiny features are made.
    repeats
        Rounds; their median counts.
    """
    for count, allowed_s in wanted:
        place = folder / str(count)
        manifest = _clips(count, place)
        _fill(tables.read("clips", manifest), place / "store")
        times = []
        for _ in range(repeats + 1):  # the first one writes the index
            start = perf_counter()
            _unchanged(manifest, place)
            times.append(perf_counter() - start)
        name = f"nothing to make of {count:,} clips"
        yield less_is_better(name, median(times[1:]), "s", "the most allowed", allowed_s)


def _unchanged(manifest: Path, place: Path) -> None:
    """Do as the command does when nothing has changed."""
    store = FeatureStore(place / "store")
    summary = store.materialize([TINY], Manifest(tables.read("clips", manifest), place))
    if summary.computed != {"tiny": 0}:
        raise FeatureError(f"the benchmark found something to make: {summary}; please report this")
    tables.write("features", summary.features, place / "features.parquet")


def _clips(count: int, place: Path) -> Path:
    """Write a manifest of clips that are not there, an hour of each cage."""
    numbers = np.arange(count)
    cages = (numbers // CAGE_CLIPS).tolist()
    starts = (numbers % CAGE_CLIPS * 300).tolist()
    digests = [short_hash("benchmark", number, digits=64) for number in range(count)]
    columns: dict[str, object] = {
        "clip_id": [digest[:16] for digest in digests],
        "sha256": digests,
        "path": [f"clips/{digest[:16]}.avi" for digest in digests],
        "recording_id": [f"r{cage // 6:06}" for cage in cages],
        "position": [cage % 6 + 1 for cage in cages],
        "subject_id": [f"rat{cage}" for cage in cages],
        "date": ["Jan-14-2019"] * count,
        "video_id": [f"M{cage // 6}" for cage in cages],
        "start_frame": starts,
        "end_frame": [start + 300 for start in starts],
        "start_s": [start / 30 for start in starts],
        "duration_s": [10.0] * count,
        "label": [0] * count,
        "kept": [True] * count,
        "fps": ["30"] * count,
        "n_frames": [300] * count,
        "width_px": [224] * count,
        "height_px": [224] * count,
    }
    schema = tables.schema("clips")
    arrays = [
        pa.array(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(count, field.type)
        for field in schema
    ]
    path = place / "clips.parquet"
    tables.write("clips", pa.Table.from_arrays(arrays, schema=schema), path)
    return path


def _fill(clips: pa.Table, store: Path) -> None:
    """Write the shards that materializing would have written, of a pixel a clip."""
    row = {"frames": np.zeros((1, 1, 1, 1), np.uint8)}
    folder = store / folder_name(TINY)
    folder.mkdir(parents=True)
    for group in groups_of(plan([TINY], clips), SHARD_CLIPS):
        keys = [one.keys[0] for one in group]
        write_shard(folder / file_name(keys), TINY, keys, [row] * len(keys))
