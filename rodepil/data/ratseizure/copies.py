"""Copies of one original on both sides of a split, told by their names alone.

A name is cut into words at spaces, hyphens, underscores, dots, brackets and between letters and
digits. Words that name a change of a picture or a copy go, with the number that follows them; what
is left names the original. That is a hint and no proof: copies under other names are missed, and
content is what decides (`rodepil.data.audit` compares it).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rodepil.data.ratseizure.clips import RatSeizureClip
from rodepil.io.wording import by_number

CHANGES: Final = frozenset(
    {
        "aug", "augmented", "augmentation", "copy", "copied", "dup", "duplicate", "flip", "flipped",
        "hflip", "vflip", "fliplr", "flipud", "horizontal", "vertical", "mirror", "mirrored", "rot",
        "rotate", "rotated", "rotation", "bright", "brighter", "brightness", "darker", "contrast",
        "gamma", "noise", "noisy", "gaussian", "blur", "blurred", "crop", "cropped", "scale",
        "scaled", "zoom", "zoomed", "shift", "shifted", "translate", "translated", "jitter",
        "jittered", "color", "colour", "saturation", "hue", "gray", "grey", "invert", "inverted",
        "sharpen", "sharpened", "orig", "original",
    }
)  # fmt: skip
"""Words that say how a copy was made, or that this is the original."""

_WORD: Final = re.compile(r"[^\W\d_]+|\d+")
_NUMBERED_COPY: Final = re.compile(r"\s*\(\d+\)\s*$")
_FILE: Final = re.compile(r"\.(mp4|avi|mov|mkv|npy)$", re.IGNORECASE)


@dataclass(frozen=True)
class Copies:
    """Clips that seem to be made of one original and stand on both sides.

    Parameters
    ----------
    original
        What their names have in common.
    training, testing
        Their names on each side, in order.
    """

    original: str
    training: tuple[str, ...]
    testing: tuple[str, ...]


@dataclass(frozen=True)
class CopyReport:
    """What names tell of copies.

    Parameters
    ----------
    clips
        How many were looked at.
    originals
        How many different originals their names tell of.
    leaks
        Originals with copies on both sides.
    """

    clips: int
    originals: int
    leaks: tuple[Copies, ...]

    def lines(self) -> list[str]:
        """Say what was found, one leak a line."""
        held = sum(len(leak.testing) for leak in self.leaks)
        first = (
            f"{by_number(self.clips, 'clip', 'clips')} of "
            f"{by_number(self.originals, 'original', 'originals')}, by name; "
            f"{by_number(len(self.leaks), 'original stands', 'originals stand')} on both sides, "
            f"with {by_number(held, 'testing clip', 'testing clips')}"
        )
        return [
            first,
            *(
                f"'{leak.original}': training {', '.join(leak.training)}; "
                f"testing {', '.join(leak.testing)}"
                for leak in self.leaks
            ),
        ]


def original_of(name: str, changes: Iterable[str] = CHANGES) -> str:
    """Return the name that a clip's original seems to have, its words joined by underscores.

    A name of nothing but changes and numbers is its own original, for it tells nothing.
    """
    known = frozenset(changes)
    words = _WORD.findall(_NUMBERED_COPY.sub("", _FILE.sub("", name.strip())).casefold())
    kept: list[str] = []
    changed = False
    for word in words:
        changed = word in known or (changed and word.isdigit())
        if not changed:
            kept.append(word)
    return "_".join(kept or words) or name


def copies_across(clips: Iterable[RatSeizureClip], changes: Iterable[str] = CHANGES) -> CopyReport:
    """Return which originals seem to have copies on both sides of the split.

    Parameters
    ----------
    clips
        Clips with their side.
    changes
        Words, in small letters, that name a change or a copy.
    """
    known = frozenset(changes)
    sides: defaultdict[str, dict[str, list[str]]] = defaultdict(
        lambda: {"training": [], "testing": []}
    )
    looked = 0
    for clip in clips:
        sides[original_of(clip.video_id, known)][clip.subset].append(clip.video_id)
        looked += 1
    leaks = tuple(
        Copies(name, tuple(sorted(side["training"])), tuple(sorted(side["testing"])))
        for name, side in sorted(sides.items())
        if side["training"] and side["testing"]
    )
    return CopyReport(looked, len(sides), leaks)
