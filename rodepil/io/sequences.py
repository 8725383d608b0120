"""Sequences of features that came as files: read, and held against the clip that they are of.

Shapes: T windows, C width.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rodepil.errors import FeatureError
from rodepil.io.wording import by_number

Floats = npt.NDArray[np.float32]

SUFFIX: Final = ".npy"
SLACK_WINDOWS: Final = 1
"""So many windows a file may hold more or less: who made it may have had a frame more or less."""

_DIMENSIONS: Final = 2


@dataclass(frozen=True)
class SequenceForm:
    """What a file of features must be.

    Parameters
    ----------
    fps
        Frames a second of the clip that windows slide along.
    window_frames, stride_frames
        Frames that a window spans, and from a window's start to the next one's.
    width
        C, or None where any will do.
    """

    fps: float
    window_frames: int
    stride_frames: int
    width: int | None = None

    def frames(self, duration_s: float) -> int:
        """Return the frames of a clip of that length."""
        return round(duration_s * self.fps)

    def count(self, n_frames: int) -> int:
        """Return T, the windows that fit whole into so many frames."""
        return max(0, (n_frames - self.window_frames) // self.stride_frames + 1)

    def fits(self, windows: int, n_frames: int) -> bool:
        """Say whether so many windows can be those of a clip of so many frames."""
        return windows > 0 and abs(windows - self.count(n_frames)) <= SLACK_WINDOWS


def read_sequence(path: Path, form: SequenceForm, duration_s: float | None = None) -> Floats:
    """Read a clip's features; nothing that a file holds is ever run.

    Parameters
    ----------
    path
        A file of NumPy's format, (T, C) floats of 16, 32 or 64 bits.
    form
        What it must be.
    duration_s
        Seconds of the clip; by default nothing is said of T.

    Returns
    -------
    numpy.ndarray
        (T, C) float32, finite.

    Raises
    ------
    FeatureError
        The file is missing, empty, no such file, of another type, width or number of dimensions,
        transposed, or holds what is no number; or T is none that the clip has.
    """
    held = _load(path)
    if duration_s is not None and form.frames(duration_s) < form.window_frames:
        raise FeatureError(
            f"{path}: a clip of {duration_s:g} s is {form.frames(duration_s)} frames at "
            f"{form.fps:g} fps, shorter than one window of {form.window_frames}; leave it out"
        )
    _check_shape(path, held, form, duration_s)
    with np.errstate(over="ignore"):
        sequence = np.ascontiguousarray(held, np.float32)
    bad = ~np.isfinite(sequence)
    if bad.any():
        window, place = np.argwhere(bad)[0]
        numbers = by_number(int(bad.sum()), "value", "values")
        verb = "is" if bad.sum() == 1 else "are"
        raise FeatureError(
            f"{path} holds {numbers} that {verb} no finite float32, the first in "
            f"window {window}, place {place}; make its features again, or leave the clip out"
        )
    return sequence


def _load(path: Path) -> npt.NDArray[Any]:
    """Return the array of a file as it stands there, mapped rather than read."""
    if not path.is_file():
        raise FeatureError(f"{path} is not there; bring the clip's features, or leave it out")
    try:
        held = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        # NumPy takes whatever is no array for pickled objects, and says how to load those.
        objects = "allow_pickle" in str(error)
        reason = "it holds no array, or Python objects" if objects else error
        raise FeatureError(
            f"{path} is no array of numbers in NumPy's format ({reason}); save it by "
            "numpy.save(path, features)"
        ) from error
    if not isinstance(held, np.ndarray):
        held.close()
        raise FeatureError(f"{path} holds several arrays; save one a clip by numpy.save")
    if held.dtype.kind != "f" or held.dtype.itemsize > np.dtype(np.float64).itemsize:
        raise FeatureError(
            f"{path} holds {held.dtype}, wanted float32; save it by "
            "numpy.save(path, array.astype('float32'))"
        )
    return held


def _check_shape(
    path: Path, held: npt.NDArray[Any], form: SequenceForm, duration_s: float | None
) -> None:
    wanted = f"(T, {form.width or 'C'})"
    if held.ndim != _DIMENSIONS:
        raise FeatureError(f"{path} has the shape {held.shape}, wanted {wanted}; mend that file")
    if not held.size:
        raise FeatureError(f"{path} is empty: its shape is {held.shape}, wanted {wanted}")
    n_frames = None if duration_s is None else form.frames(duration_s)
    if _transposed(held.shape, form, n_frames):
        raise FeatureError(
            f"{path} is transposed: its shape is {held.shape}, wanted {wanted}; save it by "
            "numpy.save(path, features.T)"
        )
    windows, width = held.shape
    if form.width is not None and width != form.width:
        raise FeatureError(
            f"{path} has features of width {width}, wanted {form.width}; take those of the same "
            "network, or set the width to what these have"
        )
    if n_frames is not None and not form.fits(windows, n_frames):
        raise FeatureError(f"{path} {_misfit(windows, n_frames, form, duration_s or 0.0)}")


def _transposed(shape: tuple[int, ...], form: SequenceForm, n_frames: int | None) -> bool:
    """Say whether the other way round all would fit."""
    windows, width = shape
    if form.width is not None:
        return width != form.width and windows == form.width
    if n_frames is None:
        return False
    return form.fits(width, n_frames) and not form.fits(windows, n_frames)


def _misfit(windows: int, n_frames: int, form: SequenceForm, duration_s: float) -> str:
    """Say what a clip of so many frames has, and under what other grid so many windows fit."""
    grid = f"windows of {form.window_frames} frames at stride {form.stride_frames}"
    rate = ((windows - 1) * form.stride_frames + form.window_frames) / duration_s
    others = [*_strides(windows, n_frames, form), *_windows(windows, n_frames, form)]
    others.append(f"{rate:.3g} frames a second")
    return (
        f"has {windows} windows; {duration_s:g} s at {form.fps:g} fps have {form.count(n_frames)} "
        f"{grid}. So many would fit {' or '.join(others)}; correct the section 'sequence', or take "
        "other features"
    )


def _strides(windows: int, n_frames: int, form: SequenceForm) -> list[str]:
    """Return the stride that would give so many windows, if one does."""
    room = n_frames - form.window_frames
    found = [stride for stride in range(1, room + 1) if room // stride + 1 == windows]
    return [f"a stride of {found[0]}"] if found else []


def _windows(windows: int, n_frames: int, form: SequenceForm) -> list[str]:
    """Return the window that would give so many windows, if one does."""
    longest = n_frames - (windows - 1) * form.stride_frames
    return [f"a window of {longest} frames"] if 0 < longest <= 2 * form.window_frames else []
