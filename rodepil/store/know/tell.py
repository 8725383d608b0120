"""Numbers in words that fit a column."""

from __future__ import annotations

UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"))
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
