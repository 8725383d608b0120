"""Say every problem of a table at once, so that one look mends them all."""

from __future__ import annotations

from collections.abc import Sequence

from rodepil.errors import RodepilError

SHOWN = 5


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
    if not problems:
        return
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    raise error(f"{'; '.join(problems[:SHOWN])}{more}. {remedy}")


def repeated(values: Sequence[object]) -> list[object]:
    """Return what stands in `values` more than once, each once, in order."""
    seen: set[object] = set()
    twice: dict[object, None] = {}
    for value in values:
        if value in seen:
            twice[value] = None
        seen.add(value)
    return list(twice)
