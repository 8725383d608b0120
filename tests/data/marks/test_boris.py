"""BORIS's exports of both generations, as BORIS writes them."""

from __future__ import annotations

import pytest

from rodepil.errors import AnnotationError
from tests.data.marks.conftest import Bench

A, B, C = "/home/anna/Ratten-Käfig A.mp4", "/home/anna/Ratten-Käfig B.mp4", "D:/v/C.mkv"

TABULAR_9 = (
    "Observation id", "Observation date", "Description", "Observation duration",
    "Observation type", "Source", "Time offset (s)", "Media duration (s)", "FPS", "Subject",
    "Behavior", "Behavioral category", "Modifier #1", "Behavior type", "Time", "Media file name",
    "Image index", "Image file path", "Comment",
)  # fmt: skip
AGGREGATED_9 = (
    "Observation id", "Observation date", "Description", "Observation type", "Source",
    "Time offset (s)", "Coding duration", "Media duration (s)", "FPS (frame/s)", "Subject",
    "Observation duration by subject by observation", "Behavior", "Behavioral category",
    "Behavior type", "Start (s)", "Stop (s)", "Duration (s)", "Media file name",
    "Image index start", "Image index stop", "Image file path start", "Image file path stop",
    "Comment start", "Comment stop",
)  # fmt: skip
AGGREGATED_7 = (
    "Observation id", "Observation date", "Description", "Media file", "Total length", "FPS",
    "Subject", "Behavior", "Behavioral category", "Modifiers", "Behavior type", "Start (s)",
    "Stop (s)", "Duration (s)", "Comment start", "Comment stop",
)  # fmt: skip


def tabular_9(*events: tuple[str, str, str, str, float], offset: str = "0.0", source: str = ""):
    """Rows of subject, behaviour, modifier, type and time over the two files of one session."""
    source = source or f"player #1:{A};{B}"
    rows = [TABULAR_9]
    for subject, behavior, modifier, kind, time in events:
        media = A if time < 600 else B
        rows.append(
            (
                "obs 1", "2026-04-01 10:00:00", "", "1200.000", "Media file(s)", source, offset,
                "600.000;600.000", "25.000;25.000", subject, behavior, "", modifier, kind,
                f"{time:.3f}", media, "0", "NA", "",
            )
        )  # fmt: skip
    return rows


def tabular_7(*events: tuple[float, str, str, str], media: str = C, offset: str = "0"):
    """The older form: words about the observation, then Time first and Status last."""
    head = [
        ("Observation id", "obs ü"), (), ("Media file(s)",), ("Player #1", media), (),
        ("Observation date", "2017-05-01 10:00:00"), (), ("Description", ""), (),
        ("Time offset (s)", offset), (), ("independent variables",), ("variable", "value"), (),
        (
            "Time", "Media file path", "Total length", "FPS", "Subject", "Behavior",
            "Behavioral category", "Comment", "Status",
        ),
    ]  # fmt: skip
    body = [
        (f"{time}", media, "7200.000", "25.0", subject, behavior, "", "", status)
        for time, subject, behavior, status in events
    ]
    return [*head, *body]


def text(rows: list[tuple[str, ...]], delimiter: str = "\t") -> str:
    width = max(len(row) for row in rows)
    return "\r\n".join(delimiter.join([*row, *[""] * (width - len(row))]) for row in rows)


def test_tabular_events_run_on_over_the_media_files(bench: Bench):
    rows = tabular_9(
        ("70-1", "seizure", "", "START", 570.0),
        ("70-2", "wild running", "fast", "START", 580.0),
        ("70-2", "wild running", "fast", "STOP", 590.0),
        ("70-1", "seizure", "", "STOP", 615.0),
        ("70-2", "seizure", "", "START", 700.5),
        ("70-2", "seizure", "", "STOP", 720.25),
    )
    done = bench.take(bench.write("obs_1.tsv", text(rows)))
    assert done.refused == ()
    assert sorted(bench.marks()) == [
        ("A", 1, 570.0, 600.0, "seizure"),
        ("A", 2, 580.0, 590.0, "wild running"),
        ("B", 1, 0.0, 15.0, "seizure"),
        ("B", 2, 100.5, 120.25, "seizure"),
    ]


