"""Clips, features and segments put together; bad input of each kind is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from rodepil.errors import AnnotationError, TrainingError
from rodepil.io import tables
from rodepil.localize.sequences import Sequences, sequences_of, shuffled
from rodepil.localize.settings import LocalizeTrialSettings

Recipe = Callable[..., LocalizeTrialSettings]


def clip(name: str, *, film: str = "", start_s: float = 0.0, duration_s: float = 9.6) -> dict:
    """Return a row of the table clips."""
    return {
        "clip_id": name, "recording_id": film or f"film-{name}", "subject_id": f"rat-{name}",
        "position": 0, "date": "2026-01-01", "video_id": name, "start_frame": 0,
        "end_frame": round(duration_s * 10), "start_s": start_s, "duration_s": duration_s,
        "label": 1, "kept": True,
    }  # fmt: skip


def event(film: str, start_s: float, end_s: float, label: str = "others") -> dict:
    """Return a row of the table events."""
    return {
        "recording_id": film, "position": 0, "subject_id": "rat", "start_s": start_s,
        "end_s": end_s, "label": label, "score": 1.0,
    }  # fmt: skip


def together(
    recipe: Recipe, clips: list[dict], events: list[dict], features: dict[str, Any] | None = None
) -> Sequences:
    """Put rows together, with 24 windows a clip unless features are given."""
    given = {row["clip_id"]: np.zeros((24, 4), np.float32) for row in clips} | (features or {})
    return sequences_of(
        tables.from_rows("clips", clips), tables.from_rows("events", events), given, recipe()
    )


def test_segments_are_in_seconds_of_their_own_clip_and_back_in_the_recordings(recipe: Recipe):
    clips = [
        clip("b", film="film", start_s=20.0),
        clip("a", film="film", start_s=10.0),
        clip("c", film="other"),
    ]
    events = [
        event("film", 12.0, 14.5, "staring"),
        event("film", 21.0, 29.0),
        event("other", 0.0, 1.0),
        event("film", 13.0, 16.0),
        event("elsewhere", 0.0, 1.0),
    ]
    made = together(recipe, clips, events)
    assert made.clip_ids == ("a", "b", "c")
    assert made.subject_ids == ("rat-a", "rat-b", "rat-c")
    assert [one.tolist() for one in made.segments] == [
        [[2.0, 4.5], [3.0, 6.0]],
        [[1.0, 9.0]],
        [[0.0, 1.0]],
    ]
    assert [one.tolist() for one in made.labels] == [[1, 0], [0], [0]]
    back = made.events(("others", "staring")).select(["recording_id", "start_s", "end_s", "label"])
    said = sorted(tuple(row.values()) for row in back.to_pylist())
    wanted = sorted(
        (row["recording_id"], row["start_s"], row["end_s"], row["label"]) for row in events[:4]
    )
    assert said == wanted
    assert made.ends_s() == pytest.approx({"film/0": 29.6, "other/0": 9.6})


def test_a_clip_without_segments_has_none(recipe: Recipe):
    made = together(recipe, [clip("a")], [])
    assert made.segments[0].shape == (0, 2)
    assert made.labels[0].shape == (0,)


def test_features_are_copied(recipe: Recipe):
    given = np.ones((24, 4), np.float32)
    given.setflags(write=False)
    made = together(recipe, [clip("a")], [], {"a": given})
    made.features[0].zero_()
    assert given.sum() == 24 * 4


def test_an_end_within_a_frame_after_the_clip_is_the_clips(recipe: Recipe):
    made = together(recipe, [clip("a")], [event("film-a", 5.0, 9.65)])
    assert made.segments[0].tolist() == [[5.0, 9.6]]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (event("film-a", 5.0, 4.0), "'others' 5-4 s of clip a is reversed"),
        (event("film-a", 5.0, 5.0), "'others' 5-5 s of clip a has no length"),
        (event("film-a", 5.0, 9.8), "'others' 5-9.8 s of clip a is not within its 9.6 s"),
        (event("film-a", -0.2, 3.0), "clip a is not within"),
        (event("film-a", 9.6, 9.65), "clip a is not within"),
        (event("film-a", 2.0, float("nan")), "clip a has no finite start and end"),
        (event("film-a", 2.0, 3.0, "dancing"), "'dancing' .* clip a has an unknown label; known"),
    ],
    ids=["reversed", "empty", "past", "before", "behind", "nan", "label"],
)
def test_an_impossible_segment_is_named(recipe: Recipe, row: dict, said: str):
    with pytest.raises(AnnotationError, match=said):
        together(recipe, [clip("a"), clip("b")], [event("film-b", 1.0, 2.0), row])


def test_a_segment_between_the_clips_of_its_recording_is_named(recipe: Recipe):
    clips = [clip("a", film="film"), clip("b", film="film", start_s=20.0)]
    with pytest.raises(AnnotationError, match="'others' 12-13 s of 'film' lies in no clip"):
        together(recipe, clips, [event("film", 12.0, 13.0)])


@pytest.mark.parametrize(
    ("features", "said"),
    [
        (np.zeros((24, 5)), r"clip a have shape \(24, 5\), wanted \(T, 4\)"),
        (np.zeros((4, 24)), "looks transposed"),
        (np.zeros(24), r"clip a have shape \(24,\)"),
        (np.full((24, 4), np.nan), "features of clip a hold NaN"),
        (np.full((24, 4), np.inf), "features of clip a hold NaN or infinite"),
        (np.zeros((47, 4)), "clip a has 47 features, but windows of 4 frames every 4 .* make 24"),
        (np.zeros((12, 4)), "clip a has 12 features"),
        (np.zeros((0, 4)), "clip a has 0 features"),
    ],
    ids=["width", "transposed", "flat", "nan", "inf", "half a stride", "twice", "empty"],
)
def test_features_that_do_not_fit_are_named(recipe: Recipe, features: np.ndarray, said: str):
    with pytest.raises(TrainingError, match=said):
        together(recipe, [clip("a"), clip("b")], [], {"a": features})


def test_a_missing_feature_a_short_clip_and_a_clip_that_comes_twice_are_named(recipe: Recipe):
    events = tables.from_rows("events", [])
    with pytest.raises(TrainingError, match="clip a has no features"):
        sequences_of(tables.from_rows("clips", [clip("a")]), events, {}, recipe())
    with pytest.raises(TrainingError, match="clip a lasts 3 frames, and a window 4"):
        together(recipe, [clip("a", duration_s=0.3)], [])
    with pytest.raises(TrainingError, match="clip a comes twice"):
        together(recipe, [clip("a"), clip("a")], [])


def test_shuffling_gives_each_clip_the_segments_of_another_and_loses_none(
    made: Callable[..., Sequences],
):
    clips = made(30, seed=0, side="training")
    mixed = shuffled(clips, seed=0, fold=0)

    def marks(sequences: Sequences) -> list[tuple]:
        pairs = zip(sequences.segments, sequences.labels, strict=True)
        return [(str(one.tolist()), str(other.tolist())) for one, other in pairs]

    assert Counter(marks(mixed)) == Counter(marks(clips))
    assert mixed.features is clips.features
    assert marks(shuffled(clips, seed=0, fold=0)) == marks(mixed)
    assert marks(shuffled(clips, seed=1, fold=0)) != marks(mixed)
    assert marks(shuffled(clips, seed=0, fold=1)) != marks(mixed)


def test_shuffled_segments_stretch_to_the_clip_that_they_come_to(recipe: Recipe):
    clips = [clip("a"), clip("b", duration_s=4.8)]
    events = [event("film-a", 2.4, 9.6), event("film-b", 0.0, 2.4, "staring")]
    sides = together(recipe, clips, events, {"b": np.zeros((12, 4))})
    swapped = next(
        mixed
        for seed in range(20)
        if (mixed := shuffled(sides, seed=seed, fold=0)).labels[0].tolist() == [1]
    )
    torch.testing.assert_close(swapped.segments[0], torch.tensor([[0.0, 4.8]]).double())
    torch.testing.assert_close(swapped.segments[1], torch.tensor([[1.2, 4.8]]).double())


def test_no_clip_keeps_its_own_segments_when_they_are_shuffled(recipe: Recipe):
    """Each clip's segment is of its own length, so that it can be told whose it was."""
    clips = [clip(f"c{number}") for number in range(7)]
    events = [event(f"film-c{number}", 0.0, 1.0 + number) for number in range(7)]
    sides = together(recipe, clips, events)
    for seed in range(20):
        taken = [float(one[0, 1]) for one in shuffled(sides, seed=seed, fold=0).segments]
        assert sorted(taken) == [1.0 + number for number in range(7)]
        assert all(end_s != 1.0 + number for number, end_s in enumerate(taken))
