"""Features that somebody else made, a file a clip, as a view of the store.

Shapes: T windows, C width.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from rodepil.config.base import Positive, PositiveReal
from rodepil.io.clip_frames import ClipSpan
from rodepil.io.sequences import SequenceForm, read_sequence
from rodepil.store.views.base import Column, Row
from rodepil.store.views.files import FileView
from rodepil.store.views.registry import register


@register
class ImportedSequence(FileView):
    """Features over windows that slide along a clip, as its file holds them.

    The column is that of the view ``sequence``, so that what reads one reads the other.

    Attributes
    ----------
    width
        C; a file of another width is refused.
    fps
        Frames a second of the video that the features were made of.
    window_frames, stride_frames
        Frames that a window spanned there, and from a window's start to the next one's.
    """

    kind: ClassVar[str] = "imported_sequence"
    code_version: ClassVar[int] = 1

    width: Positive = 1024
    fps: PositiveReal = 30.0
    window_frames: Positive = 16
    stride_frames: Positive = 4

    @property
    def columns(self) -> Mapping[str, Column]:
        """``sequence`` (T, C) float32."""
        return {"sequence": Column("float32", (None, self.width))}

    @property
    def form(self) -> SequenceForm:
        """What a file must be."""
        return SequenceForm(self.fps, self.window_frames, self.stride_frames, self.width)

    def made_with(self) -> str:
        """Return what shapes the bytes: the files alone."""
        return "files of features"

    def read(self, path: Path, span: ClipSpan | None) -> Row:
        """Return a clip's features.

        Raises
        ------
        FeatureError
            They are missing, damaged, of another shape than stated, or not of such a clip.
        """
        duration_s = None if span is None else float(span.n_frames / span.fps)
        return {"sequence": read_sequence(path, self.form, duration_s)}
