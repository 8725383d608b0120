"""The picture of activity shows the numbers, says what they are, and nothing lies on another."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.figure import Figure
from matplotlib.text import Text

from rodepil.data.overview import Activity, Dataset, Mark
from rodepil.errors import ReportError
from rodepil.report.activity import activity_figure, write_activity
from rodepil.report.style import LIGHT
from tests.data.summary_rows import cage, dataset, recording, seizure, window

SIZES = {"one": (1, 24, 3), "nineteen": (19, 24, 20), "three minutes": (6, 18, 8)}


def draw(name: str) -> tuple[Activity, Figure]:
    subjects, bins, turns = SIZES[name]
    generator = np.random.default_rng(3)
    motion = generator.random((subjects, bins)) / 20
    motion[0, 2:5] = np.nan
    by_clock = bins == 24
    bin_s = 3600.0 if by_clock else 10.0
    marks = [
        Mark(k % subjects, k * 7 % (bins - 1) * bin_s, k * 7 % (bins - 1) * bin_s + 30, k % turns)
        for k in range(3 * subjects)
    ]
    names = tuple(f"{60 + k // 4}-{k % 4 + 1}" for k in range(subjects))
    length_s = 86_400.0 if by_clock else bins * bin_s - 3.5
    activity = Activity(names, by_clock, bin_s, motion, 4000, turns, tuple(marks), 0, 5, length_s)
    figure = activity_figure(activity, "simulated recordings", LIGHT)
    figure.canvas.draw()
    return activity, figure


@pytest.fixture(scope="module", params=SIZES)
def drawn(request: pytest.FixtureRequest) -> tuple[Activity, Figure]:
    return draw(request.param)


def test_cells_are_percents_and_what_was_not_filmed_is_empty(
    drawn: tuple[Activity, Figure],
) -> None:
    activity, figure = drawn
    (mesh,) = (one for one in figure.axes[0].collections if isinstance(one, QuadMesh))
    shown = np.ma.filled(np.ma.masked_array(mesh.get_array()), np.nan)
    np.testing.assert_allclose(shown.reshape(activity.motion.shape), 100 * activity.motion)
    assert "Motion (% of pixels)" in {ax.get_ylabel() for ax in figure.axes}


def test_every_seizure_is_drawn_in_its_subjects_row_at_its_time(
    drawn: tuple[Activity, Figure],
) -> None:
    activity, figure = drawn
    (lines,) = (one for one in figure.axes[0].collections if isinstance(one, LineCollection))
    unit_s = 3600 if activity.by_clock else 1
    segments = lines.get_segments()
    assert len(segments) == len(activity.marks)
    for mark, segment in zip(activity.marks, segments, strict=True):
        assert segment[0][0] == pytest.approx(mark.start_s / unit_s)
        assert segment[1][0] >= mark.end_s / unit_s - 1e-9
        assert abs(segment[0][1] - mark.subject) < 0.5
    heights = {round(segment[0][1] - mark.subject, 3): mark.turn
               for mark, segment in zip(activity.marks, segments, strict=True)}  # fmt: skip
    assert [heights[key] for key in sorted(heights)] == sorted(heights.values())


def test_rows_are_subjects_and_the_axis_says_what_time_is(drawn: tuple[Activity, Figure]) -> None:
    activity, figure = drawn
    ax = figure.axes[0]
    assert [text.get_text() for text in ax.get_yticklabels()] == list(activity.subjects)
    wanted = "Time from the start of the session (s; bins of 10 s)"
    assert ax.get_xlabel() == ("Time of day (bins of 1 h)" if activity.by_clock else wanted)
    assert ax.get_xlim()[1] == (24 if activity.by_clock else 176.5)
    note = figure.get_supxlabel().replace("\n", " ")
    assert "Data: simulated recordings." in note
    assert "4,000 windows" in note
    assert "5 windows were dropped before motion is measured" in note
    assert ("No recording knows its time of day" in note) != activity.by_clock


def test_words_stand_whole_and_apart(drawn: tuple[Activity, Figure]) -> None:
    _, figure = drawn
    boxes = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_visible() and text.get_text().strip():
            box = text.get_window_extent()
            boxes.append((text.get_text(), box))
            assert box.x0 >= 0, text
            assert box.y0 >= 0, text
            assert box.x1 <= figure.bbox.x1, text
            assert box.y1 <= figure.bbox.y1, text
    overlaps = [(a, b) for (a, one), (b, two) in combinations(boxes, 2) if one.overlaps(two)]
    assert overlaps == []


def test_the_picture_is_written_from_tables(tmp_path: Path) -> None:
    row = recording(0, starts_at="2019-02-01T09:00:00")
    place = cage(row, 0, "70-3")
    clips = [window(row, place, number, motion=0.01 * number) for number in range(60)]
    made = dataset(tmp_path, [row], [place], [seizure(row, 0, 30, 60)], clips)
    write_activity(made, tmp_path / "pictures" / "aktivität.png")
    assert (tmp_path / "pictures" / "aktivität.png").read_bytes().startswith(b"\x89PNG")


def test_without_a_measured_window_the_message_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="rodepil curate"):
        write_activity(Dataset("d", tmp_path, tmp_path), tmp_path / "a.png")
    assert not (tmp_path / "a.png").exists()
