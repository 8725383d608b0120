"""How long the clips of a recording are: all of it, or windows."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor

from pydantic import ValidationError

from rodepil.config.localize import SequenceSettings
from rodepil.config.settings import CurateSettings
from rodepil.data.recordings import Recording
from rodepil.errors import SettingError

_WINDOWED = 2
_MOST_OF_A_CLIP = 0.5


@dataclass(frozen=True)
class Cutting:
    """How a recording of action units is cut.

    Parameters
    ----------
    settings
        How its clips are curated; ``clip_duration_s`` is their length.
    tail_s
        What is left behind the last whole window, in seconds; 0 where nearly nothing is.
    """

    settings: CurateSettings
    tail_s: float


def cutting_of(
    recording: Recording,
    annotated_s: float,
    curate: CurateSettings,
    sequence: SequenceSettings,
) -> Cutting | None:
    """Say how a recording is cut; None where its clips are shorter than a window of features.

    One that lasts less than two windows of ``curate.clip_duration_s`` is one clip of its own
    length, or of the annotated length where no more than ``curate.max_end_gap_s`` is between. A
    longer one is cut into such windows. No clip is dropped for being still.

    Raises
    ------
    SettingError
        The rate is not whole, or no video of that size can be made.
    """
    rate = round(sequence.fps)
    if rate != sequence.fps:
        raise SettingError(
            f"sequence.fps is {sequence.fps:g}; videos are resampled to whole frames a second, so "
            f"set it to {rate}, or import features that were made at that rate"
        )
    lasts_s = Fraction(recording.n_frames) / recording.frame_rate
    clip_s = float(Fraction(floor(lasts_s * rate), rate))
    if lasts_s >= _WINDOWED * Fraction(curate.clip_duration_s):
        clip_s = curate.clip_duration_s
    elif abs(float(lasts_s) - annotated_s) <= curate.max_end_gap_s:
        clip_s = round(annotated_s * rate) / rate
    if round(clip_s * rate) < sequence.window_frames:
        return None
    windows = floor((float(lasts_s) + curate.max_end_gap_s) / clip_s)
    tail_s = float(lasts_s) - windows * clip_s
    return Cutting(
        _settings(curate, clip_s, rate, sequence.size_px),
        tail_s if tail_s > curate.max_end_gap_s else 0.0,
    )


def _settings(curate: CurateSettings, clip_s: float, rate: int, size_px: int) -> CurateSettings:
    most_s = clip_s * _MOST_OF_A_CLIP
    try:
        return CurateSettings.model_validate(
            curate.model_dump()
            | {
                "clip_duration_s": clip_s,
                "fps": rate,
                "size_px": size_px,
                "min_overlap_s": 0.0,
                "motion_min_share": 0.0,
                "max_gap_s": min(curate.max_gap_s, most_s),
                "max_end_gap_s": min(curate.max_end_gap_s, most_s),
            }
        )
    except ValidationError as error:
        said = "; ".join(f"{item['loc'][-1:]}: {item['msg']}" for item in error.errors())
        raise SettingError(
            f"sequence.size_px {size_px} or sequence.fps {rate} make no videos ({said}); mend them"
        ) from error
