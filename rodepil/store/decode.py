"""One decode of a clip serves all views that are wanted of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

from rodepil.errors import FeatureError, RodepilError
from rodepil.io.clip_frames import ClipFrame, ClipSpan, clip_frames, measure_span
from rodepil.store.views.base import Row, Tap, View

Made = TypeVar("Made")


def decode_one(path: Path, view: View, span: ClipSpan | None = None) -> Row:
    """Make what one view stores of a clip; see `decode`.

    Raises
    ------
    VideoError
        The clip can't be decoded, or has another rate.
    FeatureError
        It decodes to another number of frames, or does not fit the view.
    RodepilError
        What else the view may raise.
    """
    (row,) = decode(path, [view], span)
    if isinstance(row, RodepilError):
        raise row
    return row


def decode(
    path: Path, views: Sequence[View], span: ClipSpan | None = None
) -> list[Row | RodepilError]:
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
        For each view its arrays by column, or the reason why it has none of this clip.

    Raises
    ------
    VideoError
        The clip can't be decoded, or has another rate.
    FeatureError
        It decodes to another number of frames.
    """
    expected = measure_span(path) if span is None else span
    rows, decoded = _pass(path, views, expected, None if span is None else span.fps)
    if decoded == 0 or (span is not None and decoded != span.n_frames):
        raise FeatureError(
            f"{path} decodes to {decoded} frames, wanted {expected.n_frames or 'at least 1'}; "
            "make the clip again ('rodepil curate')"
        )
    if decoded != expected.n_frames:  # some packets do not decode: what decodes is the clip
        rows, _ = _pass(path, views, ClipSpan(decoded, expected.fps), None)
    return rows


def _pass(
    path: Path, views: Sequence[View], span: ClipSpan, fps: Fraction | None
) -> tuple[list[Row | RodepilError], int]:
    """Decode once; return what came of each view, and the number of frames."""
    makers = [_Maker(view, span) for view in views] if span.n_frames else []
    decoded = 0
    for frame in clip_frames(path, fps):
        decoded += 1
        for maker in makers:
            maker.add(frame)
    if decoded != span.n_frames:
        return [], decoded
    return [maker.finish() for maker in makers], decoded


class _Maker:
    """Makes what one view stores of a clip; once it fails it stays so, and the others go on."""

    def __init__(self, view: View, span: ClipSpan) -> None:
        self._view = view
        self._tap: Tap | RodepilError = _try(partial(view.tap, span))

    def add(self, frame: ClipFrame) -> None:
        if not isinstance(self._tap, RodepilError):
            try:
                self._tap.add(frame)
            except RodepilError as error:
                self._tap = error

    def finish(self) -> Row | RodepilError:
        if isinstance(self._tap, RodepilError):
            return self._tap
        row = _try(self._tap.finish)
        if not isinstance(row, RodepilError):
            _check(self._view, row)
        return row


def _try(step: Callable[[], Made]) -> Made | RodepilError:
    """Return what a step makes, or the reason why it makes nothing."""
    try:
        return step()
    except RodepilError as error:
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
