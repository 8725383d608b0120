"""How a lab's own files are read: names and clocks of recordings, columns of annotations."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from rodepil.config.base import NonNegativeReal, Settings


class RecordingImportSettings(Settings):
    """What file names and containers say of a recording.

    ``clock`` is where the wall-clock start comes from; ``name_pattern`` is strptime's, looked for
    anywhere in a file's name. ``sessions`` joins files that a camera cut one recording into:
    ``clock`` where one starts within ``session_gap_s`` of the end of the one before it, ``folder``
    all files of a folder in order of their names.
    """

    clock: Literal["none", "name", "metadata"] = "none"
    name_pattern: Annotated[str, Field(min_length=1)] = "%Y%m%d_%H%M%S"
    sessions: Literal["none", "clock", "folder"] = "none"
    session_gap_s: NonNegativeReal = 2.0


class ImportSettings(Settings):
    """The section ``imports``: used by the import commands alone, by no stage."""

    recordings: RecordingImportSettings = RecordingImportSettings()
