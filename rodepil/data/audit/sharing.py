"""Which subject, recording, date or cage position predicts the label, and what folds share.

N clips.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rodepil.data.audit.tell import REPEATS, Cohort
from rodepil.data.foldcheck import SharedRecording, check_folds

Ints = npt.NDArray[np.int64]

LISTED: Final = 8


@dataclass(frozen=True)
class Place:
    """One subject, recording, date or position, its clips and those with a seizure."""

    value: str
    clips: int
    positives: int


@dataclass(frozen=True)
class Factor:
    """How much one thing that is no behaviour says of the label.

    Parameters
    ----------
    explained
        Share of the label's entropy that knowing it takes away, in [0, 1].
    chance
        The same where labels don't follow it, on average: few clips explain much by chance.
    p
        How often chance explains as much.
    places
        Those whose share of seizure clips is furthest from their share of all clips, most first.
    """

    explained: float
    chance: float
    p: float
    places: tuple[Place, ...]


def judge_factor(values: Sequence[str], cohort: Cohort, *, by_clip: bool = False) -> Factor:
    """Return how much `values`, one a clip, say of the labels.

    Chance deals values of subjects to subjects (`Cohort.dealt`), or with `by_clip` any clip's
    to any: for subjects themselves.
    """
    names, codes = np.unique(np.asarray(values), return_inverse=True)
    codes = codes.astype(np.int64)
    if by_clip:
        random = np.random.default_rng(2)
        dealt = [random.permutation(len(codes)) for _ in range(REPEATS)]
    else:
        dealt = list(cohort.dealt)
    told = explained(codes, cohort.labels)
    chance = np.array([explained(codes[row], cohort.labels) for row in dealt])
    p = float((1 + np.sum(chance >= told - 1e-12)) / (1 + len(chance)))
    counts = Counter(codes.tolist())
    positive = Counter(codes[cohort.labels == 1].tolist())
    places = [
        Place(str(name), counts[code], positive[code]) for code, name in enumerate(names.tolist())
    ]
    share = len(codes) / max(1, int(cohort.labels.sum()))
    places.sort(key=lambda place: (-abs(place.positives * share - place.clips), place.value))
    return Factor(told, float(chance.mean()), p, tuple(places[:LISTED]))


def explained(codes: Ints, labels: Ints) -> float:
    """Return the mutual information of codes and labels as a share of the labels' entropy."""
    counts = np.bincount(codes * 2 + labels, minlength=2 * (int(codes.max()) + 1))
    joint = counts.reshape(-1, 2) / len(codes)
    whole = _entropy(joint.sum(0))
    if whole == 0:
        return 0.0
    return max(0.0, (whole + _entropy(joint.sum(1)) - _entropy(joint.ravel())) / whole)


def shared_recordings(recordings: Sequence[str], subjects: Sequence[str]) -> dict[str, list[str]]:
    """Return the recordings that show several subjects, each with these."""
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for recording, subject in zip(recordings, subjects, strict=True):
        seen[recording].add(subject)
    return {name: sorted(found) for name, found in sorted(seen.items()) if len(found) > 1}


@dataclass(frozen=True)
class FoldSharing:
    """What folds share though no subject stands in two.

    Parameters
    ----------
    recordings
        Recordings whose animals stand in several folds.
    duplicates
        Groups of near-duplicate clips that stand in several folds, with each clip's fold.
    """

    recordings: tuple[SharedRecording, ...]
    duplicates: tuple[Mapping[str, int], ...]


def fold_sharing(clips: pa.Table, folds: pa.Table, groups: Sequence[Sequence[str]]) -> FoldSharing:
    """Return what the folds share.

    Parameters
    ----------
    clips
        The manifest.
    folds
        Its fold table.
    groups
        Near-duplicate clips, by clip_id.

    Raises
    ------
    FoldError, SubjectLeak
        The fold table is not one of these clips, or no good.
    """
    report = check_folds(clips, folds)
    columns = (folds.column(name).to_pylist() for name in ("clip_id", "fold"))
    fold_of: dict[str, int] = dict(zip(*columns, strict=True))
    torn = []
    for group in groups:
        stands = {clip: fold_of[clip] for clip in group if clip in fold_of}
        if len(set(stands.values())) > 1:
            torn.append(stands)
    return FoldSharing(report.shared, tuple(torn))


def _entropy(shares: npt.NDArray[np.float64]) -> float:
    positive = shares[shares > 0]
    return float(-(positive * np.log2(positive)).sum())
