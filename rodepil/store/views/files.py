"""Views of clips that are files of numbers: what is stored is read, and nothing is decoded."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path

from rodepil.errors import FeatureError
from rodepil.io.clip_frames import ClipSpan
from rodepil.store.views.base import Row, Tap, View


class FileView(View):
    """A shape of clips whose files hold it already, in one way or another."""

    @abstractmethod
    def read(self, path: Path, span: ClipSpan | None) -> Row:
        """Return an array for every column of the view.

        Parameters
        ----------
        path
            The clip's file.
        span
            How long the clip is, where the manifest says so.

        Raises
        ------
        FeatureError
            The file is missing, or does not hold what the view stores.
        """

    def tap(self, span: ClipSpan) -> Tap:
        """Refuse to be given frames: there are none.

        Raises
        ------
        FeatureError
            Always.
        """
        del span
        raise FeatureError(
            f"view '{self.name}' (kind '{self.kind}') reads files of features, not frames; take it "
            "for clips whose path is such a file"
        )
