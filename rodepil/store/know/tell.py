"""Numbers in words that fit a column, and words that fit a line."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from rodepil.errors import RodepilError
from rodepil.store.views.base import View

UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))
WIDTH = 79
AGES = ((86_400, "d"), (3_600, "h"), (60, "min"))


def size_text(size_bytes: int) -> str:
    """Return bytes in the unit that fits."""
    for unit, name in UNITS:
        if size_bytes >= unit:
            return f"{size_bytes / unit:.2f} {name}"
    return f"{size_bytes} B"


def age_text(age_s: float | None) -> str:
    """Return an age in the unit that fits; a hyphen where there is none."""
    if age_s is None:
        return "-"
    for unit, name in AGES:
        if age_s >= unit:
            return f"{age_s / unit:.0f} {name}"
    return f"{age_s:.0f} s"


def titled(title: str, text: str, indent: int = 12, width: int = WIDTH) -> str:
    """Return a text behind its title, in lines of that width; words longer than one stay whole."""
    lines = textwrap.wrap(text, width - indent, break_long_words=False, break_on_hyphens=False) or [
        ""
    ]
    return f"{title:{indent - 1}} " + f"\n{' ' * indent}".join(lines)


def indented(text: str, indent: int, width: int = WIDTH) -> str:
    """Return a text moved to the right, in lines of that width."""
    return titled("", text, indent, width)


def told_settings(view: View) -> dict[str, Any]:
    """Return a view's settings as people know them.

    What its identity leaves out but somebody has set, such as a network's name, stands first; what
    was left to the network is what that reads.
    """
    fields = type(view).model_fields
    outside = {
        name: getattr(view, name)
        for name, field in fields.items()
        if field.exclude and getattr(view, name) != field.default
    }
    settings = view.settings
    if None in settings.values():
        with suppress(RodepilError):
            reads = getattr(getattr(view, "recipe", None), "features", None)
            settings = {
                name: getattr(reads, name, None) if value is None else value
                for name, value in settings.items()
            }
    return outside | settings


def settings_text(settings: Mapping[str, Any]) -> str:
    """Return settings in a line, without those that are not set."""
    return ", ".join(f"{name} {value}" for name, value in settings.items() if value is not None)
