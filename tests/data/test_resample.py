"""Each output time shows the frame whose time stamp is nearest."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodepil.config.settings import CurateSettings
from rodepil.data.resample import resample
from rodepil.data.windows import cut
from rodepil.io.video import DecodedFrame

TEN_FRAMES = CurateSettings(clip_duration_s=1.0, fps=10, min_overlap_s=0.5, max_gap_s=0.5)


def decoded(times_s: list[Fraction]) -> list[DecodedFrame]:
    return [
        DecodedFrame(index, time_s, Fraction(0), None)  # type: ignore[arg-type]  # no picture is looked at
        for index, time_s in enumerate(times_s)
    ]


def shown_by_rule(times_s: list[Fraction], end_s: Fraction, fps: int) -> list[int]:
    """Look at every output time and every frame; the first of the nearest wins."""
    shown, output = [], 0
    while Fraction(output, fps) < end_s:
        time_s = Fraction(output, fps)
        shown.append(min(range(len(times_s)), key=lambda i: (abs(times_s[i] - time_s), i)))
        output += 1
    return shown


def shown_by_code(times_s: list[Fraction], fps: int, source_fps: Fraction) -> list[int]:
    shown: list[int] = []
    for show in resample(decoded(times_s), fps, source_fps):
        assert show.first == len(shown)
        shown += [show.frame.index] * show.count
    return shown


@given(
    st.lists(st.fractions(Fraction(1, 1000), 1, max_denominator=90_000), max_size=40),
    st.sampled_from([1, 15, 30, 50]),
)
def test_any_times_are_resampled_by_the_rule(steps_s: list[Fraction], fps: int):
    times_s = [sum(steps_s[:count], Fraction(0)) for count in range(len(steps_s) + 1)]
    end_s = times_s[-1] + (steps_s[-1] if steps_s else Fraction(1, 25))
    assert shown_by_code(times_s, fps, Fraction(25)) == shown_by_rule(times_s, end_s, fps)


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (Fraction(15), [0, 0, 1, 1, 2, 2, 3, 3]),  # half-way times are ties: the earlier frame
        (Fraction(30), [0, 1, 2, 3, 4, 5, 6, 7]),
        (Fraction(60), [0, 2, 4, 6, 8, 10, 12, 14]),
        (Fraction(25), [0, 1, 2, 2, 3, 4, 5, 6]),  # 0, .83, 1.67, 2.5 (tie), 3.33, 4.17, 5, 5.83
        (Fraction(50), [0, 2, 3, 5, 7, 8, 10, 12]),  # 0, 1.67, 3.33, 5, 6.67, 8.33, 10, 11.67
    ],
)
def test_steady_rates_give_the_frames_worked_out_by_hand(rate: Fraction, expected: list[int]):
    times_s = [index / rate for index in range(40)]
    assert shown_by_code(times_s, 30, rate)[:8] == expected


def test_a_third_of_a_millisecond_a_frame_adds_up_to_one_frame_in_a_hundred_thousand():
    rate = Fraction(1_000_000, 33_333)  # 30.0003 fps: after 50,000 frames half a frame ahead
    times_s = [index / rate for index in range(50_100)]
    shown = shown_by_code(times_s, 30, rate)
    assert shown[49_000] == 49_000
    assert shown[50_010] == 50_011


def test_a_hole_is_told_by_the_frames_beside_it():
    times_s = [Fraction(0), Fraction(1, 30), Fraction(3), Fraction(91, 30)]
    gaps = [show.gap_s for show in resample(decoded(times_s), 30, Fraction(30))]
    assert gaps == [Fraction(1, 30), Fraction(89, 30), Fraction(89, 30), Fraction(1, 30)]


def test_windows_hold_whole_clips_and_a_border_frame_stands_in_both():
    times_s = [Fraction(index, 10) for index in range(7)]  # 0.7 s at 10 fps shown at 30 fps
    pieces = list(cut(resample(decoded(times_s), 30, Fraction(10)), TEN_FRAMES))
    slots = [(piece.window, piece.frame.index, piece.slot, piece.count) for piece in pieces]
    # Output frames 3k-1, 3k, 3k+1 show frame k; 10 of them are a window.
    assert slots == [
        (0, 0, 0, 2), (0, 1, 2, 3), (0, 2, 5, 3), (0, 3, 8, 2),
        (1, 3, 0, 1), (1, 4, 1, 3), (1, 5, 4, 3), (1, 6, 7, 3), (2, 6, 0, 1),
    ]  # fmt: skip
