"""Segments of sequences of any length: windows, what each may give, and what they share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from rodepil.config.raseformer import SegmentSettings
from rodepil.errors import ModelError
from rodepil.localize import find as module
from rodepil.localize.find import find, windows_of
from rodepil.localize.localizer import Finder
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.models.raseformer.build import build
from rodepil.models.raseformer.decode import localize
from rodepil.models.raseformer.network import Levels, Raseformer
from rodepil.models.raseformer.nms import Found
from rodepil.models.raseformer.points import batch

Recipe = Callable[..., LocalizeTrialSettings]
SETTINGS = SegmentSettings(segments=20)


@pytest.fixture
def network(recipe: Recipe) -> Raseformer:
    """Return a small network with random weights."""
    return build(recipe().network).eval()


@pytest.mark.parametrize("steps", [1, 7, 24])
def test_a_sequence_of_one_window_is_localized_as_it_is(network: Raseformer, steps: int):
    rows = torch.randn(steps, 4, generator=torch.Generator().manual_seed(steps))
    (wanted,) = localize(network(*batch([rows], network.settings)), network.settings, SETTINGS)
    for given in (rows, rows.numpy(), rows.numpy().astype(np.float64)):
        got = find(network, SETTINGS, given)
        assert torch.equal(got.segments, wanted.segments)
        assert torch.equal(got.scores, wanted.scores)
        assert torch.equal(got.labels, wanted.labels)


@pytest.mark.parametrize("steps", [25, 36, 48, 49, 60, 95, 1000])
def test_windows_are_full_start_every_half_and_ask_every_place(steps: int):
    windows = windows_of(steps, 24)
    assert all(one.end - one.first == 24 for one in windows)
    assert [one.first for one in windows[:-1]] == list(range(0, steps - 24, 12))
    assert windows[-1].end == steps
    for place in np.linspace(-5, steps + 5, 997):
        asked = [one for one in windows if one.low <= place <= one.high]
        assert 1 <= len(asked) <= 3
        for one in asked:  # an eighth away from an end, but for the ends of the sequence
            assert place >= one.first + 3 or one.first == 0
            assert place <= one.end - 3 or one.end == steps


def overlap(one: list[float], other: list[float]) -> float:
    """Return tIoU by hand."""
    inner = max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
    return inner / (one[1] - one[0] + other[1] - other[0] - inner)


def merged_by_loops(windows: list[tuple[int, Found]], steps: int, length: int) -> list[tuple]:
    """Merge what windows found, by the rule as it is written, in plain loops."""
    done: list[list[tuple]] = []
    for first, found in windows:
        new = []
        rows = zip(
            found.segments.tolist(), found.scores.tolist(), found.labels.tolist(), strict=True
        )
        for (start, end), score, label in rows:
            middle = 0.5 * (start + end)
            early = middle < length / 8 and first > 0
            late = middle > length - length / 8 and first + length < steps
            if not early and not late:
                new.append((start + first, end + first, score, label))
        for back in range(min(2, len(done)), 0, -1):
            old = done[-back]
            ranked = sorted(
                [(-row[2], 0, n) for n, row in enumerate(old)]
                + [(-row[2], 1, n) for n, row in enumerate(new)]
            )
            gone: set[tuple[int, int]] = set()
            for _, side, n in ranked:
                if (side, n) in gone:
                    continue
                mine, others = ((old, new), (new, old))[side]
                gone |= {
                    (1 - side, m)
                    for m, row in enumerate(others)
                    if row[3] == mine[n][3] and overlap(list(row[:2]), list(mine[n][:2])) >= 0.5
                }
            done[-back] = [row for n, row in enumerate(old) if (0, n) not in gone]
            new = [row for n, row in enumerate(new) if (1, n) not in gone]
        done.append(new)
    return sorted((row for rows in done for row in rows), key=lambda row: -row[2])


@pytest.mark.parametrize("steps", [26, 61, 130])
def test_windows_are_merged_as_the_loops_do_it(
    network: Raseformer, monkeypatch: pytest.MonkeyPatch, steps: int
):
    rng = torch.Generator().manual_seed(steps)

    def found() -> Found:
        starts = torch.randint(-2, 20, (25,), generator=rng).float()
        lengths = torch.randint(2, 9, (25,), generator=rng)
        scores = torch.rand(25, generator=rng)
        labels = torch.randint(0, 2, (25,), generator=rng)
        return Found(torch.stack((starts, starts + lengths), 1), scores, labels)

    given: list[Found] = []

    def instead(levels: Levels, *_: object) -> list[Found]:
        made = [found() for _ in levels.valid[0]]
        given.extend(made)
        return made

    monkeypatch.setattr(module, "localize", instead)
    monkeypatch.setattr(module, "WINDOWS_AT_ONCE", 3)
    got = find(network, SETTINGS, torch.zeros(steps, 4))
    firsts = [one.first for one in windows_of(steps, 24)]
    wanted = merged_by_loops(list(zip(firsts, given, strict=True)), steps, 24)
    assert len(wanted) < sum(map(len, given))
    assert got.scores.tolist() == [row[2] for row in wanted]
    assert got.labels.tolist() == [row[3] for row in wanted]
    assert got.segments.tolist() == [list(row[:2]) for row in wanted]


class Counted:
    """An array whose rows are read; none is held."""

    def __init__(self, steps: int) -> None:
        self.steps, self.most, self.reads = steps, 0, 0
        self.ndim, self.shape = 2, (steps, 4)

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, part: slice) -> np.ndarray:
        self.reads += 1
        self.most = max(self.most, part.stop - part.start)
        return np.full((part.stop - part.start, 4), 0.1, np.float32)


def test_of_a_long_recording_no_more_than_a_window_is_read_at_a_time(network: Raseformer):
    rows = Counted(1000)
    find(network, SegmentSettings(segments=1, candidates=2), rows)
    assert rows.most == 24
    assert rows.reads == len(windows_of(1000, 24))


@pytest.mark.parametrize(
    "steps", [torch.zeros(0, 4), torch.zeros(5, 3), torch.zeros(5)], ids=["empty", "wide", "flat"]
)
def test_sequences_that_do_not_fit_are_refused(network: Raseformer, steps: Tensor):
    with pytest.raises(ModelError, match=r"shape \(.*wants \(T, 4\)"):
        find(network, SETTINGS, steps)


@pytest.fixture
def finder(recipe: Recipe, network: Raseformer) -> Finder:
    """Return the network at work."""
    return Finder(network, SETTINGS, recipe().grid, ("others", "staring"))


def test_events_are_of_their_clip_within_it_and_best_first(finder: Finder):
    rng = torch.Generator().manual_seed(0)
    clips = [torch.randn(24, 4, generator=rng), torch.randn(10, 4, generator=rng)]
    ids = [("film", 2, "rat"), ("other", 0, "mouse")]
    events = finder.find(clips, [9.6, 4.0], ids, [100.0, 0.0])
    rows = events.to_pylist()
    assert {(row["recording_id"], row["position"], row["subject_id"]) for row in rows} == set(ids)
    for row in rows:
        low, high = (100.0, 109.6) if row["recording_id"] == "film" else (0.0, 4.0)
        assert low <= row["start_s"] < row["end_s"] <= high
    for name in ("film", "other"):
        scores = [row["score"] for row in rows if row["recording_id"] == name]
        assert scores == sorted(scores, reverse=True)
        assert len(scores) > 5


def test_times_are_those_of_the_grid(finder: Finder):
    # 4 frames a window and a stride, 10 frames a second: step g is 0.4 g + 0.2 s.
    rows = torch.randn(24, 4, generator=torch.Generator().manual_seed(1))
    found = find(finder.network, SETTINGS, rows)
    wanted = [
        [min(max(0.4 * place + 0.2, 0.0), 9.6) for place in ends]
        for ends in found.segments.double().tolist()
    ]
    events = finder.find([rows], [9.6], [("film", 0, "rat")])
    got = list(
        zip(*(events.column(name).to_pylist() for name in ("start_s", "end_s")), strict=True)
    )
    assert got == [pytest.approx(ends) for ends in wanted if ends[0] < ends[1]]


def test_no_clips_give_an_empty_table(finder: Finder):
    assert finder.find([], [], []).num_rows == 0


def test_numbers_of_sequences_and_ids_that_differ_are_refused(finder: Finder):
    rows, one = torch.zeros(5, 4), ("film", 0, "rat")
    with pytest.raises(ModelError, match="more sequences than ids"):
        finder.find([rows, rows], [1.0], [one])
    with pytest.raises(ModelError, match="1 sequences for 2 ids"):
        finder.find([rows], [1.0, 1.0], [one, one])
    with pytest.raises(ModelError, match="1 ids, 2 durations"):
        finder.find([rows], [1.0, 1.0], [one])


def test_a_sequence_with_nan_is_named_by_its_recording(finder: Finder):
    with pytest.raises(ModelError, match=r"cage 3 of 'film': .*NaN"):
        finder.find([torch.full((5, 4), torch.nan)], [1.0], [("film", 3, "rat")])
