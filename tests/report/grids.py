"""Grids that never ran: rows drawn from a generator, their files and grid.json by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from rodepil.config.workspace import Workspace
from rodepil.data.digests import clips_digest, folds_digest
from rodepil.io import tables
from rodepil.io.files import write_json
from tests.report.conftest import Recipe, draw_clips, draw_folds, draw_predictions, record

NAME = "ablation"
AXES = ("modality", "size", "frames", "optimizer", "pretrained")


@dataclass(frozen=True)
class Drawn:
    """A row to draw: `quality` is the distance of the classes in standard deviations."""

    words: str
    quality: float
    paper: tuple[float, ...] = ()
    finished: tuple[int, ...] = (0, 1, 2)
    failed: dict[str, str] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)
    modality: str = "rgb"
    wanted: tuple[int, ...] | None = None

    @property
    def name(self) -> str:
        return "-".join(self.words.lower().split())


ROWS = (
    Drawn("RGB 224 16 SGD Kinetics", 3.4, (98.55, 97.81, 96.31, 97.00)),
    Drawn("RGB 224 8 SGD Kinetics", 2.6, (95.22, 85.02, 89.60, 87.20)),
    Drawn(
        "Flow 224 8 SGD Kinetics",
        1.9,
        (88.01, 77.42, 68.32, 71.69),
        changes={"train.modality": "flow"},
        modality="flow",
    ),
    Drawn("RGB 224 16 SGD no", 0.8, (71.04, 48.18, 41.84, 38.57), (0, 2), {"1": "loss is NaN"}),
    Drawn("RGB 224 16 AdamW no", 0.0, (73.74, 24.74, 29.81, 25.61), (), {}),
)


def write_rows(
    root: Path,
    rows: Sequence[Drawn] = ROWS,
    *,
    recipe: Recipe | None = None,
    folds: tuple[int, ...] = (0, 1, 2),
    source: str = "RodEpil paper, Table III",
    name: str = NAME,
) -> Workspace:
    """Write a grid as it leaves its files."""
    workspace, drawn = Workspace(root), recipe or Recipe(subjects=9, folds=len(folds))
    clips = draw_clips(drawn)
    dealt = draw_folds(clips, drawn)
    folder = workspace.results / "grids" / name
    told = []
    for at, row in enumerate(rows):
        if row.finished:
            tested = draw_predictions(clips, dealt, row.quality, f"{at}", 50 + at)
            tested = tested.filter(pc.is_in(tested.column("fold"), pa.array(row.finished)))
            stem = folder / "rows" / row.name
            tables.write("predictions", tested, stem.with_name(f"{row.name}_predictions.parquet"))
            held = record(tested, drawn, "none", row.modality)
            write_json(stem.with_name(f"{row.name}.json"), held)
        told.append(
            {
                "name": row.name,
                "words": dict(zip(AXES, row.words.split(), strict=False)),
                "paper": dict(
                    zip(("accuracy", "sensitivity", "precision", "f1"), row.paper, strict=False)
                ),
                "changes": row.changes,
                "group_id": f"{at:016x}",
                "run_id": "f" * 32,
                "folds": list(folds if row.wanted is None else row.wanted),
                "finished": list(row.finished),
                "failed": row.failed,
            }
        )
    grid = {
        "name": name,
        "title": "Ablation over modality, size, frames, optimizer and pretraining",
        "data": drawn.data,
        "source": source,
        "experiment": f"rodepil/{name}",
        "axes": list(AXES),
        "digests": {"clips": clips_digest(clips), "folds": folds_digest(dealt)},
        "folds": list(folds),
        "rows": told,
    }
    write_json(folder / "grid.json", grid)
    return workspace


def change(path: Path, **values: object) -> None:
    """Put values into a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_bytes()) | values), encoding="utf-8")
