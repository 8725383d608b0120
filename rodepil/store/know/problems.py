"""What is wrong in a store, in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rodepil.errors import FeatureError
from rodepil.io.wording import by_number
from rodepil.store.know.project import MATERIALIZE
from rodepil.store.know.tell import size_text

Fault = Literal["torn", "changed", "foreign", "newer", "index", "missing", "older"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    fault
        ``torn``: no whole shard. ``changed``: other bytes than were written. ``foreign``: not of
        this store or folder. ``newer``: of a newer version. ``index``: it says what is not so.
        ``missing``: the snapshot names a feature that is not there. ``older``: of a format that is
        read no more, which harms nothing.
    where
        The file, or the view.
    message
        What is wrong.
    mended
        Whether it was removed so that it is made again; an index was written anew.
    """

    fault: Fault
    where: str
    message: str
    mended: bool = False

    def __str__(self) -> str:
        done = "written anew" if self.fault == "index" else "removed"
        return f"{self.fault}: {self.where}: {self.message}{f' [{done}]' * self.mended}"


@dataclass(frozen=True)
class Verification:
    """What was looked at, and what is wrong.

    Attributes
    ----------
    shards, features, size_bytes
        What was read.
    problems
        What is wrong, by file.
    note
        What could not be looked at, and why; empty where all was.
    """

    shards: int
    features: int
    size_bytes: int
    problems: tuple[Problem, ...]
    note: str = ""

    def __str__(self) -> str:
        features = by_number(self.features, "feature", "features")
        shards = by_number(self.shards, "shard", "shards")
        sound = " and are what was written" if not self._wrong else ""
        looked = f"{features} in {shards} ({size_text(self.size_bytes)}) were read{sound}"
        return "\n".join([looked, *filter(None, [self.note]), *map(str, self.problems)])

    @property
    def _wrong(self) -> list[Problem]:
        """What is wrong still."""
        return [one for one in self.problems if not one.mended and one.fault != "older"]

    def raise_if_wrong(self) -> None:
        """Refuse a store in which something is wrong still.

        Raises
        ------
        FeatureError
            Something is.
        """
        wrong = self._wrong
        removed = [one for one in self.problems if one.mended and one.fault != "index"]
        if not wrong and not removed:
            return
        said = []
        if removed:
            said.append(
                f"{by_number(len(removed), 'damaged shard is', 'damaged shards are')} removed"
            )
        if others := [one for one in wrong if not (removed and one.fault == "missing")]:
            things = by_number(len(others), "thing is", "things are")
            said.append(f"{things} wrong in the store")
        raise FeatureError("; ".join([*said, *_remedies(wrong, removed=bool(removed))]))


def _remedies(wrong: Sequence[Problem], *, removed: bool) -> Iterator[str]:
    """Yield what to do."""
    left = {problem.fault for problem in wrong}
    mend = bool(left & {"torn", "changed", "index"})
    if mend:
        yield "run 'rodepil features verify --mend' to remove what is damaged"
    if "foreign" in left:
        yield "move foreign files away by hand"
    if "newer" in left:
        yield "install the version that wrote the newer shards"
    if "missing" in left or removed:
        yield f"{'then ' * mend}run '{MATERIALIZE}' to make again what is missing"