@pytest.mark.parametrize("suffix", ["tsv", "csv", "xlsx"])
def test_older_tabular_events_have_words_above_the_header(bench: Bench, suffix: str):
    rows = tabular_7(
        (12.5, "No focal subject", "seizure", "START"),
        (40.0, "No focal subject", "seizure", "STOP"),
        (50.0, "", "seizure", "START"),
        (61.5, "", "seizure", "STOP"),
    )
    if suffix == "xlsx":
        path = bench.book("obs.xlsx", **{"obs ü": rows})
    else:
        path = bench.write(f"obs.{suffix}", text(rows, "," if suffix == "csv" else "\t"))
    assert bench.take(path, form="boris").refused == ()
    assert bench.marks() == [
        ("C", 0, 12.5, 40.0, "seizure"),
        ("C", 0, 50.0, 61.5, "seizure"),
    ]
    assert [mark.line for mark in bench.ledger().marks] == [16, 18]


def test_an_observation_without_events_was_watched(bench: Bench):
    bench.take(bench.write("obs.tsv", text(tabular_7())))
    assert [(row.recording_id, row.annotator) for row in bench.ledger().watched] == [
        ("Mar-2-2026_C", "obs")
    ]


def aggregated(header: tuple[str, ...], **cells: str) -> tuple[str, ...]:
    return tuple(cells.get(name.split(" (")[0].replace(" ", "_").lower(), "NA") for name in header)


@pytest.mark.parametrize("header", [AGGREGATED_9, AGGREGATED_7])
def test_aggregated_events_of_several_observations(bench: Bench, header: tuple[str, ...]):
    kind = {"behavior_type": "STATE", "time_offset": "0", "behavior": "seizure"}
    first = {"observation_id": "1", "media_file": A, "media_file_name": A, "total_length": "600.0"}
    second = {"observation_id": "2", "media_file": C, "media_file_name": C, "subject": "99-1"}
    rows = [
        header,
        aggregated(header, **kind, **first, subject="70-2", start="1.000", stop="4.500"),
        aggregated(header, **kind, **second, start="3600.000", stop="3725.250"),
    ]
    done = bench.take(bench.write("aggregated.csv", text(rows, ",")))
    assert done.refused == ()
    assert bench.marks() == [
        ("A", 2, 1.0, 4.5, "seizure"),
        ("C", 0, 3600.0, 3725.25, "seizure"),
    ]


def test_aggregated_events_over_several_files_are_placed_by_their_lengths(bench: Bench):
    cells = {"observation_id": "1", "behavior_type": "STATE", "behavior": "seizure"}
    more = {"source": f"player #1:{A};{B}|player #2:{C}", "media_duration": "600.0;600.0|7200.0"}
    row = aggregated(
        AGGREGATED_9, **cells, **more, subject="70-1", start="570.0", stop="615.0",
        media_file_name=A, time_offset="0",
    )  # fmt: skip
    bench.take(bench.write("aggregated.tsv", text([AGGREGATED_9, row])))
    assert bench.marks() == [("A", 1, 570.0, 600.0, "seizure"), ("B", 1, 0.0, 15.0, "seizure")]


def test_an_older_observation_over_files_that_it_does_not_name_is_refused(bench: Bench):
    cells = {"observation_id": "1", "behavior_type": "STATE", "behavior": "seizure"}
    row = aggregated(
        AGGREGATED_7, **cells, subject="70-1", start="1.0", stop="2.0", media_file=B,
        total_length="1200.000",
    )  # fmt: skip
    with pytest.raises(AnnotationError, match="is 1200 s long, but what it names"):
        bench.take(bench.write("aggregated.tsv", text([AGGREGATED_7, row])))


