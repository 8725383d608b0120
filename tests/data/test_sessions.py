"""Files that a camera cut one recording into are curated as if it had never been cut."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from rodepil.config.imports import RecordingImportSettings
from rodepil.config.settings import CurateSettings
from rodepil.data.curate import CurateSummary, curate
from rodepil.data.lab.importing import import_recordings
from rodepil.io import tables
from tests.data.conftest import CAGES, Lab, cage_row, film, numbered, read_numbers, seizure, steady
from tests.data.lab.test_register import Counted

IDS = ("Feb-1-2019_A", "Feb-1-2019_B", "Feb-1-2019_C")


def cut_film(lab: Lab, counts: Sequence[int], rate: Fraction, *, lost_s: float = 0.0) -> None:
    """Film one recording in files of `counts` frames; `lost_s` pass between two of them."""
    first, begin_s = 0, {}
    for recording_id, count in zip(IDS, counts, strict=False):
        begin_s[recording_id] = float(first / rate) + lost_s * len(begin_s)
        film(
            lab.raw / f"{recording_id}.mp4",
            steady(rate, float(count / rate)),
            rate=rate,
            draw=lambda number, first=first: numbered(first + number),  # type: ignore[misc]  # a default binds the loop's value
        )
        first += count
    lab.fill()
    rows = tables.read("recordings", lab.raw / "recordings.parquet").to_pylist()
    for row in rows:
        row |= {"session_id": IDS[0], "session_start_s": begin_s[row["recording_id"]]}
    made = tables.from_rows("recordings", rows)
    tables.write("recordings", made, lab.raw / "recordings.parquet")


def run(lab: Lab, settings: CurateSettings) -> CurateSummary:
    return curate(lab.raw, settings, lab.clips_folder, lab.clips_table, processes=1)


def shown(lab: Lab, summary: CurateSummary) -> dict[tuple[int, int], list[int]]:
    """Return the numbers that each kept clip shows, by window of the session and cage."""
    begins = {
        row["recording_id"]: row["session_start_s"]
        for row in tables.read("recordings", lab.raw / "recordings.parquet").to_pylist()
    }
    found = {}
    for row in summary.clips.to_pylist():
        if row["kept"]:
            read = read_numbers(lab.clips_table.parent / row["path"])
            assert {cage for _, cage in read} == {row["position"]}
            window = round((row["start_s"] + begins[row["recording_id"]]) / 2)
            found[window, row["position"]] = [number for number, _ in read]
    return found


@pytest.mark.parametrize("rate", [Fraction(30), Fraction(25), Fraction(30_000, 1001)], ids=str)
def test_a_cut_recording_gives_the_frames_of_the_whole_one(
    tmp_path: Path, small: CurateSettings, rate: Fraction
):
    whole, parted = Lab(tmp_path / "whole"), Lab(tmp_path / "parted")
    for lab in (whole, parted):
        lab.raw.mkdir(parents=True)
    counts = (95, 10, 110)  # a window that begins in the first ends in the third
    cut_film(whole, [sum(counts)], rate)
    cut_film(parted, counts, rate)
    expected = shown(whole, run(whole, small))
    assert len(expected) == CAGES * int(sum(counts) / rate // 2)
    assert shown(parted, run(parted, small)) == expected


def test_a_window_belongs_to_the_file_in_which_it_begins(lab: Lab, small: CurateSettings):
    cut_film(lab, (90, 90), Fraction(30))
    rows = [row for row in run(lab, small).clips.to_pylist() if row["position"] == 0]
    places = [
        (row["recording_id"], row["start_s"], row["start_frame"], row["end_frame"]) for row in rows
    ]
    assert places == [(IDS[0], 0.0, 0, 60), (IDS[0], 2.0, 60, 120), (IDS[1], 1.0, 30, 90)]


def test_a_seizure_in_the_next_file_labels_the_window_that_reaches_it(
    lab: Lab, small: CurateSettings
):
    cut_film(lab, (90, 90), Fraction(30))
    lab.annotate([seizure(IDS[1], 1, 0.0, 0.75)])
    labels = {
        (row["recording_id"], row["start_s"]): (row["label"], row["overlap_s"])
        for row in run(lab, small).clips.to_pylist()
        if row["position"] == 1
    }
    assert labels == {(IDS[0], 0.0): (0, 0), (IDS[0], 2.0): (1, 0.75), (IDS[1], 1.0): (0, 0)}


def test_lost_time_within_the_limit_is_shown_as_the_nearest_frame(lab: Lab, small: CurateSettings):
    cut_film(lab, (90, 90), Fraction(30), lost_s=0.5)
    found = shown(lab, run(lab, small))
    # Window 1 shows 2 to 4 s: frames 60 to 89, the last at 89/30 s; the next file's first is at
    # 105/30 s, so that up to their middle, output 97, the earlier one is shown.
    middle = [89] * 8 + [90] * 7
    assert found[1, 0] == [*range(60, 90), *middle, *range(90, 105)]


def test_lost_time_beyond_the_limit_ends_the_stretch(lab: Lab, small: CurateSettings):
    cut_film(lab, (90, 90), Fraction(30), lost_s=1.5)
    rows = [row for row in run(lab, small).clips.to_pylist() if row["position"] == 0]
    # The second file begins at 4.5 s of the session; its first whole window at 6 s. What was
    # to be seen from 3 s on is lost, and with it the rest of window 1.
    assert [(row["recording_id"], row["start_s"], row["drop_reason"]) for row in rows] == [
        (IDS[0], 0.0, None),
        (IDS[0], 2.0, "gap"),
    ]
    assert [(row["start_frame"], row["end_frame"]) for row in rows] == [(0, 60), (60, 90)]


def test_only_the_end_of_a_session_is_shown_on(lab: Lab, small: CurateSettings):
    cut_film(lab, (117, 116), Fraction(30), lost_s=1.5)
    rows = [row for row in run(lab, small).clips.to_pylist() if row["position"] == 0]
    # The first file lacks 0.1 s of window 1, but the session goes on at 5.4 s, to 9.27 s.
    assert [(row["recording_id"], row["start_s"], row["kept"]) for row in rows] == [
        (IDS[0], 0.0, True),
        (IDS[0], 2.0, False),
        (IDS[1], pytest.approx(0.6), True),
    ]


def test_the_end_of_a_session_is_shown_on_in_the_window_of_two_files(
    lab: Lab, small: CurateSettings
):
    cut_film(lab, (90, 28), Fraction(30))
    found = shown(lab, run(lab, small))
    assert sorted(found) == [(window, cage) for window in (0, 1) for cage in range(CAGES)]
    assert found[1, 0] == [*range(60, 118), 117, 117]


def test_other_boxes_in_the_next_file_end_the_stretch(lab: Lab, small: CurateSettings):
    cut_film(lab, (90, 90), Fraction(30))
    path = lab.raw / "cages.parquet"
    rows = tables.read("cages", path).to_pylist()
    for row in rows:
        if row["recording_id"] == IDS[1]:
            row["subject_id"] = f"{row['subject_id']}x"
    tables.write("cages", tables.from_rows("cages", rows), path)
    rows = run(lab, small).clips.to_pylist()
    found = {(row["recording_id"], row["start_s"], row["drop_reason"]) for row in rows}
    assert found == {(IDS[0], 0.0, None), (IDS[0], 2.0, "gap"), (IDS[1], 1.0, None)}


def test_an_id_depends_on_both_files_where_a_window_lies_in_both(
    tmp_path: Path, small: CurateSettings
):
    ids = []
    for name, counts in (("one", (90, 90)), ("two", (90, 91))):
        lab = Lab(tmp_path / name)
        lab.raw.mkdir(parents=True)
        cut_film(lab, counts, Fraction(30))
        rows = [row for row in run(lab, small).clips.to_pylist() if row["position"] == 0]
        ids.append([row["clip_id"] for row in rows])
    assert [one == two for one, two in zip(*ids, strict=True)] == [True, False, False]


@pytest.mark.parametrize("rate", [Fraction(30), Fraction(25)], ids=str)
def test_every_window_of_a_session_stands_once_behind_a_hole_at_a_border(
    lab: Lab, small: CurateSettings, rate: Fraction
):
    film(lab.raw / f"{IDS[0]}.mp4", steady(rate, 3.0), rate=rate)
    # The first frame of the second file, and 6 s later the others.
    late = [Fraction(0), *(6 + time_s for time_s in steady(rate, 3.2))]
    film(lab.raw / f"{IDS[1]}.mp4", late, rate=rate)
    film(lab.raw / f"{IDS[2]}.mp4", steady(rate, 2.0), rate=rate)
    lab.fill()
    rows = tables.read("recordings", lab.raw / "recordings.parquet").to_pylist()
    begins = dict(zip(IDS, (0.0, 3.0, 3.0 + rows[1]["duration_s"]), strict=True))
    for row in rows:
        row |= {"session_id": IDS[0], "session_start_s": begins[row["recording_id"]]}
    tables.write("recordings", tables.from_rows("recordings", rows), lab.raw / "recordings.parquet")
    found = [
        (round((row["start_s"] + begins[row["recording_id"]]) / 2), row["drop_reason"])
        for row in run(lab, small).clips.to_pylist()
        if row["position"] == 0
    ]
    # The session lasts 3 + 9.2 + 2 = 14.2 s; from 3 to 9 s there is nothing to see.
    assert found == [(0, None), *((window, "gap") for window in (1, 2, 3, 4)), (5, None), (6, None)]


def test_files_that_overlap_count_no_window_twice(lab: Lab, small: CurateSettings):
    cut_film(lab, (190, 90), Fraction(30), lost_s=-3.0)  # to 6.33 s, and from 3.33 s on
    rows = [row for row in run(lab, small).clips.to_pylist() if row["position"] == 0]
    # The window from 4 s on lies in both; it is the one's that begins last.
    assert [(row["recording_id"], row["start_s"]) for row in rows] == [
        (IDS[0], 0.0),
        (IDS[0], 2.0),
        (IDS[1], pytest.approx(2 / 3)),
    ]


def test_a_hole_between_imported_files_stands_in_no_clip(tmp_path: Path, small: CurateSettings):
    lab = Lab(tmp_path)
    lab.raw.mkdir()
    (tmp_path / "cam").mkdir()
    for number, second in enumerate((0, 5)):  # 3 s each, then 2 s are lost
        film(
            tmp_path / "cam" / f"20190201_18000{second}.mp4",
            steady(Fraction(30), 3.0),
            draw=lambda frame, number=number: numbered(frame + 90 * number),  # type: ignore[misc]  # a default binds the loop's value
        )
    settings = RecordingImportSettings(clock="name", sessions="clock")
    import_recordings([tmp_path / "cam"], lab.raw, settings, processes=1)
    rows = tables.read("recordings", lab.raw / "recordings.parquet").to_pylist()
    cages = [cage_row(row["recording_id"], 0) for row in rows]
    tables.write("cages", tables.from_rows("cages", cages), lab.raw / "cages.parquet")
    lab.annotate([])
    assert len({row["session_id"] for row in rows}) == 1
    clips = run(lab, small).clips.to_pylist()
    assert [(row["start_s"], row["drop_reason"]) for row in clips] == [
        (0.0, None),
        (2.0, "gap"),
        (1.0, None),  # from 6 s of the session on
    ]


def test_the_hours_of_a_curation_that_goes_on_are_those_that_are_left(
    lab: Lab, small: CurateSettings
):
    cut_film(lab, (90, 90), Fraction(30))
    run(lab, small)
    parts = lab.clips_folder / ".parts"
    (first,) = parts.glob(f"{IDS[0]}*.parquet")
    first.unlink()
    # 2 of 3 s are noted; all of the second file is done.
    first.with_suffix(".jsonl").write_text(json.dumps({"window": 0, "rows": []}) + "\n")
    told = Counted()
    curate(lab.raw, small, lab.clips_folder, lab.clips_table, processes=1, progress=told)
    assert told.totals == [pytest.approx(1 / 3600)]
    assert sum(told.done) == pytest.approx(1 / 3600)
