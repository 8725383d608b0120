"""One recording: its frames to features, cage by cage, and the features to events.

Shapes: T windows, F width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import pyarrow as pa

from rodepil.config.settings import CurateSettings
from rodepil.data.cages import Cage
from rodepil.data.windows import duration_of
from rodepil.detect.localize.outcome import VideoFacts
from rodepil.detect.localize.pieces import Seen, pieces
from rodepil.detect.localize.sliding import Slider
from rodepil.detect.localize.spool import Spool
from rodepil.detect.localize.tools import Tools
from rodepil.errors import ShortRecording

BESIDE: Final = "features-"
"""How the folder begins in which features lie meanwhile."""

Far = Callable[[float], None]
"""Is told how many seconds of the recording have been looked through since it was told last."""


@dataclass(frozen=True)
class Look:
    """A recording to look through.

    Parameters
    ----------
    video, sha256
        The file and its digest.
    cages
        Where to look, one or more boxes of one recording.
    tools
        Localizer and extractor.
    curate
        How frames become those of clips, at the rate of the features.
    """

    video: Path
    sha256: str
    cages: Sequence[Cage]
    tools: Tools
    curate: CurateSettings


def localize_one(look: Look, *, beside: Path, far: Far) -> tuple[pa.Table, VideoFacts]:
    """Find the events of one recording.

    Parameters
    ----------
    look
        What to look through.
    beside
        A folder that is there; features lie in it meanwhile, 4 F bytes a window and cage.
    far
        Shown how far it is.

    Returns
    -------
    tuple
        Table ``events`` of all that was found, and what was seen.

    Raises
    ------
    VideoError
        The video can't be read.
    ShortRecording
        It is shorter than one window of the features.
    FeatureError
        The disk is full.
    """
    video, cages, localizer = look.video, look.cages, look.tools.localizer
    with TemporaryDirectory(dir=beside, prefix=BESIDE, ignore_cleanup_errors=True) as folder:
        spools, seen, gaps_s = _features(look, Path(folder), far)
        duration_s = float(seen.end_s)
        if not spools[0].rows:
            sequence = localizer.card.sequence
            raise ShortRecording(
                f"{video} lasts {duration_s:g} s, less than one window of "
                f"{sequence.window_frames} frames at {sequence.fps:g} a second; leave it out"
            )
        events = localizer.find(
            [spool.read() for spool in spools],
            [duration_s] * len(cages),
            [(cage.recording_id, cage.position, cage.subject_id) for cage in cages],
        )
    facts = VideoFacts(
        cages[0].recording_id, str(video.resolve()), look.sha256, float(seen.fps), seen.frames,
        duration_s, tuple(cages), tuple(gaps_s),
    )  # fmt: skip
    return events, facts


def _features(
    look: Look, folder: Path, far: Far
) -> tuple[list[Spool], Seen, list[tuple[float, float]]]:
    """Return the features of every cage, and in which pieces frames are missing."""
    extract, sequence = look.tools.extract, look.tools.localizer.card.sequence
    windows = sequence.window_frames, sequence.stride_frames
    seen, gaps_s, clip_s = Seen(), list[tuple[float, float]](), float(duration_of(look.curate))
    sliders = [Slider(extract, *windows) for _ in look.cages]
    with ExitStack() as stack:
        spools = [
            stack.enter_context(Spool(folder / f"{number}.f32", extract.recipe.width))
            for number in range(len(look.cages))
        ]
        for piece in pieces(look.video, look.cages, look.curate, seen):
            clips = piece.clips(folder, look.curate)
            for slider, spool, frames in zip(sliders, spools, clips, strict=True):
                for frame in frames:
                    for made in slider.add(frame):
                        spool.add(made)
            length_s = piece.frames / look.curate.fps
            if piece.in_gap:
                gaps_s.append((piece.number * clip_s, piece.number * clip_s + length_s))
            far(length_s)
        for slider, spool in zip(sliders, spools, strict=True):
            for made in slider.finish():
                spool.add(made)
    return spools, seen, gaps_s
