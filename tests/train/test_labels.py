"""Permuted labels: what stays within each subject, and what the draw hangs on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from rodepil.store.clipset import ClipSet
from rodepil.train.labels import permuted
from rodepil.train.trial import TrialResult, TrialSettings

Recipe = Callable[..., TrialSettings]
Run = Callable[..., TrialResult]

SUBJECTS = ("a", "b", "a", "c", "b", "a", "c", "b", "a", "a", "c", "b", "a", "b")
LABELS = (1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 1)
"""Of a's six clips four are seizures, of b's five three, of c's three none."""


@pytest.fixture
def clips() -> ClipSet:
    """Give fourteen clips of three subjects."""
    return ClipSet(
        frames=torch.arange(14, dtype=torch.uint8).view(14, 1, 1, 1, 1),
        labels=torch.tensor(LABELS),
        clip_ids=tuple(f"clip-{index:02}" for index in range(14)),
        subject_ids=SUBJECTS,
    )


def test_each_subject_keeps_its_number_of_seizures_and_clips_change_labels(clips: ClipSet):
    made = permuted(clips, seed=0, fold=0)
    counts = Counter(zip(made.subject_ids, made.labels.tolist(), strict=True))
    assert counts == {("a", 1): 4, ("a", 0): 2, ("b", 1): 3, ("b", 0): 2, ("c", 0): 3}
    assert made.labels.tolist() != list(LABELS)
    assert clips.labels.tolist() == list(LABELS)


def test_frames_and_names_stay_with_their_clips(clips: ClipSet):
    made = permuted(clips, seed=0, fold=0)
    assert (made.clip_ids, made.subject_ids) == (clips.clip_ids, clips.subject_ids)
    assert (made.shape, made.dtype) == ((1, 1, 1, 1), torch.uint8)
    (frames,) = made.batches([torch.tensor([3, 1])], torch.device("cpu"))
    assert frames.flatten().tolist() == [3, 1]


def test_a_clips_label_hangs_on_seed_and_fold_and_not_on_the_order_of_clips(clips: ClipSet):
    def by_clip(some: ClipSet, seed: int = 0, fold: int = 0) -> dict[str, int]:
        made = permuted(some, seed=seed, fold=fold)
        return dict(zip(made.clip_ids, made.labels.tolist(), strict=True))

    order = torch.randperm(14, generator=torch.Generator().manual_seed(4))
    turned = replace(
        clips,
        frames=clips.frames[order],
        labels=clips.labels[order],
        clip_ids=tuple(clips.clip_ids[at] for at in order.tolist()),
        subject_ids=tuple(clips.subject_ids[at] for at in order.tolist()),
    )
    first = by_clip(clips)
    assert by_clip(turned) == first
    others = [by_clip(clips, seed=1), by_clip(clips, seed=2), by_clip(clips, fold=1)]
    assert all(other != first for other in others)


def test_every_label_of_a_subject_goes_to_every_clip_equally_often(clips: ClipSet):
    drawn = torch.stack([permuted(clips, seed=seed, fold=0).labels for seed in range(1000)])
    shares = drawn.double().mean(0)
    wanted = torch.tensor([{"a": 4 / 6, "b": 3 / 5, "c": 0.0}[name] for name in SUBJECTS])
    # Six deviations of the mean of 1,000 draws at one half.
    assert (shares - wanted).abs().max() < 6 * 0.5 / 1000**0.5


def test_a_permuted_trial_is_trained_on_permuted_labels_and_tested_on_true_ones(
    recipe: Recipe, run: Run, moving_bars: Callable[..., ClipSet], tmp_path: Path
):
    settings = recipe(seed=3)
    training = moving_bars(22, seed=1, side="training")
    labels = permuted(training, seed=3, fold=1).labels
    by_hand = run(settings, tmp_path / "by hand", labels=labels)
    chance = settings.model_copy(update={"control": "permuted"})
    made = run(chance, tmp_path / "permuted")
    assert made.predictions.equals(by_hand.predictions)
    assert made.predictions.column("label").to_pylist() == [0, 1, 0, 1, 0, 1, 0]
    plain = run(settings, tmp_path / "plain")
    assert not made.predictions.equals(plain.predictions)


def test_a_trial_of_shuffled_frames_scores_clips_alike_in_any_batch(
    recipe: Recipe, run: Run, tmp_path: Path
):
    scores = []
    for size in (4, 7):
        settings = recipe(epochs=1, learning_rate=1e-12, batch_size=size)
        one = settings.model_copy(update={"control": "shuffled"})
        tested = run(one, tmp_path / str(size)).predictions
        scores.append(tested.column("score").to_pylist())
    assert scores[0] == pytest.approx(scores[1], abs=1e-5)
    other = recipe(epochs=1, learning_rate=1e-12)
    plain = run(other, tmp_path / "plain").predictions.column("score").to_pylist()
    assert plain != pytest.approx(scores[0], abs=1e-5)
