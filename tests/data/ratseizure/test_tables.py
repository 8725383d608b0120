"""Clips, events and folds of features that came as files, and what their split shares."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.ratseizure.alike import alike, pooled
from rodepil.data.ratseizure.clips import RatSeizure, RatSeizureClip
from rodepil.data.ratseizure.made import left_out
from rodepil.data.ratseizure.marked import marked, with_labels
from rodepil.data.ratseizure.tables import UnitsTables, make_units_tables
from rodepil.data.split import split_by_fold
from rodepil.errors import FoldError, SourceError
from rodepil.io import tables
from rodepil.io.names import SUFFIX
from rodepil.io.progress import Silent
from tests.data.ratseizure.conftest import COUNTS, clip, segment, whole_size

WIDTH = 4


def settings(split: str = "given", k: int = 3) -> ProjectSettings:
    plain = ProjectSettings()
    units = plain.ratseizure.model_copy(update={"split": split, "k": k})
    grid = plain.sequence.model_copy(
        update={"model": "imported", "imported_width": WIDTH, "window_frames": 16,
                "stride_frames": 4, "fps": 30.0}
    )  # fmt: skip
    return plain.model_copy(update={"ratseizure": units, "sequence": grid})


def sequence(seed: int, windows: int = 72) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(windows, WIDTH)).astype(np.float32)


def write_source(
    root: Path,
    database: dict[str, Any],
    features: dict[str, np.ndarray] | None = None,
    subjects: dict[str, str] | None = None,
) -> Workspace:
    workspace = Workspace(root)
    folder = workspace.units_source / "features"
    folder.mkdir(parents=True)
    given = {name: sequence(seed) for seed, name in enumerate(database)} | (features or {})
    for name, array in given.items():
        np.save(folder / f"{name}.npy", array)
    (folder.parent / "annotations.json").write_text(json.dumps({"database": database}))
    if subjects:
        lines = [f"{name},{subject}" for name, subject in subjects.items()]
        (folder.parent / "subjects.csv").write_text("\n".join(["video_id,subject_id", *lines]))
    return workspace


def make(workspace: Workspace, split: str = "given", k: int = 3) -> UnitsTables:
    return make_units_tables(settings(split, k), workspace, Silent())


def test_the_given_split_of_the_published_size_is_kept_and_counted(tmp_path: Path) -> None:
    database = whole_size()
    workspace = write_source(tmp_path, database)
    make(workspace)
    clips = tables.read("clips", workspace.units_clips)
    split = split_by_fold(clips, tables.read("folds", workspace.units_folds), 0, by_label=False)
    assert {row["video_id"] for row in split.test.to_pylist()} == {
        name for name, entry in database.items() if entry["subset"] == "testing"
    }
    assert (split.train.num_rows, split.test.num_rows) == (513, 281)
    classes = json.loads((workspace.localize_results / "classes.json").read_text())["classes"]
    for subset, counts in COUNTS.items():
        assert tuple(row[subset] for row in classes) == counts
    assert tables.read("events", workspace.units_events).num_rows == 1287


def test_rows_name_the_files_and_events_their_clips(tmp_path: Path) -> None:
    database = {
        "rat_1 (a)": clip(segment(2, 5, 4), segment(0, 1, 0)),
        "rat_2": clip(segment(0, 8, 0), subset="testing", duration=8.0),
    }
    workspace = write_source(tmp_path, database, {"rat_2": sequence(5, 57)})
    made = make(workspace)
    rows = {row["recording_id"]: row for row in made.clips.to_pylist()}
    assert [(row["label"], row["duration_s"], row["n_frames"]) for row in rows.values()] == [
        (1, 10.0, 300),
        (0, 8.0, 240),
    ]
    root = workspace.units_clips.parent
    np.testing.assert_array_equal(np.load(root / rows["rat_2"]["path"]), sequence(5, 57))
    told = [(e["recording_id"], e["start_s"], e["end_s"]) for e in made.marked.events.to_pylist()]
    assert sorted(told) == [("rat_1 (a)", 0.0, 1.0), ("rat_1 (a)", 2.0, 5.0), ("rat_2", 0.0, 8.0)]
    assert {e["subject_id"] for e in made.marked.events.to_pylist()} == set(rows)


def test_clips_that_can_not_be_taken_are_rows_with_their_reason(tmp_path: Path) -> None:
    names = ("good", "gone", "odd", "brief")
    database = {name: clip(segment(0, 1, 2)) for name in names}
    database["brief"] = clip(duration=0.5)
    database["test"] = clip(subset="testing")
    workspace = write_source(tmp_path, database, {"odd": sequence(0)[:, :3]})
    (workspace.units_source / "features" / "gone.npy").unlink()
    made = make(workspace)
    reasons = {row["video_id"]: row["drop_reason"] for row in made.clips.to_pylist()}
    assert reasons == {
        "good": None, "gone": "missing", "odd": "unsound", "brief": "short", "test": None,
    }  # fmt: skip
    assert made.marked.lost == 2
    (failed,) = tables.read(
        "failures", workspace.units_clips_folder / "failures.parquet"
    ).to_pylist()
    assert "width 3, wanted 4" in failed["message"]
    written = json.loads((workspace.localize_results / "split.json").read_text())
    assert written["clips"] == {"kept": 2, "missing": 1, "short": 1, "unsound": 1}
    assert written["events"] == {"kept": 1, "cut": 0, "lost": 2}


def test_a_split_by_subject_parts_no_animal_no_original_and_no_file(tmp_path: Path) -> None:
    database = {f"film{n}{kind}": clip(segment(0, 3, n % 14))
                for n in range(12) for kind in ("", "_flip", "_bright2")}  # fmt: skip
    features = {"film3": sequence(99), "film7_flip": sequence(99)}
    animals = {"film0": "rat A", "film1_flip": "rat A", "film1": "rat A"}
    workspace = write_source(tmp_path, database, features, animals)
    made = make(workspace, "subject", 4)
    fold_of_clip = {row["clip_id"]: row["fold"] for row in made.folds.to_pylist()}
    fold = {row["video_id"]: fold_of_clip[row["clip_id"]] for row in made.clips.to_pylist()}
    assert set(fold.values()) == {0, 1, 2, 3}
    assert fold["film0"] == fold["film1_flip"] == fold["film1"]
    for number in (0, 1, 2, 4, 5, 6, 8, 9, 10, 11):
        assert len({fold[f"film{number}{kind}"] for kind in ("", "_flip", "_bright2")}) == 1
    assert len({fold[f"film{n}{kind}"] for n in (3, 7) for kind in ("", "_flip", "_bright2")}) == 1
    assert not made.leaks.content
    assert not made.leaks.subjects
    for number in range(4):
        split_by_fold(made.clips, made.folds, number, by_label=False)


def test_folds_by_subject_hold_their_share_of_each_unit(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    database, subjects = {}, {}
    for n in range(120):
        database[f"v{n}"] = clip(*(segment(0, 2, int(u)) for u in rng.integers(0, 14, 3)))
        subjects[f"v{n}"] = f"rat {int(rng.integers(0, 25))}"
    made = make(write_source(tmp_path, database, subjects=subjects), "subject", 4)
    units_of: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for name, entry in database.items():
        units_of[subjects[name]].update(one["label_id"] for one in entry["annotations"])

    def unevenness(fold_of: dict[str, int]) -> float:
        held = np.zeros((4, 14))
        for subject, units in units_of.items():
            for unit, count in units.items():
                held[fold_of[subject], unit] += count
        return float(np.abs(held / held.sum(0) - 0.25).mean())

    ours = unevenness({row["subject_id"]: row["fold"] for row in made.folds.to_pylist()})
    dealt = [
        unevenness(dict(zip(sorted(units_of), rng.permutation(np.arange(25) % 4).tolist(),
                            strict=False)))
        for _ in range(200)
    ]  # fmt: skip
    assert ours < np.quantile(dealt, 0.05)


def test_leaks_of_the_given_split_are_told_by_content_likeness_animal_and_name(
    tmp_path: Path,
) -> None:
    database = {f"t{n}x": clip(segment(0, 1, 1)) for n in range(6)}
    database |= {f"s{n}x": clip(subset="testing") for n in range(6)}
    database |= {"film": clip(), "film_flip": clip(subset="testing")}
    near = sequence(1) * 1.02 + 0.01 * sequence(500)
    workspace = write_source(
        tmp_path, database, {"s0x": sequence(0), "s1x": near.astype(np.float32)},
        {"t2x": "rat 1", "s3x": "rat 1", "t4x": "rat 2"},
    )  # fmt: skip
    leaks = make(workspace).leaks
    (same,) = leaks.content
    assert same.sides == {"training": ("t0x",), "testing": ("s0x",)}
    (pair,) = leaks.alike
    assert {pair.one, pair.other} == {"t1x", "s1x"}
    (animal,) = leaks.subjects
    assert (animal.what, leaks.known) == ("rat 1", 3)
    assert [leak.original for leak in leaks.copies.leaks] == ["film"]
    said = "\n".join(json.loads((workspace.localize_results / "split.json").read_text())["lines"])
    for name in ("s0x", "t1x", "rat 1", "film_flip"):
        assert name in said


def test_likeness_is_the_cosine_of_what_parts_of_clips_have_beside_the_mean() -> None:
    rng = np.random.default_rng(8)
    clips = [rng.normal(size=(20 + n, 3)).astype(np.float32) + 5 for n in range(9)]
    clips[8] = clips[0] + 0.2 * rng.normal(size=clips[0].shape).astype(np.float32)
    vectors = []
    for held in clips:
        parts = []
        for part in range(8):
            start, end = int(len(held) * part / 8), int(len(held) * (part + 1) / 8)
            some = held[start:end].tolist()
            parts += [sum(row[c] for row in some) / len(some) for c in range(3)]
        vectors.append(parts)
        np.testing.assert_allclose(pooled(held), parts, rtol=1e-5)
    mean = [sum(vector[i] for vector in vectors) / 9 for i in range(24)]
    apart = [[x - m for x, m in zip(vector, mean, strict=True)] for vector in vectors]
    wanted = {}
    for i in range(9):
        for j in range(i + 1, 9):
            dot = sum(x * y for x, y in zip(apart[i], apart[j], strict=True))
            norms = [sum(x * x for x in apart[at]) ** 0.5 for at in (i, j)]
            if i % 2 != j % 2 or 8 in {i, j}:
                wanted[i, j] = dot / norms[0] / norms[1]
    sides = [n % 2 for n in range(8)] + [2]
    found = {
        (pair.first, pair.second): pair.likeness
        for pair in alike([pooled(one) for one in clips], sides, -1.0)
    }
    assert set(found) == set(wanted)
    for pair, likeness in wanted.items():
        assert found[pair] == pytest.approx(likeness, abs=1e-4)


def test_a_short_sequence_is_pooled_by_its_nearest_windows() -> None:
    held = np.array([[1.0], [2.0], [4.0]], np.float32)
    assert pooled(held).tolist() == [1, 1, 1, 2, 2, 2, 4, 4]


def test_splits_that_can_not_be_are_refused(tmp_path: Path) -> None:
    one_sided = write_source(tmp_path / "one", {"a": clip(), "b": clip()})
    with pytest.raises(FoldError, match="no kept clip is on the testing side"):
        make(one_sided)
    with pytest.raises(FoldError, match=r"3 folds want at least 3 subjects, and .* have 2"):
        make(one_sided, "subject")
    bare = write_source(tmp_path / "bare", {"a": clip(), "b": clip(subset="testing")})
    for path in (bare.units_source / "features").iterdir():
        path.unlink()
    with pytest.raises(SourceError, match="has no features; import them"):
        make(bare)
    with pytest.raises(SourceError, match=r"has no annotations\.json"):
        make(Workspace(tmp_path / "nothing"))
    with pytest.raises(SourceError, match="has no videos"):
        make_units_tables(ProjectSettings(), one_sided, Silent())


def test_an_event_labels_the_window_it_lies_in_though_windows_start_between_microseconds() -> None:
    third_s = 10 / 3
    event = {"recording_id": "long", "position": 0, "subject_id": "a", "label": "rearing"}
    found = tables.from_rows("events", [event | {"start_s": 1.0, "end_s": 9.0, "score": 1.0}])
    source = RatSeizure((RatSeizureClip("long", "training", 10.0),), found)
    rows = [
        left_out(source.clips[0], 30.0, "")
        | {"clip_id": f"c{n}", "start_s": n * third_s, "duration_s": third_s, "kept": n == 1}
        for n in range(3)
    ]
    events = marked(source, rows, {"long": "a"}, 1 / 30).events
    labels = with_labels(rows, events, {"long": "a"}).column("label").to_pylist()
    assert (events.num_rows, labels) == (1, [0, 1, 0])


def test_videos_of_an_earlier_run_go_where_clips_are_files_of_features(tmp_path: Path) -> None:
    workspace = write_source(tmp_path, {"a": clip(), "b": clip(subset="testing")})
    workspace.units_clips_folder.mkdir()
    old = workspace.units_clips_folder / f"old{SUFFIX}"
    old.write_bytes(b"a clip of videos that are taken no more")
    made = make(workspace)
    assert not old.exists()
    root = workspace.units_clips.parent
    assert all((root / path).is_file() for path in made.clips.column("path").to_pylist())
