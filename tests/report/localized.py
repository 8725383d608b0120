"""Results of localization that never ran: drawn from a generator, complete and consistent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from rodepil.config.localize import LocalizeSettings, RatSeizureSettings, SequenceSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.io.files import write_json
from rodepil.io.labels import ACTION_UNITS
from rodepil.scoring import mean_average_precision

Row = dict[str, Any]
TIOUS = (0.3, 0.4, 0.5, 0.6, 0.7)
EPOCHS = 9
SURE = {"raseformer": 0.85, "dense": 0.8, "shuffled": 0.12}


@dataclass(frozen=True)
class UnitRecipe:
    """What to draw: `sure` is the share of true segments that each run finds with their name."""

    clips: int = 60
    data: str = "simulated clips of action units"
    split: str = "given"
    subjects: int = 0
    copies: int = 1
    names: tuple[str, ...] = ("raseformer", "dense", "shuffled")
    seed: int = 5


def draw_clips(recipe: UnitRecipe) -> list[Row]:
    """Clips of 10 s; without subjects each is its own, and `copies` of one original follow."""
    rows = []
    for at in range(recipe.clips):
        original, copy = divmod(at, recipe.copies)
        name = f"rat{original:03d}" + (f"_flip{copy}" if copy else "")
        rows.append(
            {
                "clip_id": f"{at:016x}",
                "recording_id": name,
                "subject_id": f"s{at % recipe.subjects}" if recipe.subjects else name,
                "position": 0,
                "date": "",
                "video_id": name,
                "start_frame": 0,
                "end_frame": 300,
                "start_s": 0.0,
                "duration_s": 10.0,
                "label": 1,
                "kept": True,
            }
        )
    return rows


def fold_of(at: int, recipe: UnitRecipe) -> int:
    if recipe.split == "given":
        return 0 if at % 3 == 0 else 1
    return at % recipe.subjects % 3


def draw_events(clips: list[Row], recipe: UnitRecipe) -> list[Row]:
    """One or two units of whole seconds a clip."""
    generator = np.random.default_rng(recipe.seed)
    rows = []
    for at, clip in enumerate(clips):
        split = int(generator.integers(3, 8))
        for number, (start, end) in enumerate([(0, split), (split, 10)][: 1 + at % 2]):
            label = ACTION_UNITS[(at // 3 + 5 * number) % len(ACTION_UNITS)]
            rows.append(event_of(clip, start, end, label, 1.0))
    return rows


def event_of(clip: Row, start_s: float, end_s: float, label: str, score: float) -> Row:
    named = {key: clip[key] for key in ("recording_id", "position", "subject_id")}
    return named | {"start_s": start_s, "end_s": end_s, "label": label, "score": score}


def draw_found(clips: list[Row], events: list[Row], sure: float, seed: int) -> list[Row]:
    """What a run finds: near the truth with its name as often as it is sure, and clutter."""
    generator = np.random.default_rng(seed)
    by_name = {clip["recording_id"]: clip for clip in clips}
    found = []
    for event in events:
        clip = by_name[event["recording_id"]]
        is_right = generator.random() < sure
        label = event["label"] if is_right else str(generator.choice(ACTION_UNITS))
        ends = np.array([event["start_s"], event["end_s"]]) + generator.normal(0, 0.5, 2)
        ends = ends.clip(0, 9.99)
        score = float(generator.uniform(0.4 if is_right else 0.1, 0.95))
        found.append(event_of(clip, float(ends.min()), float(ends.max()) + 0.01, label, score))
    for clip in clips:
        for _ in range(4):
            start = float(generator.uniform(0, 8))
            label = str(generator.choice(ACTION_UNITS))
            score = float(generator.uniform(0.01, 0.35))
            found.append(event_of(clip, start, start + 2, label, score))
    return found


def trial(fold: int, truths: pa.Table, found: pa.Table, counts: tuple[int, int]) -> Row:
    measured = mean_average_precision(truths, found, TIOUS, ACTION_UNITS)
    decay = np.exp(-np.arange(EPOCHS) / 3)
    return {
        "fold": fold,
        "trial_id": f"{fold}abc" * 4,
        "run_id": f"{fold:032x}",
        "seconds": 40.5 + fold,
        "train_clips": counts[0],
        "test_clips": counts[1],
        "map": dict(zip(map(str, TIOUS), measured.by_threshold.tolist(), strict=True)),
        "mean_map": measured.mean,
        "ap": {
            label: {
                str(tiou): None if np.isnan(value) else float(value)
                for tiou, value in zip(TIOUS, row, strict=True)
            }
            for label, row in zip(measured.classes, measured.ap, strict=True)
        },
        "frame_accuracy": 0.7,
        "edit_score": 0.6,
        "history": [
            {
                "epoch": epoch,
                "train_loss": float(1.4 * decay[epoch]),
                "learning_rate": 1e-4,
                "test_mean_map": float(measured.mean * (1 - decay[epoch])),
            }
            for epoch in range(EPOCHS)
        ],
    }


def make_localized(workspace: Workspace, recipe: UnitRecipe) -> Mapping[str, pa.Table]:
    """Write clips, events, folds and the results of every run; return what each found."""
    clips = draw_clips(recipe)
    events = draw_events(clips, recipe)
    fold = {clip["recording_id"]: fold_of(at, recipe) for at, clip in enumerate(clips)}
    folds = [
        {"clip_id": one["clip_id"], "subject_id": one["subject_id"],
         "fold": fold[one["recording_id"]]}
        for one in clips
    ]  # fmt: skip
    for name, rows, path in (
        ("clips", clips, workspace.units_clips),
        ("events", events, workspace.units_events),
        ("folds", folds, workspace.units_folds),
    ):
        tables.write(name, tables.from_rows(name, rows), path)
    tested = [0] if recipe.split == "given" else sorted(set(fold.values()))
    settings = {
        "ratseizure": RatSeizureSettings.model_validate({"split": recipe.split}),
        "sequence": SequenceSettings(),
        "localize": LocalizeSettings(),
    }
    found = {}
    for number, name in enumerate(recipe.names):
        trials, rows = [], []
        for one in tested:
            inside = [clip for clip in clips if fold[clip["recording_id"]] == one]
            true = [event for event in events if fold[event["recording_id"]] == one]
            said = draw_found(inside, true, SURE[name], recipe.seed + number)
            rows += said
            counts = (len(clips) - len(inside), len(inside))
            sides = [tables.from_rows("events", side) for side in (true, said)]
            trials.append(trial(one, sides[0], sides[1], counts))
        found[name] = tables.from_rows("events", rows)
        folder = workspace.localize_results
        tables.write("events", found[name], folder / f"{name}_detections.parquet")
        write_json(
            folder / f"{name}.json",
            {
                "data": recipe.data,
                "name": name,
                "parent_run_id": "f" * 32,
                "settings": {key: one.model_dump(mode="json") for key, one in settings.items()},
                "tious": list(TIOUS),
                "trials": trials,
                "parameters": 27_123_456,
            },
        )
    leak = "'rat003': training rat003_flip1; testing rat003"
    write_json(
        workspace.localize_results / "split.json",
        {"lines": ["by name: 1 original on both sides", f"  {leak}"]},
    )
    return found
