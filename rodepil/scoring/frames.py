"""Scores frame by frame and in order: the share of right frames, and the edit score.

F frames of a video, C labels.

A frame shows what its middle lies in. Where segments overlap, the one of higher score is on top;
of equal scores the one that starts later, then the one that ends earlier, then the one that was
given later: what happens within something longer is seen. A frame in no segment is background.

References
----------
.. [1] Lea, C., Flynn, M. D., Vidal, R., Reiter, A. & Hager, G. D. (2017). Temporal convolutional
   networks for action segmentation and detection. CVPR, 156-165 (frame-wise accuracy and
   segmental edit score).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rodepil.data.problems import told
from rodepil.errors import AnnotationError
from rodepil.scoring.names import Ints, codes_of
from rodepil.scoring.segments import Floats, Segments

BACKGROUND = -1
FPS = 30.0


@dataclass(frozen=True)
class FrameScores:
    """How predicted segments agree with true ones in every frame, and in their order.

    Parameters
    ----------
    frames
        Frames of all videos.
    accuracy
        Share of frames that are right, in [0, 1]. Where true segments overlap, any of their
        labels is right.
    edit
        Mean over videos of 1 - d / n, in [0, 1]: d is the Levenshtein distance of the two
        sequences of labels, n the length of the longer one. Background and lengths do not count;
        two empty sequences agree wholly.
    """

    frames: int
    accuracy: float
    edit: float


def score_frames(
    truths: Segments | pa.Table,
    predictions: Segments | pa.Table,
    durations_s: Mapping[str, float],
    fps: float = FPS,
) -> FrameScores:
    """Compare predicted segments with true ones frame by frame, and in their order.

    Parameters
    ----------
    truths, predictions
        Segments, or tables ``events``. Keep predictions that are sure enough; all are shown.
    durations_s
        Seconds of each video that is scored, by its name (`video_key` of an event).
    fps
        Frames a second, above 0.

    Raises
    ------
    TableError
        A table is none of events.
    AnnotationError
        A segment is of a video without a duration, or there is no frame at all.
    ValueError
        `fps` is not above 0.
    """
    if not 0 < fps < float("inf"):
        raise ValueError(f"{fps:g} frames a second show nothing; give a rate above 0")
    true, said = (
        one if isinstance(one, Segments) else Segments.of_events(one)
        for one in (truths, predictions)
    )
    _check_videos(true, said, durations_s)
    labels, true_codes, said_codes = codes_of(true.labels, said.labels)
    right, frames, edits = 0, 0, []
    for video, duration_s in durations_s.items():
        times: Floats = (np.arange(round(duration_s * fps), dtype=np.float64) + 0.5) / fps
        one, other = (
            _painted(side, codes, side.videos.rows(video), times)
            for side, codes in ((true, true_codes), (said, said_codes))
        )
        shown = _shown(true, true_codes, video, times, len(labels))
        right += int(shown[other, np.arange(len(times))].sum())
        frames += len(times)
        edits.append(edit_score(_order(one), _order(other)))
    if not frames:
        raise AnnotationError("no video has a frame; give durations of the videos to be scored")
    return FrameScores(frames, right / frames, float(np.mean(edits)))


def edit_score(one: Sequence[int], other: Sequence[int]) -> float:
    """Return 1 - Levenshtein distance / length of the longer sequence, 1 for two empty ones."""
    longer = max(len(one), len(other))
    if not longer:
        return 1.0
    row = list(range(len(other) + 1))
    for number, item in enumerate(one, start=1):
        above, row = row, [number]
        for place, partner in enumerate(other, start=1):
            swapped = above[place - 1] + (item != partner)
            row.append(min(swapped, above[place] + 1, row[-1] + 1))
    return 1 - row[-1] / longer


def _painted(side: Segments, codes: Ints, rows: Ints, times: Floats) -> Ints:
    """Return the label on top in each frame, (F,), or `BACKGROUND`."""
    painted = np.full(len(times), BACKGROUND, dtype=np.int64)
    below_first = np.lexsort((rows, -side.end_s[rows], side.start_s[rows], side.scores[rows]))
    for row in rows[below_first].tolist():
        painted[_within(side, row, times)] = codes[row]
    return painted


def _shown(
    side: Segments, codes: Ints, video: str, times: Floats, labels: int
) -> npt.NDArray[np.bool_]:
    """Return which labels are right in each frame, (C + 1, F); the last is background."""
    shown = np.zeros((labels + 1, len(times)), dtype=np.bool_)
    for row in side.videos.rows(video).tolist():
        shown[codes[row]] |= _within(side, row, times)
    shown[BACKGROUND] = ~shown.any(axis=0)
    return shown


def _within(side: Segments, row: int, times: Floats) -> npt.NDArray[np.bool_]:
    inside: npt.NDArray[np.bool_] = (times >= side.start_s[row]) & (times < side.end_s[row])
    return inside


def _order(painted: Ints) -> list[int]:
    """Return the labels in order of time, each stretch once, without background."""
    starts = np.flatnonzero(np.diff(painted, prepend=BACKGROUND - 1))
    return [code for code in painted[starts].tolist() if code != BACKGROUND]


def _check_videos(true: Segments, said: Segments, durations_s: Mapping[str, float]) -> None:
    wrong = [f"'{video}' lasts {length} s" for video, length in durations_s.items()
             if not 0 <= length < float("inf")]  # fmt: skip
    named = {*true.videos.known, *said.videos.known}
    wrong += [f"'{video}' has no duration" for video in sorted(named - set(durations_s))]
    if wrong:
        raise AnnotationError(
            told(wrong, "Give the seconds of every video that has segments, 0 or more")
        )
