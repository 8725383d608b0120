"""What is wrong in a store, in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rodepil.errors import FeatureError
from rodepil.store.know.project import MATERIALIZE
from rodepil.store.know.tell import size_text

Fault = Literal["torn", "changed", "foreign", "newer", "index", "missing"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    fault
        ``torn``: no whole shard. ``changed``: other bytes than were written. ``foreign``: not of
        this store or folder. ``newer``: of a newer version. ``index``: it says what is not so.
        ``missing``: the snapshot names a feature that is not there.
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
    """

    shards: int
    features: int
    size_bytes: int
    problems: tuple[Problem, ...]

    def __str__(self) -> str:
        looked = f"{self.features} features in {self.shards} shards ({size_text(self.size_bytes)})"
        if not self.problems:
            return f"{looked} are what was written"
        return "\n".join([f"{looked} were read", *map(str, self.problems)])

    def raise_if_wrong(self) -> None:
        """Refuse a store in which something is wrong still.

        Raises
        ------
        FeatureError
            Something is.
        """
        wrong = [one for one in self.problems if not (one.mended and one.fault == "index")]
        if wrong:
            raise FeatureError(
                f"{len(wrong)} {'thing is' if len(wrong) == 1 else 'things are'} wrong in the "
                f"store; {'; '.join(_remedies(wrong))}"
            )


def _remedies(wrong: Sequence[Problem]) -> Iterator[str]:
    """Yield what to do."""
    left = {problem.fault for problem in wrong if not problem.mended}
    if left & {"torn", "changed", "index"}:
        yield "run 'rodepil features verify --mend' to remove what is damaged"
    if "foreign" in left:
        yield "move foreign files away by hand"
    if "newer" in left:
        yield "install the version that wrote the newer shards"
    if "missing" in left or any(problem.mended for problem in wrong):
        yield f"run '{MATERIALIZE}' to make them again"
