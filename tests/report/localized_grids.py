"""Grids of localizers that never ran: each row finds a share of true segments, drawn at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from rodepil.config.localize import LocalizeSettings, RatSeizureSettings, SequenceSettings
from rodepil.config.workspace import Workspace
from rodepil.data.digests import clips_digest, events_digest, folds_digest
from rodepil.io import tables
from rodepil.io.files import write_json
from tests.report.localized import (
    TIOUS,
    UnitRecipe,
    draw_clips,
    draw_events,
    draw_found,
    fold_of,
    make_localized,
    trial,
)

NAME = "keys"
KEPT = ("0.25", "0.5", "1.0")
WINDOWS = ("5", "9")


@dataclass(frozen=True)
class DrawnRow:
    """A row to draw: `sure` is the share of true segments that it finds with their name."""

    words: dict[str, str]
    sure: float
    finished: tuple[int, ...] = (0,)
    failed: dict[str, str] = field(default_factory=dict)
    wanted: tuple[int, ...] = (0,)
    seed: int = 5

    @property
    def name(self) -> str:
        return "-".join(self.words.values())


SURE = (0.1, 0.5, 0.35, 1.0, 0.6, 0.45)
ROWS = tuple(
    DrawnRow({"keep": keep, "window": window}, sure)
    for (keep, window), sure in zip(product(KEPT, WINDOWS), SURE, strict=True)
)
BEST = "0.5-9"


def write_localized_rows(
    workspace: Workspace,
    rows: Sequence[DrawnRow] = ROWS,
    recipe: UnitRecipe | None = None,
    *,
    every_fold: tuple[int, ...] = (0,),
    name: str = NAME,
) -> Workspace:
    """Write clips and a grid as it leaves its files."""
    drawn = recipe or UnitRecipe()
    make_localized(workspace, drawn)
    clips = draw_clips(drawn)
    events = draw_events(clips, drawn)
    fold = {clip["recording_id"]: fold_of(at, drawn) for at, clip in enumerate(clips)}
    folder = workspace.results / "grids" / name
    told = []
    for at, row in enumerate(rows):
        changes = {"localize.network.keep_ratio": float(row.words.get("keep", 0.5))}
        if row.finished:
            trials, found = [], []
            for one in row.finished:
                inside = [clip for clip in clips if fold[clip["recording_id"]] == one]
                true = [event for event in events if fold[event["recording_id"]] == one]
                said = draw_found(inside, true, row.sure, row.seed + one)
                found += said
                counts = (len(clips) - len(inside), len(inside))
                sides = [tables.from_rows("events", side) for side in (true, said)]
                trials.append(trial(one, sides[0], sides[1], counts))
            stem = folder / "rows" / row.name
            path = stem.with_name(f"{row.name}_detections.parquet")
            tables.write("events", tables.from_rows("events", found), path)
            record = _record(drawn, row, trials, changes)
            write_json(stem.with_name(f"{row.name}.json"), record)
        told.append(
            {
                "name": row.name,
                "words": row.words,
                "paper": {},
                "changes": changes,
                "group_id": f"{at:016x}",
                "run_id": "f" * 32,
                "folds": list(row.wanted),
                "finished": list(row.finished),
                "failed": row.failed,
            }
        )
    digests = {
        "clips": clips_digest(tables.read("clips", workspace.units_clips)),
        "events": events_digest(tables.read("events", workspace.units_events)),
        "folds": folds_digest(tables.read("folds", workspace.units_folds)),
    }
    grid = {
        "name": name,
        "title": "How many keys of how wide a window",
        "data": drawn.data,
        "source": "",
        "note": "The network is narrow.",
        "experiment": f"rodepil/{name}",
        "axes": ["keep", "window"],
        "digests": digests,
        "folds": list(every_fold),
        "rows": told,
    }
    write_json(folder / "localize.json", grid)
    return workspace


def _record(
    drawn: UnitRecipe, row: DrawnRow, trials: list[Any], changes: dict[str, Any]
) -> dict[str, Any]:
    """What a row writes down, with the settings that it changes."""
    localize = LocalizeSettings().model_dump(mode="json")
    localize["network"]["keep_ratio"] = changes["localize.network.keep_ratio"]
    return {
        "data": drawn.data,
        "name": row.name,
        "variant": "raseformer",
        "parent_run_id": "f" * 32,
        "settings": {
            "ratseizure": RatSeizureSettings.model_validate({"split": drawn.split}).model_dump(
                mode="json"
            ),
            "sequence": SequenceSettings().model_dump(mode="json"),
            "localize": localize,
        },
        "tious": list(TIOUS),
        "trials": trials,
        "parameters": 27_123_456,
    }
