"""What people are told: events merged by a stated rule, as CSV and as BORIS writes them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from rodepil.config.imports import AnnotationImportSettings
from rodepil.data.annotations import annotations_of
from rodepil.data.cages import Cage
from rodepil.data.marks.take import import_annotations
from rodepil.data.sources import recordings_from_files
from rodepil.detect.event_files import read_events
from rodepil.detect.localize import Localized, Told, VideoFacts, write_localized
from rodepil.detect.localize.boris import boris_text
from rodepil.errors import SettingError, TableError
from rodepil.io import tables

LABELS = ("staring", "rearing", "wild running")


def event(start_s: float, end_s: float, score: float, **more: object) -> dict[str, object]:
    base = {"recording_id": "v", "position": 0, "subject_id": "a", "label": "rearing"}
    return {**base, "start_s": start_s, "end_s": end_s, "score": score, **more}


def table(*rows: dict[str, object]) -> pa.Table:
    return tables.from_rows("events", rows)


def by_milliseconds(rows: list[dict[str, object]], least: float) -> list[tuple[float, float]]:
    """Paint sure events of one unit on a line of milliseconds and read the painted stretches."""
    line = np.zeros(20_002, dtype=bool)
    for row in rows:
        if float(str(row["score"])) >= least:
            start, end = (round(1000 * float(str(row[name]))) for name in ("start_s", "end_s"))
            line[start : end + 1] = True  # the end's own tick: what touches is one
    edges = np.flatnonzero(np.diff(line.astype(int), prepend=0, append=0))
    return [(a / 1000, (b - 1) / 1000) for a, b in edges.reshape(-1, 2).tolist()]


@pytest.mark.parametrize("seed", range(20))
def test_events_that_overlap_or_touch_are_one(seed: int) -> None:
    generator = np.random.default_rng(seed)
    rows = []
    for _ in range(30):
        start = float(generator.integers(0, 18_000)) / 1000
        length = float(generator.integers(2, 900)) / 1000
        rows.append(event(start, start + length, float(generator.uniform())))
    told = Told(0.4).of(table(*rows)).to_pylist()
    assert [(row["start_s"], row["end_s"]) for row in told] == by_milliseconds(rows, 0.4)
    for row in told:
        inside = [
            float(str(one["score"]))
            for one in rows
            if float(str(one["score"])) >= 0.4
            and row["start_s"] <= float(str(one["start_s"])) <= row["end_s"]
        ]
        assert row["score"] == max(inside)
        assert row["merged"] == len(inside)


def test_units_cages_and_videos_are_not_merged_with_each_other() -> None:
    rows = [
        event(0, 4, 0.9),
        event(1, 5, 0.8, label="staring"),
        event(1, 5, 0.7, position=1, subject_id="b"),
        event(1, 5, 0.6, recording_id="w"),
    ]
    assert Told(0.5).of(table(*rows)).num_rows == 4
    only = Told(0.5, ("staring",)).of(table(*rows)).to_pylist()
    assert [row["label"] for row in only] == ["staring"]


def test_an_event_shorter_than_a_millisecond_is_told_as_one() -> None:
    (row,) = Told(0).of(table(event(1.0001, 1.0002, 0.5))).to_pylist()
    assert (row["start_s"], row["end_s"]) == (1.0, 1.001)


@pytest.mark.parametrize("score", [-0.1, 1.5])
def test_a_least_score_is_a_share(score: float) -> None:
    with pytest.raises(SettingError, match=r"give one in \[0, 1\]"):
        Told(score)


def localized(video: Path, cages: tuple[Cage, ...], *rows: dict[str, object]) -> Localized:
    facts = VideoFacts(video.stem, str(video.resolve()), "0" * 64, 25.0, 250, 10.0, cages)
    events = table(*rows)
    about = {"learned_from_data": "noise", "labels": list(LABELS), "min_score": 0.3}
    return Localized(events, Told(0.3).of(events), (facts,), (), about)


def source(folder: Path, video: Path, subjects: tuple[str, ...]) -> Path:
    """A project's tables of the video, with a cage for each subject."""
    folder.mkdir()
    recordings = recordings_from_files([video], folder).recordings
    (row,) = recordings.to_pylist()
    cages = [
        {"recording_id": row["recording_id"], "position": place, "subject_id": name}
        | {"x_px": 64 * place, "y_px": 0, "width_px": 64, "height_px": 64}
        for place, name in enumerate(subjects)
    ]
    tables.write("recordings", recordings, folder / "recordings.parquet")
    tables.write("cages", tables.from_rows("cages", cages), folder / "cages.parquet")
    return folder


