"""Each clip holds exactly the frames that the rule says, at any rate and from any start."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import cv2
import numpy as np
import pytest

from rodepil.config.settings import CurateSettings
from rodepil.data.curate import curate
from tests.data.conftest import CAGES, Lab, film, read_numbers, steady

OUTPUT_FPS = 30


def times_in(path: Path) -> list[Fraction]:
    """Read the frames' times from the packets, not from what decodes."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stamps = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None)
        assert stream.time_base is not None
        return [(stamp - stamps[0]) * Fraction(stream.time_base) for stamp in stamps]


def frames_by_rule(times_s: list[Fraction], window: int, settings: CurateSettings) -> list[int]:
    """Look for the nearest time of all; of two equally near the earlier."""
    first = window * settings.frames_per_clip
    return [
        min(range(len(times_s)), key=lambda i: (abs(times_s[i] - Fraction(j, OUTPUT_FPS)), i))
        for j in range(first, first + settings.frames_per_clip)
    ]


class Shown(NamedTuple):
    """What a clip shows: of which cage which source frames, and the half-open span of these."""

    window: int
    position: int
    span: tuple[int, int]
    frames: list[tuple[int, int]]


def curated(lab: Lab, settings: CurateSettings) -> list[Shown]:
    """Curate what lies in the lab, and read the frames of every window's clip from its file."""
    summary = curate(lab.raw, settings, lab.clips_folder, lab.clips_table, processes=1)
    return sorted(
        Shown(
            round(row["start_s"] / 2),
            row["position"],
            (row["start_frame"], row["end_frame"]),
            read_numbers(lab.clips_table.parent / row["path"]),
        )
        for row in summary.clips.to_pylist()
    )


