"""Clip names follow the published convention, and parser and formatter are inverse."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rodepil.errors import ClipNameError
from rodepil.io.names import ClipName, format_clip_name, is_date, parse_clip_name

FORBIDDEN = '_/\\<>:"|?*\x7f'

parts = st.text(
    st.characters(min_codepoint=32, blacklist_characters=FORBIDDEN, blacklist_categories=("Cs",)),
    min_size=1,
    max_size=12,
)
dates = st.one_of(
    st.just("undated"),
    st.dates(dt.date(1970, 1, 1)).map(lambda day: f"{day:%b}-{day.day}-{day.year:04d}"),
)
numbers = st.integers(0, 10**9)
clips = st.builds(
    ClipName, dates, parts, numbers, parts, numbers, numbers, st.sampled_from(["N", "S"])
)


@given(clips)
def test_parsing_undoes_formatting(clip: ClipName):
    assert parse_clip_name(format_clip_name(clip)) == clip


@given(clips)
def test_formatting_undoes_parsing(clip: ClipName):
    name = format_clip_name(clip)
    assert format_clip_name(parse_clip_name(name)) == name


NEARLY = (
    r"(Feb|Foo)-[0-9]{1,2}-2019_[^_]{1,3}_[0-9]{1,2}_[^_]{1,3}_[0-9]-[0-9]{1,2}_[NSX]_[01]\.avi"
)


@given(st.from_regex(NEARLY, fullmatch=True))
def test_what_is_parsed_is_formatted_back_to_the_same_text(text: str):
    try:
        clip = parse_clip_name(text)
    except ClipNameError:
        return
    assert format_clip_name(clip) == text


def test_the_published_example_is_read_as_printed():
    clip = parse_clip_name("Feb-1-2019_M2U00244_3_70-3_1153-1168_N_0.avi")
    assert clip == ClipName("Feb-1-2019", "M2U00244", 3, "70-3", 1153, 1168, "N")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Feb-1-2019_M2U00244_3_70-3_1153-1168_X_0.avi", "Label is 'X', wanted N"),
        ("Feb-1-2019_M2U00244_3_70-3_1153-1168_n_0.avi", "Label is 'n', wanted N"),
        ("Feb-1-2019_M2U00244_3_70-3_1153-1168_N_1.avi", "Label N wants 0"),
        ("Feb-1-2019_M2U00244_3_70-3_1153-1168_S_0.avi", "Label S wants 1"),
        ("Feb-1-2019_M2U00244_3_70-3_1153-1168_S_2.avi", "Y is '2'"),
        ("Feb-1-2019_M2U00244_3_70-3_1153-1168_N.avi", "6 parts"),
        ("Feb-1-2019_M2U_00244_3_70-3_1153-1168_N_0.avi", "8 parts"),
        ("Feb-1-2019_M2U00244_3_70-3_1153_N_0.avi", "frames '1153'"),
        ("Feb-1-2019_M2U00244_3_70-3_-3-8_N_0.avi", "frames '-3-8'"),
        ("Feb-1-2019_M2U00244_c_70-3_1153-1168_N_0.avi", "Position 'c'"),
        ("Feb-1-2019_M2U00244_03_70-3_1153-1168_N_0.avi", "Position '03'"),
        ("Feb-30-2019_M2U00244_3_70-3_1153-1168_N_0.avi", "Date 'Feb-30-2019'"),
        ("2019-02-01_M2U00244_3_70-3_1153-1168_N_0.avi", "Date '2019-02-01'"),
        ("Feb-1-2019_M2U00244_3__1153-1168_N_0.avi", "RatID '' is empty"),
        ("Feb-1-2019_M2U00244_3_70-3_1153-1168_N_0.mp4", "does not end in .avi"),
        ("", "does not end in .avi"),
    ],
)
def test_a_broken_name_is_refused_with_its_reason_and_the_convention(name: str, reason: str):
    with pytest.raises(ClipNameError) as caught:
        parse_clip_name(name)
    assert reason in str(caught.value)
    assert "Date_VideoID_Position_RatID_frames_Label_Y.avi" in str(caught.value)


@pytest.mark.parametrize(
    "clip",
    [
        ClipName("Feb-1-2019", "M2U00244", 3, "70_3", 0, 300, "N"),
        ClipName("Feb-1-2019", "a/b", 3, "70-3", 0, 300, "N"),
        ClipName("Feb-1-2019", "M2U00244", -1, "70-3", 0, 300, "N"),
        ClipName("Feb-1-2019", "M2U00244", 3, "70-3", -5, 300, "N"),
        ClipName("1.2.2019", "M2U00244", 3, "70-3", 0, 300, "N"),
        ClipName("Feb-1-2019", "M2U00244", 3, "70-3", 0, 300, "X"),  # type: ignore[arg-type]  # the wrong label is the case
    ],
)
def test_what_could_not_be_parsed_back_is_not_formatted(clip: ClipName):
    with pytest.raises(ClipNameError):
        format_clip_name(clip)


def test_dates_are_real_days():
    assert is_date("Feb-29-2020")
    assert not is_date("Feb-29-2019")
    assert not is_date("Foo-1-2019")
    assert is_date("undated")
