"""In which cages events are that name no position, but animals, or nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rodepil.data.ratseizure.clips import NO_SUBJECT, POSITION
from rodepil.io.wording import choice

Places = Mapping[tuple[str, str], int]
"""The position of each animal, by recording_id and subject_id."""

_CAGE: Final = re.compile(r"cage-(\d+)")


def places_of_rows(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """Return the cages that rows of table ``events`` name, by recording and animal.

    A cage without an animal's name is called ``cage-0``, as localizing calls it. An animal that
    is said to be in several cages of a recording names none.
    """
    seen: dict[tuple[str, str], set[int]] = {}
    for row in rows:
        if row["position"] is not None:
            seen.setdefault((row["recording_id"], row["subject_id"]), set()).add(row["position"])
    named = {
        animal: next(iter(at))
        for animal, at in seen.items()
        if len(at) == 1 and animal[1] != NO_SUBJECT
    }
    taken = {(film, position) for (film, _), position in named.items()}
    every = {(film, position) for (film, _), at in seen.items() for position in at}
    return {**named, **{(film, f"cage-{at}"): at for film, at in sorted(every - taken)}}


def only_cage(places: Places, film: str) -> int | None:
    """Return where a film's one cage is, 0 where none is known, None where there are several."""
    known = {position for (name, _), position in places.items() if name == film} or {POSITION}
    return next(iter(known)) if len(known) == 1 else None


def place_rows(
    rows: Sequence[dict[str, Any]], places: Places, remedy: str, *, cages: int = 1
) -> list[str]:
    """Give rows without a position that of their animal; return where nothing tells it.

    Parameters
    ----------
    rows
        Rows of table ``events``; those whose position is None get one. One that is asked for in
        vain gets 0.
    places
        The cages' positions, by recording_id and animal. An animal that is not there is at the
        position that its name tells (``cage-1``), else, alone in its recording, in the only cage
        that is known there unless that is another animal's, or at 0 where none is known. A row
        without an animal is in the only cage.
    remedy
        What to do where nothing tells the cage.
    cages
        How many cages each recording has of which `places` knows none: ``cage-0`` and so on.
    """
    films: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["position"] is None:
            films.setdefault(row["recording_id"], []).append(row)
    told = {**places_of_rows(rows), **places} if films else places
    unnamed = {f"cage-{position}": position for position in range(cages)} if cages > 1 else {}
    problems = []
    for name, mine in films.items():
        there = {animal: at for (film, animal), at in told.items() if film == name} or unnamed
        known = _positions({row["subject_id"] for row in mine}, there)
        if lost := sorted({row["subject_id"] for row in mine} - set(known)):
            problems.append(f"'{name}': nothing tells in which {_lost(lost, there)}; {remedy}")
        for row in mine:
            row["position"] = known.get(row["subject_id"], POSITION)
    return problems


def _lost(animals: Sequence[str], there: Mapping[str, int]) -> str:
    """Name the animals that have no cage, and those that have one."""
    named = [one for one in animals if one != NO_SUBJECT]
    if len(named) < len(animals):
        which = f"cage {' and '.join([*named, 'events without an animal'])} are"
    else:
        which = f"cages {', '.join(named)} are" if len(named) > 1 else f"cage {named[0]} is"
    if not there:
        return which
    return f"{which}; {choice(named[0] if named else NO_SUBJECT, there)}"


def _positions(animals: set[str], cages: Mapping[str, int]) -> dict[str, int]:
    """Return the positions of a recording's animals; those of which nothing tells it are none.

    Parameters
    ----------
    animals
        Their names, as rows have them.
    cages
        The positions of those that are known to be there, by name.
    """
    called = {one: int(cage[1]) for one in animals if (cage := _CAGE.fullmatch(one))}
    known = {**called, **{one: cages[one] for one in animals & set(cages)}}
    if len(set(cages.values())) > 1:
        return known
    only = next(iter(cages.values()), POSITION)
    if len(animals) == 1 and not called:
        nameless = NO_SUBJECT in animals or all(map(_CAGE.fullmatch, cages))
        return known or (dict.fromkeys(animals, only) if nameless else {})
    return {**known, NO_SUBJECT: only} if cages and NO_SUBJECT in animals else known
