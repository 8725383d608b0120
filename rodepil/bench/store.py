"""The feature store beside copying, reading, decoding, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rodepil.bench.disk import drops_from_memory
from rodepil.bench.rows import Row
from rodepil.bench.store_deciding import deciding_rows
from rodepil.bench.store_making import making_rows
from rodepil.bench.store_reading import reading_rows
from rodepil.cluster import cpu_count
from rodepil.config.settings import CurateSettings, SimulateSettings
from rodepil.data.curate import curate
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.progress import Progress
from rodepil.simulate import simulate
from rodepil.store.materialize import Manifest

CAGES = 6
STEPS = 4


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Parameters
    ----------
    clips
        A manifest of clips; None simulates and curates some.
    simulated_s
        Length of the simulated recording, of six cages.
    repeats
        Rounds of what takes seconds; their median counts.
    tables
        Clips in the tables over which nothing is to be made, with the seconds allowed.
    """

    clips: Path | None = None
    simulated_s: float = 300.0
    repeats: int = 5
    tables: tuple[tuple[int, float], ...] = ((13_000, 3.0), (200_000, 30.0))


def bench_store(plan: Plan, progress: Progress) -> list[Row]:
    """Measure reading, making and deciding, each beside its peer by turns.

    Raises
    ------
    SourceError
        There are no clips.
    """
    with TemporaryDirectory() as made:
        folder = Path(made)
        manifest = _simulated(plan, folder, progress) if plan.clips is None else _given(plan.clips)
        return list(_rows(plan, manifest, folder, progress))


def _rows(plan: Plan, manifest: Manifest, folder: Path, progress: Progress) -> Iterator[Row]:
    with progress.task("store beside others", STEPS, "steps") as advance:
        yield from making_rows(manifest, folder / "making", plan.repeats)
        advance(1)
        yield from reading_rows(manifest, folder / "reading", plan.repeats)
        advance(2)
        yield from deciding_rows(plan.tables, folder / "deciding", plan.repeats)
        advance(1)


def _given(path: Path) -> Manifest:
    clips = tables.read("clips", path).filter(pc.field("kept"))
    if not clips.num_rows:
        raise SourceError(f"{path} keeps no clips; give the manifest that 'rodepil curate' wrote")
    return Manifest(clips, path.parent)


def _simulated(plan: Plan, folder: Path, progress: Progress) -> Manifest:
    """Simulate a recording and cut it into clips as the project's own settings do."""
    settings = SimulateSettings(
        recordings=1,
        subjects=CAGES,
        cages_min=CAGES,
        cages_max=CAGES,
        duration_s=plan.simulated_s,
    )
    simulate(settings, folder / "raw", progress=progress)
    all_kept = CurateSettings(motion_min_share=0.0, min_overlap_s=0.0)
    curate(folder / "raw", all_kept, folder / "clips", folder / "clips.parquet", progress=progress)
    return _given(folder / "clips.parquet")


def machine(plan: Plan) -> dict[str, object]:
    """Return what the figures hang on besides the processor."""
    with TemporaryDirectory() as folder:
        cold = drops_from_memory(Path(folder))
    return {
        "clips": "simulated" if plan.clips is None else plan.clips.name,
        "cold_reads": "dropped by posix_fadvise" if cold else "can't be dropped from memory here",
        "workers": cpu_count(),
        "av": av.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "pyarrow": pa.__version__,
    }
