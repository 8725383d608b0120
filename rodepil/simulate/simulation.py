"""Make a folder of recordings with its tables."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pyarrow as pa

from rodepil.cluster import run_many
from rodepil.config.settings import SimulateSettings
from rodepil.errors import SourceError
from rodepil.io import tables
from rodepil.io.progress import Progress, Silent
from rodepil.simulate.recording import Made, make
from rodepil.simulate.schedule import make_plan


def simulate(
    settings: SimulateSettings,
    folder: Path,
    *,
    progress: Progress | None = None,
    processes: int | None = None,
) -> None:
    """Write recordings with their recordings, cages, annotations and animal_boxes tables.

    Recordings are made side by side; the result does not depend on how many at a time. One
    that stands whole from an earlier call with the same settings is taken as it is. The
    tables are written when all recordings stand.

    Parameters
    ----------
    settings
        How many animals and recordings, how long, how often they seize, and the seed.
    folder
        Where videos/, parts/ and the tables go; what an earlier call with other settings
        left there is removed.
    progress
        What is told of each finished recording.
    processes
        Recordings made at a time; by default one for each CPU.

    Raises
    ------
    SettingError
        The settings can't be met, for example more subjects than cages.
    SourceError
        A recording could not be made.
    """
    plans = make_plan(settings)
    made: dict[str, Made] = {}
    failed: list[str] = []
    with (progress or Silent()).task("simulate", len(plans), "recording") as advance:
        for outcome in run_many(partial(make, settings, folder), plans, processes=processes):
            if outcome.result is None:
                failed.append(f"{outcome.item.recording_id}: {outcome.error}")
            else:
                made[outcome.item.recording_id] = outcome.result
            advance(1)
    if failed:
        raise SourceError(
            f"{len(failed)} of {len(plans)} recordings could not be made "
            f"({'; '.join(sorted(failed))}); see that the disk has room and run it again: "
            "finished recordings are kept"
        )
    _publish(folder, [made[plan.recording_id] for plan in plans])


def _publish(folder: Path, made: list[Made]) -> None:
    """Write the tables of all recordings, after clearing what belongs to none of them."""
    keep = {one.recording["recording_id"] for one in made}
    for path in (*folder.glob("parts/*"), *folder.glob("videos/*.mp4")):
        if path.name.split(".")[0] not in keep:
            path.unlink()
    boxes = pa.concat_tables(tables.read("animal_boxes", folder / one.boxes) for one in made)
    tables.write("animal_boxes", boxes, folder / "animal_boxes.parquet")
    _write(folder, "annotations", (row for one in made for row in one.annotations))
    _write(folder, "cages", (row for one in made for row in one.cages))
    _write(folder, "recordings", (one.recording for one in made))


def _write(folder: Path, name: str, rows: Iterable[dict[str, object]]) -> None:
    tables.write(name, tables.from_rows(name, rows), folder / f"{name}.parquet")
