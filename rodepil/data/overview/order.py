"""The order in which people list animals and days."""

from __future__ import annotations

import re
from datetime import date, datetime

from rodepil.io.names import UNDATED

_NUMBER = re.compile(r"(\d+)")


def by_name(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts numbers in names as numbers: ``61-2`` before ``61-10``."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBER.split(name) if part
    ]


def day_of(text: str) -> date:
    """Return the day of a recording's date; one without stands last."""
    if text == UNDATED:
        return date.max
    return datetime.strptime(text, "%b-%d-%Y").date()  # noqa: DTZ007 - the lab's own days


def month_of(text: str) -> str:
    """Return the month of a recording's date, as ``Feb-2019``."""
    month, _, rest = text.partition("-")
    return text if text == UNDATED else f"{month}-{rest.partition('-')[2]}"