def by_rule(times_s: list[Fraction], settings: CurateSettings) -> list[Shown]:
    """Cut all whole windows of 2 s; the last frame lasts as long as the one before it."""
    end_s = 2 * times_s[-1] - times_s[-2]
    clips = []
    for window in range(int(end_s // 2)):
        numbers = frames_by_rule(times_s, window, settings)
        span = numbers[0], numbers[-1] + 1
        for position in range(CAGES):
            frames = [(number, position) for number in numbers]
            clips.append(Shown(window, position, span, frames))
    return clips


@pytest.mark.parametrize(
    "rate",
    [
        Fraction(15),
        Fraction(25),
        Fraction(30_000, 1001),
        Fraction(30),
        Fraction(1_000_000, 33_333),
        Fraction(50),
        Fraction(60),
    ],
    ids=str,
)
def test_steady_rates(lab: Lab, small: CurateSettings, rate: Fraction):
    path = film(lab.raw / "Feb-1-2019_M2U00244.mp4", steady(rate, 5.0), rate=rate)
    lab.fill()
    assert curated(lab, small) == by_rule(times_in(path), small)


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_variable_rate(lab: Lab, small: CurateSettings, suffix: str):
    steps = np.random.default_rng(5).integers(8, 90, 110) / 1000
    times_s = [Fraction(round(float(time) * 1000), 1000) for time in np.cumsum(steps)]
    path = film(lab.raw / f"Feb-1-2019_M2U00244{suffix}", times_s)
    lab.fill()
    read = times_in(path)
    assert len({after - before for before, after in pairwise(read)}) > 20
    assert curated(lab, small) == by_rule(read, small)


@pytest.mark.parametrize("start_s", [Fraction(5, 2), Fraction(1, 100)])
def test_a_start_that_is_not_zero(lab: Lab, small: CurateSettings, start_s: Fraction):
    times_s = [start_s + time_s for time_s in steady(Fraction(25), 5.0)]
    path = film(lab.raw / "Feb-1-2019_M2U00244.mkv", times_s, rate=Fraction(25))
    with av.open(str(path)) as container:
        first = next(container.decode(video=0))
        assert first.time == pytest.approx(float(start_s), abs=1e-3)
    lab.fill()
    assert curated(lab, small) == by_rule(times_in(path), small)


def test_an_avi_with_frames_out_of_order_whose_times_ffmpeg_guesses_wrongly(
    lab: Lab, small: CurateSettings
):
    film(lab.raw / "Feb-1-2019_M2U00244.avi", steady(Fraction(25), 5.0), rate=Fraction(25))
    lab.fill()
    assert curated(lab, small) == by_rule(steady(Fraction(25), 5.0), small)


def test_every_clip_is_exactly_its_frames_and_rate_for_pyav_and_opencv(lab: Lab):
    film(lab.raw / "Feb-1-2019_M2U00244.mp4", steady(Fraction(29), 10.04), rate=Fraction(29))
    lab.fill()
    settings = CurateSettings(size_px=128, motion_min_share=0.0)
    summary = curate(lab.raw, settings, lab.clips_folder, lab.clips_table, processes=1)
    assert summary.kept == CAGES
    for clip in lab.clips_folder.glob("*.avi"):
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            stamps = [picture.pts or 0 for picture in container.decode(stream)]
            assert stream.average_rate == 30
            assert stream.time_base == Fraction(1, 30)
            assert [stamp - stamps[0] for stamp in stamps] == list(range(300))
            assert stream.codec_context.pix_fmt == "yuv420p"
        capture = cv2.VideoCapture(str(clip))
        assert capture.get(cv2.CAP_PROP_FPS) == 30.0
        grabbed = 0
        while capture.grab():
            grabbed += 1
        assert grabbed == 300


@pytest.mark.parametrize(
    ("rate", "frames", "last"),
    [
        (30, 119, 119),  # lacks one output frame of 120
        (30, 117, 117),  # lacks three, 0.1 s
        (25, 98, 118),  # 3.92 s are 117.6 output frames
    ],
)
def test_a_last_window_that_lacks_nearly_nothing_shows_the_last_frame_on(
    lab: Lab, small: CurateSettings, rate: int, frames: int, last: int
):
    times_s = steady(Fraction(rate), frames / rate)
    film(lab.raw / "Feb-1-2019_M2U00244.mp4", times_s, rate=Fraction(rate))
    lab.fill()
    summary = curate(lab.raw, small, lab.clips_folder, lab.clips_table, processes=1)
    rows = [row for row in summary.clips.to_pylist() if row["position"] == 1]
    assert [(row["start_s"], row["kept"]) for row in rows] == [(0.0, True), (2.0, True)]
    numbers = [number for number, _ in read_numbers(lab.clips_table.parent / rows[1]["path"])]
    # Up to output frame `last` the recording holds; the rest of the 60 is its last frame.
    assert numbers == frames_by_rule(times_s, 1, small)
    assert numbers[last - 60 :] == [frames - 1] * (120 - last)
    assert (rows[1]["end_frame"], rows[1]["n_frames"]) == (frames, 60)


@pytest.mark.parametrize(("frames", "max_end_gap_s"), [(116, 0.1), (119, 0.0)])
def test_a_last_window_that_lacks_more_is_none(
    lab: Lab, small: CurateSettings, frames: int, max_end_gap_s: float
):
    film(lab.raw / "Feb-1-2019_M2U00244.mp4", steady(Fraction(30), frames / 30))
    lab.fill()
    settings = small.model_copy(update={"max_end_gap_s": max_end_gap_s})
    summary = curate(lab.raw, settings, lab.clips_folder, lab.clips_table, processes=1)
    assert [row["start_s"] for row in summary.clips.to_pylist()] == [0.0] * CAGES


def test_a_recording_a_frame_short_of_one_clip_is_one(lab: Lab, small: CurateSettings):
    # 57 frames at 29 fps, in AVI as published: 1.966 s, 59 output frames.
    path = lab.raw / "Feb-1-2019_M2U00244.avi"
    film(path, steady(Fraction(29), 57 / 29), rate=Fraction(29), codec="mpeg4")
    lab.fill()
    summary = curate(lab.raw, small, lab.clips_folder, lab.clips_table, processes=1)
    assert (summary.kept, summary.failures.num_rows) == (CAGES, 0)
    for row in summary.clips.to_pylist():
        read = read_numbers(lab.clips_table.parent / row["path"])
        expected = frames_by_rule(steady(Fraction(29), 57 / 29), 0, small)
        assert read == [(number, row["position"]) for number in expected]


def test_windows_in_a_hole_of_the_recording_are_dropped_with_that_reason(
    lab: Lab, small: CurateSettings
):
    early, late = steady(Fraction(30), 3.0), steady(Fraction(30), 3.0)
    times_s = early + [9 + time_s for time_s in late]
    film(lab.raw / "Feb-1-2019_M2U00244.mkv", times_s)
    lab.fill()
    summary = curate(lab.raw, small, lab.clips_folder, lab.clips_table, processes=1)
    reasons = {row["start_s"]: row["drop_reason"] for row in summary.clips.to_pylist()}
    # The hole is from 3 s to 9 s; 10-12 s is whole again.
    assert reasons == {0.0: None, 2.0: "gap", 4.0: "gap", 6.0: "gap", 8.0: "gap", 10.0: None}
    ids = summary.clips.column("clip_id").to_pylist()
    assert len(set(ids)) == len(ids)
