"""What a split shares between its sides: content, likeness, names and animals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from rodepil.data.ratseizure.copies import CopyReport
from rodepil.io.wording import by_number

SHOWN: Final = 5
DIGITS: Final = 12
"""So much of a digest, or of a long name, is said."""


@dataclass(frozen=True)
class Shared:
    """Clips that share something and stand on several sides.

    Parameters
    ----------
    what
        What they share: an animal, or a digest.
    sides
        The names of the clips on each side, in order.
    """

    what: str
    sides: Mapping[str, tuple[str, ...]]

    def __str__(self) -> str:
        """Say who stands where."""
        return f"'{self.what[:DIGITS]}': " + "; ".join(
            f"{side} {', '.join(names)}" for side, names in self.sides.items()
        )


@dataclass(frozen=True)
class Alike:
    """Two clips of different sides that are nearly the same."""

    one: str
    other: str
    likeness: float


@dataclass(frozen=True)
class SplitLeaks:
    """What is shared between the sides of a split.

    Parameters
    ----------
    content
        Files with the same bytes.
    alike
        Pairs of nearly the same content, those with the same bytes left out.
    alike_by, alike_min
        What was compared, in words, and the likeness from which on a pair is one.
    subjects
        Animals, where someone knows them.
    known
        Of how many clips someone knows the animal.
    copies
        What the names tell of the given split, whichever split is used.
    """

    content: tuple[Shared, ...]
    alike: tuple[Alike, ...]
    alike_by: str
    alike_min: float
    subjects: tuple[Shared, ...]
    known: int
    copies: CopyReport

    def lines(self) -> list[str]:
        """Say what was found, the first of each kind by name."""
        pairs = [f"{one.one} and {one.other} ({one.likeness:.3f})" for one in self.alike]
        names = self.copies.lines()
        known = (
            f"animals are known of {self.known} clips; "
            f"{by_number(len(self.subjects), 'animal stands', 'animals stand')} on several sides"
            if self.known
            else "no list says whose clips they are; a split by subject takes the names' word"
        )
        content = by_number(len(self.content), "content stands", "contents stand")
        alike = by_number(len(self.alike), "pair", "pairs")
        near = f"by {self.alike_by} (likeness {self.alike_min:g} and more)"
        return [
            f"{content} on several sides, byte by byte",
            *_first(map(str, self.content)),
            f"{alike} of clips on two sides are nearly the same, {near}",
            *_first(pairs),
            known,
            *_first(map(str, self.subjects)),
            f"by name, in the given split: {names[0]}",
            *_first(names[1:]),
        ]

    def record(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return {
            "content": [asdict(one) for one in self.content],
            "alike": [asdict(one) for one in self.alike],
            "alike_by": self.alike_by,
            "alike_min": self.alike_min,
            "subjects": [asdict(one) for one in self.subjects],
            "subjects_known": self.known,
            "names": {
                "clips": self.copies.clips,
                "originals": self.copies.originals,
                "leaks": [asdict(leak) for leak in self.copies.leaks],
            },
        }


def shared(values: Mapping[str, str], sides: Mapping[str, str]) -> tuple[Shared, ...]:
    """Return the values that clips of several sides have.

    Parameters
    ----------
    values
        Of clips, by name.
    sides
        Where clips stand, by name; others are left out.
    """
    found: defaultdict[str, defaultdict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in sorted(set(values) & set(sides)):
        found[values[name]][sides[name]].append(name)
    return tuple(
        Shared(value, {side: tuple(names) for side, names in sorted(held.items())})
        for value, held in sorted(found.items())
        if len(held) > 1
    )


def without_same(pairs: Sequence[Alike], digests: Mapping[str, str]) -> tuple[Alike, ...]:
    """Return the pairs whose files differ."""
    return tuple(
        pair for pair in pairs if digests.get(pair.one, "") != digests.get(pair.other, pair.other)
    )


def _first(lines: Iterable[str]) -> list[str]:
    listed = list(lines)
    more = [f"  and {len(listed) - SHOWN} more"] if len(listed) > SHOWN else []
    return [f"  {line}" for line in listed[:SHOWN]] + more
