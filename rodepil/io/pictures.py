"""Pictures by the names of their files, told before anything is made."""

from __future__ import annotations

from pathlib import Path

from rodepil.errors import ReportError

PICTURES = (".png", ".jpg", ".jpeg")


def check_picture(out: Path) -> None:
    """Refuse what can be no file of a picture.

    Raises
    ------
    ReportError
        It is a folder, or its suffix is of no picture.
    """
    if out.is_dir():
        raise ReportError(f"{out} is a folder; name a file in it, as {out / 'sheet.png'}")
    if out.suffix.lower() not in PICTURES:
        raise ReportError(
            f"'{out.name}' names no picture; end it in {', '.join(PICTURES)}, as in sheet.png"
        )
