"""A summary counts what pandas counts, and what can be counted by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.overview import Dataset, activity_of, read_dataset, summarize
from rodepil.errors import SourceError
from rodepil.io import tables
from tests.data.summary_rows import SUBJECTS, cage, dataset, drawn, recording, seizure, window


@pytest.fixture
def lab(tmp_path: Path) -> Dataset:
    """Six recordings on three days, two cameras, three animals, a manifest drawn at random."""
    generator = np.random.default_rng(5)
    recordings = [recording(number, camera=f"cam {number % 2}") for number in range(6)]
    cages = [
        cage(row, position, subject)
        for row in recordings
        for position, subject in enumerate(SUBJECTS)
        if generator.random() < 0.8
    ]
    by_id = {row["recording_id"]: row for row in recordings}
    clips = [
        drawn(generator, by_id[place["recording_id"]], place, number)
        for place in cages
        for number in range(30)
    ]
    annotations = [
        seizure(by_id[place["recording_id"]], place["position"], 100.0 * k + 5, 100.0 * k + end)
        for place in cages
        for k, end in enumerate(generator.uniform(10, 90, generator.integers(0, 4)))
    ]
    return dataset(tmp_path, recordings, cages, annotations, clips)


def frame(table: Any) -> pd.DataFrame:
    return table.to_pandas()


def test_recordings_are_counted_by_camera_and_date_as_pandas_counts(lab: Dataset) -> None:
    summary = summarize(lab, 0.5)
    watched = frame(lab.cages).merge(frame(lab.recordings), on="recording_id")
    assert summary.whole is not None
    assert summary.whole.hours == pytest.approx(frame(lab.recordings)["duration_s"].sum() / 3600)
    assert summary.whole.hours_watched == pytest.approx(watched["duration_s"].sum() / 3600)
    for column, groups in (("camera", summary.cameras), ("date", summary.dates)):
        wanted = watched.groupby(column, sort=False).agg(
            recordings=("recording_id", "nunique"),
            cages=("position", "size"),
            subjects=("subject_id", "nunique"),
            seconds=("duration_s", "sum"),
        )
        assert [one.name for one in groups] == list(wanted.index)
        for one in groups:
            row = wanted.loc[one.name]
            assert (one.recordings, one.cages, one.subjects) == tuple(row.iloc[:3])
            assert one.hours_watched == pytest.approx(row["seconds"] / 3600)
    assert [(one.name, one.recordings) for one in summary.months] == [("Feb-2019", 6)]


def test_clips_and_seizures_of_a_subject_are_counted_as_pandas_counts(lab: Dataset) -> None:
    summary = summarize(lab, 0.5)
    assert [one.subject_id for one in summary.subjects] == ["70-2", "70-10", "71-1"]
    clips = frame(lab.clips)
    marks = frame(lab.annotations).merge(frame(lab.cages), on=["recording_id", "position"])
    lasted = (marks["end_s"] - marks["start_s"]).groupby(marks["subject_id"])
    for one in summary.subjects:
        own = clips[clips["subject_id"] == one.subject_id]
        kept = own[own["kept"]]
        assert one.negatives == (kept["label"] == 0).sum()
        assert one.positives == (kept["label"] == 1).sum()
        assert one.dropped == len(own) - len(kept)
        assert one.seizures == lasted.size()[one.subject_id]
        assert one.seizure_s == pytest.approx(lasted.sum()[one.subject_id])
        assert one.median_s == pytest.approx(lasted.median()[one.subject_id])
    assert summary.windows == len(clips)
    assert summary.clips is not None
    assert summary.clips.negatives + summary.clips.positives == clips["kept"].sum()
    assert (summary.clips.durations_s, summary.clips.fps) == ((10.0,), ("30",))
    assert summary.clips.sizes_px == ((224, 224),)


def test_dropped_windows_are_counted_by_reason_most_first(lab: Dataset) -> None:
    wanted = frame(lab.clips)["drop_reason"].value_counts()
    found = summarize(lab, 0.5).dropped
    assert {one.reason: one.windows for one in found} == wanted.to_dict()
    assert [one.windows for one in found] == sorted(wanted, reverse=True)
    assert sum(one.hours for one in found) == pytest.approx(wanted.sum() * 10 / 3600)


def test_marks_of_one_seizure_count_once_across_annotators_and_files(tmp_path: Path) -> None:
    first = recording(0, session_id="S", session_start_s=0.0, duration_s=600.0)
    second = recording(1, session_id="S", session_start_s=600.0, duration_s=600.0)
    marks = [
        seizure(first, 0, 10, 40, annotator="a", agreement=0.4),
        seizure(first, 0, 15, 50, annotator="b", agreement=0.8),
        seizure(first, 0, 590, 600),  # goes on in the next file
        seizure(second, 0, 0, 20),
        seizure(second, 0, 100, 110, agreement=0.2),
        seizure(second, 0, 100, 104, label="rearing"),
    ]
    cages = [cage(row, 0, "70-3") for row in (first, second)]
    summary = summarize(dataset(tmp_path, [first, second], cages, marks), 0.5)
    (one,) = summary.subjects
    # 15 to 50 (from 10 it is disputed), 590 to 620 of the session, and 100 to 110 of its second.
    assert (one.seizures, one.agreed) == (3, 2)
    assert (one.seizure_s, one.median_s) == (75, 30)
    assert summary.labels == {"rearing": 1, "seizure": 5}
    assert summary.whole is not None
    assert (summary.whole.recordings, summary.whole.sessions) == (2, 1)


def test_what_is_disputed_bridges_no_two_seizures_that_are_agreed_upon(tmp_path: Path) -> None:
    row = recording(0)
    marks = [
        seizure(row, 0, 10, 20),
        seizure(row, 0, 20, 30, agreement=0.0),
        seizure(row, 0, 30, 40),
        seizure(row, 0, 200, 210, agreement=0.3),
        seizure(row, 0, 208, 220, agreement=0.1),
    ]
    (one,) = summarize(dataset(tmp_path, [row], [cage(row, 0, "70-3")], marks), 0.5).subjects
    assert (one.seizures, one.agreed, one.seizure_s) == (3, 2, 40)


def test_what_is_missing_is_named_with_its_remedy(tmp_path: Path) -> None:
    rows = [recording(0), recording(1, damaged_packets=3), recording(2)]
    for row in rows[:2]:
        (tmp_path / row["path"]).touch()
    cages = [cage(row, 0, "70-3") for row in rows[:2]]
    clips = [window(rows[0], cages[0], number) for number in range(3)]
    (tmp_path / "clips").mkdir()
    (tmp_path / clips[0]["path"]).touch()
    faults = summarize(dataset(tmp_path, rows, cages, (), clips), 0.5).faults
    found = {(fault.item, fault.found.split(";")[0].split(":")[0]) for fault in faults}
    assert found == {
        (rows[1]["recording_id"], "3 damaged packets"),
        (rows[1]["recording_id"], "not curated"),
        (rows[2]["recording_id"], "no video at V2.mp4"),
        (rows[2]["recording_id"], "no cage"),
        (rows[2]["recording_id"], "not curated"),
        ("clips", "2 of 3 clips of the manifest are not on disk"),
    }
    assert all(fault.remedy for fault in faults)


def test_annotations_and_cages_of_what_is_not_there_are_named(tmp_path: Path) -> None:
    here, gone, other = recording(0), recording(1), recording(2)
    (tmp_path / here["path"]).touch()
    cages = [cage(here, 0, "70-2"), cage(here, 1, "70-10"), cage(other, 0, "71-1")]
    marks = [seizure(here, 0, 1, 9), seizure(here, 5, 1, 9), *[seizure(gone, 0, 1, 9)] * 2]
    summary = summarize(dataset(tmp_path, [here], cages, marks), 0.5)
    assert {(fault.item, fault.found) for fault in summary.faults} == {
        (here["recording_id"], "1 annotation at position 5, which has no cage"),
        (gone["recording_id"], "2 annotations of it, but it is not among the recordings"),
        (other["recording_id"], "has cages, but is not among the recordings"),
    }
    assert all(fault.remedy for fault in summary.faults)
    assert summary.unmarked == (f"{here['recording_id']} 1", f"{other['recording_id']} 0")


def test_what_curation_could_not_take_is_named(lab: Dataset, tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    assert lab.recordings is not None
    tables.write("recordings", lab.recordings, space.raw / "recordings.parquet")
    failed = {"item": "videos/V0.mp4", "error": "VideoError", "message": "V0: no frame decodes"}
    table = tables.from_rows("failures", [failed])
    tables.write("failures", table, space.clips_folder / "failures.parquet")
    faults = summarize(read_dataset(ProjectSettings(), space), 0.5).faults
    found = {fault.item: fault.found for fault in faults}
    assert found["videos/V0.mp4"] == "curation failed: V0: no frame decodes"


def test_the_short_last_file_of_a_session_needs_no_window(tmp_path: Path) -> None:
    rows = [
        recording(0, session_id="S", session_start_s=0.0),
        recording(1, session_id="S", session_start_s=600.0, duration_s=7.0),
        recording(2, duration_s=19.0),
    ]
    cages = [cage(row, 0, "70-3") for row in rows]
    clips = [window(rows[0], cages[0], number) for number in range(3)]
    faults = summarize(dataset(tmp_path, rows, cages, (), clips), 0.5).faults
    assert [one.item for one in faults if "not curated" in one.found] == [rows[2]["recording_id"]]


def test_folds_of_other_clips_are_a_fault_and_no_end(lab: Dataset) -> None:
    folds = tables.from_rows("folds", [{"clip_id": "gone", "subject_id": "70-2", "fold": 0}])
    summary = summarize(replace(lab, folds=folds), 0.5)
    assert summary.folds == ()
    assert "stale" in next(fault.found for fault in summary.faults if fault.item == "folds")


def test_folds_are_counted_as_pandas_counts(lab: Dataset) -> None:
    kept = frame(lab.clips).query("kept")
    kept["fold"] = (kept["subject_id"] == "71-1").astype(int)
    rows = kept[["clip_id", "subject_id", "fold"]].to_dict("records")
    summary = summarize(replace(lab, folds=tables.from_rows("folds", rows)), 0.5)
    wanted = kept.groupby("fold")["label"].agg(["size", "sum"])
    found = [(one.negatives + one.positives, one.positives) for one in summary.folds]
    assert found == [tuple(row) for row in wanted.to_numpy()]


def test_recordings_alone_and_a_manifest_alone_are_enough(lab: Dataset) -> None:
    alone = summarize(Dataset("d", lab.folder, lab.folder, recordings=lab.recordings), 0.5)
    assert alone.whole is not None
    assert (alone.whole.recordings, alone.subjects, alone.windows) == (6, (), None)
    manifest = Dataset("d", lab.folder, lab.folder, clips=lab.clips)
    counted = summarize(manifest, 0.5)
    assert counted.whole is None
    assert sum(one.positives + one.negatives for one in counted.subjects) > 0
    assert activity_of(manifest) is None


def test_activity_by_the_clock_is_the_mean_that_pandas_takes(tmp_path: Path) -> None:
    generator = np.random.default_rng(8)
    # Over midnight, on two days; the second file's clock follows from its session's first.
    rows = [
        recording(0, duration_s=7200.0, starts_at="2019-02-01T22:40:00"),
        recording(2, duration_s=7200.0, starts_at="2019-02-02T23:00:00", session_id="S"),
        recording(3, duration_s=7200.0, session_id="S", session_start_s=7200.0),
        recording(4),  # knows no clock
    ]
    cages = [cage(row, 0, subject) for row, subject in zip(rows, "abab", strict=True)]
    clips = [
        drawn(generator, row, place, number)
        for row, place in zip(rows, cages, strict=True)
        for number in range(0, 720, 5)
    ]
    marks = [seizure(rows[2], 0, 3590, 3610), seizure(rows[0], 0, 4790, 4830)]
    activity = activity_of(dataset(tmp_path, rows, cages, marks, clips))
    assert activity is not None
    assert (activity.by_clock, activity.bin_s, activity.motion.shape) == (True, 3600.0, (2, 24))
    assert (activity.left_out, activity.turns) == (1, 3)

    begins = {
        rows[0]["recording_id"]: "2019-02-01T22:40:00",
        rows[1]["recording_id"]: "2019-02-02T23:00:00",
        rows[2]["recording_id"]: "2019-02-03T01:00:00",
    }
    told = pd.DataFrame(clips).dropna(subset="motion")
    told = told[told["recording_id"].isin(begins)].copy()
    at = pd.to_datetime(told["recording_id"].map(begins)) + pd.to_timedelta(told["start_s"], "s")
    told["hour"] = at.dt.hour
    means = told.pivot_table(values="motion", index="subject_id", columns="hour")
    wanted = means.reindex(columns=range(24)).to_numpy()
    np.testing.assert_allclose(activity.motion, wanted)
    assert activity.windows == len(told)
    # 01:59:50 on the third day, and 23:59:50 on the first, drawn up to midnight.
    spans = {(mark.subject, mark.start_s, mark.end_s, mark.turn) for mark in activity.marks}
    assert spans == {(0, 7190.0, 7210.0, 2), (0, 86_390.0, 86_400.0, 0)}


def test_without_a_clock_activity_runs_from_the_start_of_the_session(tmp_path: Path) -> None:
    rows = [
        recording(0, duration_s=180.03, session_id="S", session_start_s=0.0),
        recording(1, duration_s=180.03, session_id="S", session_start_s=180.03),
    ]
    cages = [cage(row, 0, "70-3") for row in rows]
    clips = [
        # As curation cuts them: on the grid of the session, in the time of the file.
        window(row, place, number, motion=0.001 * number + 0.1 * half)
        | {"start_s": 180.0 * half + 10.0 * number - (row["session_start_s"] if half else 0.0)}
        for half, (row, place) in enumerate(zip(rows, cages, strict=True))
        for number in range(18)
    ]
    clips.append(window(rows[1], cages[1], 19, kept=False, drop_reason="gap"))
    marks = [seizure(rows[1], 0, 19.97, 50)]
    activity = activity_of(dataset(tmp_path, rows, cages, marks, clips))
    assert activity is not None
    assert (activity.by_clock, activity.bin_s, activity.turns) == (False, 10.0, 1)
    steps = 0.001 * np.arange(18)
    np.testing.assert_allclose(activity.motion, [np.concatenate([steps, steps + 0.1])])
    assert [mark.start_s for mark in activity.marks] == [pytest.approx(200.0)]
    assert [mark.end_s for mark in activity.marks] == [pytest.approx(230.03)]
    assert activity.length_s == pytest.approx(360.06)
    assert (activity.windows, activity.unmeasured) == (36, 1)


def write(folder: Path, lab: Dataset) -> None:
    for name in ("recordings", "cages", "annotations"):
        tables.write(name, getattr(lab, name), folder / f"{name}.parquet")


def test_the_pipelines_data_is_read_first_and_what_was_imported_on_demand(
    tmp_path: Path, lab: Dataset
) -> None:
    workspace, settings = Workspace(tmp_path / "project"), ProjectSettings()
    with pytest.raises(SourceError, match="rodepil import recordings"):
        read_dataset(settings, workspace)
    write(workspace.root / settings.data.folder, lab)
    assert read_dataset(settings, workspace).data == "recordings in imported"
    write(workspace.raw, replace(lab, recordings=lab.recordings.slice(0, 2)))  # type: ignore[union-attr]
    made = read_dataset(settings, workspace)
    assert made.data == "simulated recordings"
    assert made.recordings is not None
    assert made.recordings.num_rows == 2
    imported = read_dataset(settings, workspace, source=True)
    assert imported.recordings is not None
    assert imported.recordings.num_rows == 6


def test_a_seizure_is_drawn_to_the_recordings_end_and_no_further(tmp_path: Path) -> None:
    row = recording(0, duration_s=100.02)
    place = cage(row, 0, "70-3")
    clips = [window(row, place, number, motion=0.01) for number in range(10)]
    marks = [seizure(row, 0, 90, 100.05)]  # a frame past it
    activity = activity_of(dataset(tmp_path, [row], [place], marks, clips))
    assert activity is not None
    assert [(mark.start_s, mark.end_s) for mark in activity.marks] == [(90.0, 100.02)]
    assert activity.length_s == 100.02
