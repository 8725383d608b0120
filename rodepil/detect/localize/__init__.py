"""A trained localizer is shown recordings: action units with start and end."""

from rodepil.detect.localize.boxes import Where, parse_box
from rodepil.detect.localize.choosing import find_localizer
from rodepil.detect.localize.former import clear_former
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
    "clear_former",
    "find_localizer",
    "localize_recordings",
    "open_tools",
    "parse_box",
    "write_localized",
]
