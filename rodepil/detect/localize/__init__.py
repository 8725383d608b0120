"""A trained localizer is shown recordings: action units with start and end."""

from rodepil.detect.localize.boxes import Where, parse_box
from rodepil.detect.localize.outcome import Localized, Told, VideoFacts
from rodepil.detect.localize.run import localize_recordings
from rodepil.detect.localize.tools import Tools, open_tools
from rodepil.detect.localize.write import write_localized

__all__ = [
    "Localized",
    "Told",
    "Tools",
    "VideoFacts",
    "Where",
    "localize_recordings",
    "open_tools",
    "parse_box",
    "write_localized",
]
