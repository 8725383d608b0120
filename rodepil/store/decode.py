"""One decode of a clip serves all views that are wanted of it; those of files only read them."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TypeVar

from rodepil.errors import FeatureError, RodepilError
from rodepil.io.clip_frames import ClipFrame, ClipSpan, clip_frames, measure_span
from rodepil.store.views.base import Row, Tap, View
from rodepil.store.views.files import FileView

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
        For each view its arrays by column, or the reason why it has none of this clip; one that
        all views have before the first frame saves decoding.

    Raises
    ------
    VideoError
        The clip can't be decoded, or has another rate.
    FeatureError
        It decodes to another number of frames.
    """
    of_film = [view for view in views if not isinstance(view, FileView)]
    decoded = iter(_decode(path, of_film, span) if of_film else ())
    return [
        _read(view, path, span) if isinstance(view, FileView) else next(decoded) for view in views
    ]


def _decode(path: Path, views: Sequence[View], span: ClipSpan | None) -> list[Row | RodepilError]:
    """Make what views of frames store of a clip."""
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
    if makers and fps is not None and all(maker.failed for maker in makers):
        return [maker.finish() for maker in makers], span.n_frames
    decoded = 0
    for frame in clip_frames(path, fps):
        decoded += 1
        for maker in makers:
            maker.add(frame)
    if decoded != span.n_frames:
        return [], decoded
    return [maker.finish() for maker in makers], decoded


def _read(view: FileView, path: Path, span: ClipSpan | None) -> Row | RodepilError:
    """Return what a view reads of a clip's file, or the reason why it reads nothing."""
    return _try(view, lambda: _checked(view, view.read(path, span)))


def _checked(view: View, row: Row) -> Row:
    """Refuse arrays that are not what the view says it stores: a fault in the view."""
    for name, column in view.columns.items():
        array = row.get(name)
        if array is None or not column.fits(array):
            got = "nothing" if array is None else f"{array.dtype} {array.shape}"
            raise FeatureError(
                f"{type(view).__qualname__} made {got} for its column '{name}', wanted "
                f"{column.dtype} {column.shape}; mend that class"
            )
    return row


def _try(view: View, step: Callable[[], Made]) -> Made | RodepilError:
    """Return what a step of a view makes, or the reason why it makes nothing."""
    try:
        return step()
    except RodepilError as error:
        return error
    except MemoryError:  # no fault of the view's
        raise
    except Exception as error:  # noqa: BLE001 - any fault in a view's own code is that view's alone
        return fault_of(view, error)


class _Maker:
    """Makes what one view stores of a clip; once it fails it stays so, and the others go on."""

    def __init__(self, view: View, span: ClipSpan) -> None:
        self._view = view
        self._tap: Tap | RodepilError = self._try(partial(view.tap, span))

    @property
    def failed(self) -> bool:
        """Whether nothing will come of it."""
        return isinstance(self._tap, RodepilError)

    def add(self, frame: ClipFrame) -> None:
        if not isinstance(self._tap, RodepilError):
            said = self._try(partial(self._tap.add, frame))
            if isinstance(said, RodepilError):
                self._tap = said

    def finish(self) -> Row | RodepilError:
        if isinstance(self._tap, RodepilError):
            return self._tap
        return self._try(partial(self._ended, self._tap))

    def _ended(self, tap: Tap) -> Row:
        return _checked(self._view, tap.finish())

    def _try(self, step: Callable[[], Made]) -> Made | RodepilError:
        return _try(self._view, step)


def fault_of(view: View, error: Exception) -> FeatureError:
    """Return an error that says where a view's own code failed, and with what."""
    passed = traceback.extract_tb(error.__traceback__)
    own = getattr(sys.modules.get(type(view).__module__), "__file__", None)
    place = ([each for each in passed if each.filename == own] or passed)[-1]
    fault = FeatureError(
        f"{type(view).__qualname__} (kind '{view.kind}') ended with {type(error).__name__}: "
        f"{error} ({place.filename}:{place.lineno}); mend that line"
    )
    fault.__cause__ = error
    return fault
