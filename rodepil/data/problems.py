"""Say every problem of a table at once, so that one look mends them all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from rodepil.errors import RodepilError

Value = TypeVar("Value")

SHOWN = 5


@dataclass(frozen=True)
class Problem:
    """What is wrong with a row of a table, and the recording that it is of."""

    recording_id: str
    text: str


def raise_if(problems: Sequence[str], error: type[RodepilError], remedy: str) -> None:
    """Raise `error` with the first problems, how many more there are, and what to do.

    Parameters
    ----------
    problems
        One line each; with none, nothing is raised.
    error
        The class to raise.
    remedy
        What to do, as the last sentence.
    """
    if problems:
        raise error(told(problems, remedy))


def told(problems: Sequence[str], remedy: str) -> str:
    """Return the first problems, how many more there are, and what to do, as one message."""
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return f"{'; '.join(problems[:SHOWN])}{more}. {remedy}"


def repeated(values: Sequence[Value]) -> list[Value]:
    """Return what stands in `values` more than once, each once, in order."""
    seen: set[Value] = set()
    twice: dict[Value, None] = {}
    for value in values:
        if value in seen:
            twice[value] = None
        seen.add(value)
    return list(twice)
