"""The view in which action units are localized, as the settings want it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rodepil.config.localize import SequenceSettings
from rodepil.store.views import View
from rodepil.store.views.registry import make_view

IMPORTED: Final = "imported"
"""The model of features that came as files."""

NAME: Final = "sequence"


def sequence_view(settings: SequenceSettings, root: Path) -> View:
    """Return the view of a clip's features over sliding windows; its column is ``sequence``.

    Parameters
    ----------
    settings
        Which network makes them and how, or that they came as files.
    root
        The project's folder, which relative paths start from.

    Raises
    ------
    FeatureError
        There is no such kind of view.
    SettingError
        The settings do not fit it.
    """
    windows = {
        "window_frames": settings.window_frames,
        "stride_frames": settings.stride_frames,
    }
    if settings.model == IMPORTED:
        files = {"width": settings.imported_width, "fps": settings.fps}
        return make_view(NAME, "imported_sequence", windows | files, root)
    network = {
        "model": settings.model,
        "frames": settings.window_frames,
        "size_px": settings.size_px,
    }
    return make_view(NAME, "sequence", windows | network, root)