@pytest.mark.parametrize(
    ("subjects", "named"),
    [(("70-1",), False), (("70-1",), True), (("70-1", "70-2"), True), (("70-1", "70-2"), False)],
)
def test_the_reader_of_borises_exports_reads_back_what_is_told(
    tmp_path: Path, make_film: Callable[..., Path], subjects: tuple[str, ...], *, named: bool
) -> None:
    video = make_film("v.mp4", 250, wide=2)
    names = subjects if named else tuple(f"cage-{place}" for place in range(len(subjects)))
    cages = tuple(Cage("v", place, name, 64 * place, 0, 64, 64) for place, name in enumerate(names))
    last = len(subjects) - 1
    rows = [
        event(1.25, 3.5, 0.9, subject_id=names[0]),
        event(3.0, 4.75, 0.8, subject_id=names[0]),  # one with the first
        event(3.5, 6.0, 0.7, label="staring", subject_id=names[0]),
        event(4.751, 5.5, 0.1, subject_id=names[0]),  # not sure
        event(8.0, 10.0, 0.95, label="wild running", position=last, subject_id=names[last]),
    ]
    write_localized(localized(video, cages, *rows), tmp_path / "out", named=named)
    folder = source(tmp_path / "source", video, subjects)
    done = import_annotations(
        [tmp_path / "out" / "boris.tsv"], folder, AnnotationImportSettings(), form="boris"
    )
    assert done.refused == ()
    read = annotations_of(tables.read("annotations", folder / "annotations.parquet"))
    assert sorted((row.position, row.start_s, row.end_s, row.label) for row in read) == sorted(
        [
            (0, 1.25, 4.75, "rearing"),
            (0, 3.5, 6.0, "staring"),
            (last, 8.0, 10.0, "wild running"),
        ]
    )


def test_the_csv_holds_what_is_told_and_parquet_all(tmp_path: Path) -> None:
    cages = (Cage("v", 0, "a", 0, 0, 64, 64),)
    rows = [event(1, 2, 0.9), event(1.5, 2.5, 0.4), event(3, 4, 0.1, label="staring")]
    write_localized(localized(tmp_path / "v.mp4", cages, *rows), tmp_path / "out")
    with (tmp_path / "out" / "events.csv").open(encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    names = ("label", "start_s", "end_s", "score", "merged")
    assert [tuple(line[name] for name in names) for line in lines] == [
        ("rearing", "1.0", "2.5", "0.9", "2")
    ]
    assert tables.read("events", tmp_path / "out" / "events.parquet").num_rows == 3
    read = read_events(tmp_path / "out" / "events.csv").events.to_pylist()
    assert [(row["start_s"], row["end_s"]) for row in read] == [(1.0, 2.5)]


def test_a_file_that_cant_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "out" / "events.csv").mkdir(parents=True)
    with pytest.raises(TableError, match=r"events\.csv can't be written"):
        write_localized(
            localized(tmp_path / "v.mp4", (Cage("v", 0, "a", 0, 0, 64, 64),)), tmp_path / "out"
        )


def test_animals_without_names_are_called_by_their_cage_or_nobody() -> None:
    alone = (Cage("v", 3, "unknown", 0, 0, 64, 64),)
    pair = (*alone, Cage("v", 4, "70-2", 64, 0, 64, 64))
    row = event(1, 2, 0.9, position=3, subject_id="unknown")
    for cages, name in ((alone, "No focal subject"), (pair, "cage-3")):
        found = localized(Path("v.mp4"), cages, row)
        text = boris_text(found.told, found.videos, named=True, about="")
        (start, _) = csv.DictReader(text.splitlines(), delimiter="\t")
        assert (start["Subject"], start["Behavior type"]) == (name, "START")
