"""Where is looked in each video, settled before any of them is looked through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rodepil.data.cages import Cage
from rodepil.detect.localize.boxes import Where, cages_in
from rodepil.errors import RodepilError
from rodepil.io.progress import Progress, Silent

WHOLE: Final = (
    "without --box, --cages or --detector the whole picture of each video is looked at as one "
    "animal; where several are in it, give the place of each"
)


@dataclass
class Placed:
    """The cages of videos.

    Parameters
    ----------
    cages
        Those of each video that has some.
    failed
        Why the others have none.
    doubts
        What speaks against boxes that were found, or that there are none, a sentence each.
    """

    cages: dict[Path, list[Cage]] = field(default_factory=dict)
    failed: dict[Path, str] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Say what somebody may want to mend before the others are looked through."""
        left = [f"{video} is left out: {reason}" for video, reason in self.failed.items()]
        return [*left, *self.doubts] if self.cages else []


def place(videos: Mapping[Path, str], where: Where, progress: Progress) -> Placed:
    """Settle where the cages of videos are; one that can't be does not stop the others.

    Parameters
    ----------
    videos
        The recording_id of each.
    where
        The cages.
    progress
        Shown the videos, where a detector looks at them.
    """
    placed = Placed(doubts=[WHOLE] if where.whole else [])
    shown = Silent() if where.detect is None else progress
    with shown.task("find the animals", len(videos), "videos") as advance:
        for video, recording_id in videos.items():
            try:
                placed.cages[video], doubt = cages_in(video, recording_id, where)
                placed.doubts += [f"{recording_id}: {doubt}"] if doubt else []
            except (RodepilError, OSError) as error:
                placed.failed[video] = str(error).removeprefix(f"{video}: ")
            advance(1)
    return placed
