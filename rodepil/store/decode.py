"""One decode of a clip serves all views that are wanted of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from rodepil.errors import FeatureError
from rodepil.io.clip_frames import ClipSpan, clip_frames, measure_span
from rodepil.store.views.base import Row, Tap, View

Made = TypeVar("Made")


def decode_one(path: Path, view: View, span: ClipSpan | None = None) -> Row:
    """Make what one view stores of a clip; see `decode`.

    Raises
    ------
    VideoError
        The clip can't be decoded.
    FeatureError
        It decodes to another number of frames, or does not fit the view.
    """
    (row,) = decode(path, [view], span)
    if isinstance(row, FeatureError):
        raise row
    return row


def decode(
    path: Path, views: Sequence[View], span: ClipSpan | None = None
) -> list[Row | FeatureError]:
    """Make what each view stores of a clip.

    Parameters
    ----------
    path
        The clip.
    views
        What to make of it.
    span
        What the clip must hold, as the manifest says; by default what it does.

    Returns
    -------
    list
        For each view its arrays by column, or the reason why the clip does not fit it.

    Raises
    ------
    VideoError
        The clip can't be decoded.
    FeatureError
        It decodes to another number of frames.
    """
    expected = measure_span(path) if span is None else span
    rows, decoded = _pass(path, views, expected)
    if decoded == 0 or (span is not None and decoded != span.n_frames):
        raise FeatureError(
            f"{path} decodes to {decoded} frames, wanted {expected.n_frames or 'at least 1'}; "
            "make the clip again ('rodepil curate')"
        )
    if decoded != expected.n_frames:  # some packets do not decode: what decodes is the clip
        rows, _ = _pass(path, views, ClipSpan(decoded, expected.fps))
    return rows


def _pass(
    path: Path, views: Sequence[View], span: ClipSpan
) -> tuple[list[Row | FeatureError], int]:
    """Decode once; return what came of each view, and the number of frames."""
    taps = [_try(partial(view.tap, span)) for view in views] if span.n_frames else []
    at_work = [tap for tap in taps if not isinstance(tap, FeatureError)]
    decoded = 0
    for frame in clip_frames(path):
        decoded += 1
        for tap in at_work:
            tap.add(frame)
    if decoded != span.n_frames:
        return [], decoded
    return [_finish(view, tap) for view, tap in zip(views, taps, strict=True)], decoded


def _finish(view: View, tap: Tap | FeatureError) -> Row | FeatureError:
    if isinstance(tap, FeatureError):
        return tap
    row = _try(tap.finish)
    if not isinstance(row, FeatureError):
        _check(view, row)
    return row


def _try(step: Callable[[], Made]) -> Made | FeatureError:
    """Return what a step makes, or the reason why it refuses the clip."""
    try:
        return step()
    except FeatureError as error:
        return error


def _check(view: View, row: Row) -> None:
    """Refuse arrays that are not what the view says it stores: a fault in the view."""
    for name, column in view.columns.items():
        array = row.get(name)
        if array is None or not column.fits(array):
            got = "nothing" if array is None else f"{array.dtype} {array.shape}"
            raise TypeError(
                f"view '{view.name}' made {got} for its column '{name}', wanted {column.dtype} "
                f"{column.shape}; mend {type(view).__qualname__}"
            )
