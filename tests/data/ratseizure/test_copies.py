"""Copies of one original on both sides are told by name."""

from __future__ import annotations

import pytest

from rodepil.data.ratseizure import RatSeizureClip, copies_across
from rodepil.data.ratseizure.copies import original_of


@pytest.mark.parametrize(
    ("name", "original"),
    [
        ("rat12_clip_003", "rat_12_clip_003"),
        ("rat12_clip_003_flip", "rat_12_clip_003"),
        ("rat12_clip_003_hflip.mp4", "rat_12_clip_003"),
        ("rat12_clip_003_rot90", "rat_12_clip_003"),
        ("aug_2_rat12_clip_003", "rat_12_clip_003"),
        ("Rat12-Clip-003 - Copy (2)", "rat_12_clip_003"),
        ("rat12_clip_003(1)", "rat_12_clip_003"),
        ("rat12_clip_004", "rat_12_clip_004"),
        ("flip_1", "flip_1"),
    ],
)
def test_words_of_change_do_not_name_an_original(name: str, original: str):
    assert original_of(name) == original


def clips(training: list[str], testing: list[str]) -> list[RatSeizureClip]:
    sides = (("training", training), ("testing", testing))
    return [RatSeizureClip(name, side, 10.0) for side, names in sides for name in names]


def test_an_original_on_both_sides_is_reported_with_all_names():
    report = copies_across(clips(["a_1", "b_1_flip", "c_1", "c_1_rot90"], ["a_2", "b_1_noise"]))
    assert (report.clips, report.originals) == (6, 4)
    (leak,) = report.leaks
    assert (leak.original, leak.training, leak.testing) == ("b_1", ("b_1_flip",), ("b_1_noise",))
    assert report.lines()[1] == "'b_1': training b_1_flip; testing b_1_noise"


def test_names_that_differ_in_their_numbers_are_different_originals():
    assert copies_across(clips(["v_1", "v_3"], ["v_2", "v_13"])).leaks == ()


def test_words_of_change_can_be_given():
    some = clips(["a_1_warm"], ["a_1"])
    assert copies_across(some).leaks == ()
    assert len(copies_across(some, {"warm"}).leaks) == 1
