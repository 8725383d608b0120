"""Sentences that count: one thing, or many; and those that guess what was meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def by_number(count: int, one: str, many: str) -> str:
    """Return the count with the words that fit it: ``1 clip has``, ``2 clips have``."""
    return f"{count:,} {one if count == 1 else many}"


def choice(named: str, known: Iterable[str]) -> str:
    """Return what to take in the place of a name that is not known: the likeliest, and all."""
    every = sorted(set(known))
    alike = get_close_matches(named, every, n=1)
    there = f"there are {', '.join(every)}" if every else "there are none"
    return f"did you mean '{alike[0]}'? T{there[1:]}" if alike else there