def test_the_time_offset_is_taken_off_and_said(bench: Bench):
    rows = tabular_7(
        (112.5, "99-1", "seizure", "START"), (140.0, "99-1", "seizure", "STOP"), offset="100"
    )
    path = bench.write("obs.tsv", text(rows))
    notes = bench.take(path).files[path].notes
    assert bench.marks() == [("C", 0, 12.5, 40.0, "seizure")]
    assert any("time offset of 100 s is taken off" in note for note in notes)


def test_what_is_not_paired_or_has_no_length_is_refused_and_the_rest_taken(bench: Bench):
    rows = tabular_9(
        ("70-1", "seizure", "", "STOP", 1.0),
        ("70-1", "seizure", "", "START", 2.0),
        ("70-1", "seizure", "", "START", 3.0),
        ("70-1", "seizure", "", "STOP", 4.0),
        ("70-2", "seizure", "", "START", 5.0),
        ("70-2", "jumping", "", "POINT", 6.0),
        ("70-9", "seizure", "", "START", 7.0),
        ("70-9", "seizure", "", "STOP", 8.0),
        ("", "seizure", "", "START", 9.0),
        ("", "seizure", "", "STOP", 10.0),
    )
    path = bench.write("obs.tsv", text(rows))
    refused = {one.line: one.reason for one in bench.take(path).refused}
    assert bench.marks() == [("A", 1, 3.0, 4.0, "seizure")]
    wanted = {
        2: "a STOP without a START",
        3: "a START without a STOP before the next",
        6: "a START without a STOP",
        7: "imports.annotations.point_duration_s",
        8: "rat '70-9' has no cage",
        10: "names neither",
    }
    assert sorted(refused) == sorted(wanted)
    assert all(reason in refused[line] for line, reason in wanted.items())
    bench.take(path, point_duration_s=2.0)
    assert ("A", 2, 6.0, 8.0, "jumping") in bench.marks()


def test_an_unknown_file_refuses_only_what_lies_in_it(bench: Bench):
    rows = tabular_9(
        ("70-1", "seizure", "", "START", 10.0),
        ("70-1", "seizure", "", "STOP", 20.0),
        ("70-1", "seizure", "", "START", 610.0),
        ("70-1", "seizure", "", "STOP", 620.0),
        source="player #1:/x/lost.mp4;/x/Ratten-Käfig B.mp4",
    )
    (refused,) = bench.take(bench.write("obs.tsv", text(rows))).refused
    assert "lies in '/x/lost.mp4', which is none of the recordings" in str(refused)
    assert bench.marks() == [("B", 1, 10.0, 20.0, "seizure")]


def test_a_live_observation_names_no_recording_unless_it_is_set(bench: Bench):
    rows = tabular_7(
        (12.5, "99-1", "seizure", "START"), (40.0, "99-1", "seizure", "STOP"), media="LIVE"
    )
    rows = [row for row in rows if row[:1] != ("Player #1",)]
    path = bench.write("obs.tsv", text(rows))
    with pytest.raises(AnnotationError, match=r"'obs ü' names no media file.*annotations\.rec"):
        bench.take(path)
    bench.take(path, recording="C")
    assert bench.marks() == [("C", 0, 12.5, 40.0, "seizure")]


def test_a_sheet_that_boris_did_not_write_is_refused_as_boris(bench: Bench):
    with pytest.raises(AnnotationError, match="export events from BORIS"):
        bench.take(bench.write("a.csv", "file,start,end\nC,1,2\n"), form="boris")


def test_an_observation_whose_offset_cannot_be_read_is_refused_alone(bench: Bench):
    rows = tabular_9(
        ("70-1", "seizure", "", "START", 10.0), ("70-1", "seizure", "", "STOP", 20.0),
        ("70-2", "seizure", "", "START", 30.0), ("70-2", "seizure", "", "STOP", 40.0),
    )  # fmt: skip
    bad = [("obs 2", *row[1:6], "noon", *row[7:]) for row in rows[3:]]
    done = bench.take(bench.book("anna.xlsx", events=[*rows[:3], *bad]))
    assert bench.marks() == [("A", 1, 10.0, 20.0, "seizure")]
    assert len(done.refused) == 2
    assert all("time offset of observation 'obs 2'" in str(one) for one in done.refused)
