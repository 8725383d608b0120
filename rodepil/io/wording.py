"""Sentences that count: one thing, or many."""

from __future__ import annotations


def by_number(count: int, one: str, many: str) -> str:
    """Return the count with the words that fit it: ``1 clip has``, ``2 clips have``."""
    return f"{count:,} {one if count == 1 else many}"
