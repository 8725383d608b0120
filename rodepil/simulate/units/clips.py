"""Make the clips of action units as files: resumed, side by side, each whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import asdict
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np

from rodepil.cluster import run_many
from rodepil.config.localize import UnitSimulationSettings
from rodepil.errors import SourceError
from rodepil.io.files import sha256_file, short_hash, write_json, write_text
from rodepil.io.luma import write_luma
from rodepil.io.progress import Progress, Silent
from rodepil.simulate.units.film import frames, live
from rodepil.simulate.units.plan import UnitPlan, make_unit_plans

LOOK = 1
"""Raised with every change of what is drawn, so that older clips are made again."""
CRF = 23
TINT = (130, 129)
PARTS = "parts"
"""The folder of what describes each clip; only a simulation writes one."""
_OURS = re.compile(r"unit_\d{4,}")


def simulate_units(
    settings: UnitSimulationSettings,
    folder: Path,
    *,
    progress: Progress | None = None,
    processes: int | None = None,
) -> list[UnitPlan]:
    """Write ``videos/ID.mp4`` of every clip and ``subjects.csv``, and return what they show.

    Clips are made side by side; the result does not depend on how many at a time. One that stands
    whole from an earlier call with the same settings is taken as it is.

    Parameters
    ----------
    settings
        How many subjects and clips, how long and large, and the seed.
    folder
        Where to; what an earlier call with other settings left there is removed.
    progress
        What is told of each finished clip.
    processes
        Clips made at a time; by default one for each CPU.

    Raises
    ------
    SourceError
        A clip could not be made, or the folder holds clips that were not simulated.
    """
    _refuse_imported(folder)
    plans = make_unit_plans(settings)
    failed: list[str] = []
    with (progress or Silent()).task("simulate", len(plans), "clip") as advance:
        for outcome in run_many(partial(make_clip, settings, folder), plans, processes=processes):
            if outcome.error is not None:
                failed.append(f"{outcome.item.video_id}: {outcome.error}")
            advance(1)
    if failed:
        raise SourceError(
            f"{len(failed)} of {len(plans)} clips could not be made "
            f"({'; '.join(sorted(failed))}); see that the disk has room and run it again: "
            "finished clips are kept"
        )
    keep = {plan.video_id for plan in plans}
    for path in (*folder.glob(f"{PARTS}/*.json"), *folder.glob("videos/*.mp4")):
        if path.stem not in keep:
            path.unlink()
    _write_subjects(folder / "subjects.csv", plans)
    return plans


def is_simulated(folder: Path) -> bool:
    """Tell whether clips in a folder were simulated."""
    return any((folder / PARTS).glob("*.json"))


def make_clip(settings: UnitSimulationSettings, folder: Path, plan: UnitPlan) -> str:
    """Make a clip's video, or take the one that stands whole, and return its SHA-256.

    What describes it is written last, so that its existence means that the video is whole.
    """
    key = short_hash(
        settings.model_dump(), asdict(plan), LOOK, av.__version__, cv2.__version__, np.__version__
    )
    part = folder / PARTS / f"{plan.video_id}.json"
    video = folder / "videos" / f"{plan.video_id}.mp4"
    standing = json.loads(part.read_bytes()) if part.is_file() else {}
    if standing.get("key") == key and video.is_file():
        digest = sha256_file(video)
        if digest == standing.get("sha256"):
            return digest
    part.unlink(missing_ok=True)
    size = (settings.size_px, settings.size_px)
    planes = frames(live(settings, plan), settings.size_px)
    write_luma(video, planes, fps=settings.fps, size_px=size, crf=CRF, tint=TINT)
    digest = sha256_file(video)
    write_json(part, {"key": key, "sha256": digest})
    return digest


def _refuse_imported(folder: Path) -> None:
    """Leave alone what someone has imported."""
    foreign = [path for path in folder.glob("videos/*") if not _OURS.fullmatch(path.stem)]
    foreign += list(folder.glob("features/*"))
    kept = [path for path in foreign if not path.name.startswith(".")]
    if kept:
        raise SourceError(
            f"{folder} holds {len(kept)} files that were not simulated ({kept[0].name}); set "
            "ratseizure.source=imported to work on them, or move that folder away"
        )


def _write_subjects(path: Path, plans: list[UnitPlan]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("video_id", "subject_id"))
    writer.writerows((plan.video_id, plan.subject_id) for plan in plans)
    write_text(path, text.getvalue())
