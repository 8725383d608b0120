"""Where commands write what they hand out: a file or folder of this machine."""

from __future__ import annotations

import re
from pathlib import Path

from rodepil.errors import FeatureError

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
"""A path takes one slash of an address away; a drive has one letter."""


def refuse_address(out: Path) -> None:
    """Refuse an address, which would become a folder of that name.

    Raises
    ------
    FeatureError
        `out` is one.
    """
    said = out.as_posix()
    if ADDRESS.match(said):
        raise FeatureError(
            f"'{said.replace(':/', '://', 1)}' is an address, and only files and folders of this "
            "machine can be written: name one, and copy it there with the tool of that place (for "
            "S3: aws s3 cp --recursive FOLDER ADDRESS)"
        )
