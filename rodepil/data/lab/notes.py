"""What to know of files that were taken, one line for all that share it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from rodepil.data.lab.facts import Facts
from rodepil.data.problems import SHOWN

Note: TypeAlias = tuple[str, str]
"""What there is to know, and the file."""


def notes_on(facts: Facts) -> Iterator[Note]:
    """Yield what is odd about a file that is taken all the same."""
    if facts.damaged_packets:
        yield (
            "damaged; what decodes is taken. Copy it again if the camera's file is whole",
            f"{facts.path} ({facts.damaged_packets} damaged packets)",
        )
    if not facts.first_is_key:
        yield (
            "begins without a key frame: the first frames are lost or smeared. Label none of them",
            facts.path,
        )
    if facts.declared_frames not in (None, facts.n_frames):
        yield (
            "the header tells a number of frames that does not decode; the decoded one is taken",
            f"{facts.path} ({facts.declared_frames} told, {facts.n_frames} decoded)",
        )
    if facts.variable_rate:
        yield (
            "frames in uneven steps (a variable rate, or gaps); the time stamps are followed",
            f"{facts.path} ({facts.shortest_step_s:.3g} to {facts.longest_step_s:.3g} s a frame)",
        )


def in_lines(notes: Sequence[Note]) -> list[str]:
    """Return a line for each thing to know, with the first files that share it."""
    files: dict[str, list[str]] = {}
    for what, file in notes:
        files.setdefault(what, []).append(file)
    return [
        f"{what}: {', '.join(shared[:SHOWN])}"
        + (f", and {len(shared) - SHOWN} more" if len(shared) > SHOWN else "")
        for what, shared in files.items()
    ]
