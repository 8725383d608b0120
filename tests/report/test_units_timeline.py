"""A timeline shows every unit in its row, at its time, in the colour of its score."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure

from rodepil.data.cages import Cage
from rodepil.detect.localize import Localized, Told, VideoFacts
from rodepil.errors import TableError
from rodepil.io import tables
from rodepil.io.labels import ACTION_UNITS
from rodepil.report.figures.units_timeline import units_timeline
from rodepil.report.style import LIGHT
from rodepil.report.timelines import is_annotated, write_timelines


def events(*rows: tuple[float, float, str, float], name: str = "v", position: int = 0) -> pa.Table:
    base = {"recording_id": name, "position": position, "subject_id": "a"}
    return tables.from_rows(
        "events",
        [
            {**base, "start_s": start, "end_s": end, "label": label, "score": score}
            for start, end, label, score in rows
        ],
    )


FOUND = events((60.0, 90.0, "rearing", 0.9), (0.0, 30.0, "others", 0.4))


def draw(found: pa.Table, truth: pa.Table | None = None, duration_s: float = 600.0) -> Figure:
    figure = units_timeline(
        found, ACTION_UNITS, duration_s, LIGHT, title="v", note="n", truth=truth
    )
    figure.draw_without_rendering()
    return figure


def boxes(figure: Figure, which: int = 0) -> list[list[float]]:
    """Left, right, top and bottom of each event, of found (0) or true (1) ones."""
    made = [one for one in figure.axes[0].collections if isinstance(one, PatchCollection)][which]
    return [
        [*np.array(path.get_extents()).T.ravel().round(6).tolist()] for path in made.get_paths()
    ]


def test_an_event_stands_in_its_row_and_at_its_time() -> None:
    figure = draw(FOUND)
    left, right, top, bottom = boxes(figure)[1]  # the surest is drawn last
    assert (left, right) == (1.0, 1.5)  # minutes
    assert top < ACTION_UNITS.index("rearing") < bottom
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == list(ACTION_UNITS)
    assert figure.axes[0].get_xlabel() == "Time from the start of the recording (min)"
    assert figure.axes[0].get_ylabel() == "Action unit"
    assert figure.axes[1].get_ylabel() == "Score"


def test_a_surer_event_is_darker() -> None:
    (drawn,) = [one for one in draw(FOUND).axes[0].collections if isinstance(one, PatchCollection)]
    light, dark = drawn.get_facecolor()[:, :3].sum(axis=1)
    assert dark < light


def test_true_events_stand_above_those_that_are_found_and_hide_none() -> None:
    figure = draw(FOUND, truth=events((60.0, 90.0, "rearing", 1.0)))
    found, true = boxes(figure, 0)[1], boxes(figure, 1)[0]
    assert true[3] <= found[2]  # rows run downwards
    (legend,) = [figure.axes[0].get_legend()]
    assert [text.get_text() for text in legend.get_texts()] == [
        "annotated (above)",
        "found (below)",
    ]


def test_no_event_is_too_short_to_be_seen() -> None:
    figure = draw(events((10.0, 10.001, "jumping", 0.5)), duration_s=36_000.0)
    ((left, right, _, _),) = boxes(figure)
    assert (right - left) / 10.0 > 0.002


def test_names_of_fourteen_rows_stand_whole_and_apart() -> None:
    figure = draw(FOUND)
    names = [text.get_window_extent() for text in figure.axes[0].get_yticklabels()]
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(names))
    assert min(box.x0 for box in names) >= 0


def test_a_timeline_without_events_is_drawn() -> None:
    assert boxes(draw(events())) == []


def test_every_cage_of_every_video_has_its_picture(tmp_path: Path) -> None:
    cages = tuple(Cage("v", place, f"r{place}", 64 * place, 0, 64, 64) for place in range(2))
    facts = VideoFacts("v", str(tmp_path / "v.mp4"), "0", 30.0, 300, 10.0, cages)
    about = {"labels": list(ACTION_UNITS), "trial_id": "t", "learned_from_data": "noise",
             "min_score": 0.3}  # fmt: skip
    found = Localized(FOUND, Told(0.3).of(FOUND), (facts,), (), about)
    written = write_timelines(found, tmp_path, truth=events((1.0, 2.0, "rearing", 1.0)))
    assert [path.name for path in written] == ["v_0.png", "v_1.png"]
    assert is_annotated(found, events((1.0, 2.0, "rearing", 1.0), name="undated_v"))
    assert not is_annotated(found, events((1.0, 2.0, "rearing", 1.0), name="w"))
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in written)


def test_a_picture_that_cant_be_written_is_named(tmp_path: Path) -> None:
    facts = VideoFacts("v", "v.mp4", "0", 30.0, 300, 10.0, (Cage("v", 0, "a", 0, 0, 64, 64),))
    about = {"labels": ["rearing"], "trial_id": "t", "learned_from_data": "noise",
             "min_score": 0.3}  # fmt: skip
    (tmp_path / "timelines").write_text("a file", encoding="utf-8")
    with pytest.raises(TableError, match=r"v_0\.png can't be written"):
        write_timelines(Localized(FOUND, FOUND, (facts,), (), about), tmp_path)
