"""What a run learned from or was tested on, as trackers are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Dataset:
    """A set of clips; a run holds one of a name and digest once.

    Attributes
    ----------
    name
        What people read, for example ``fold 0 (train)``.
    digest
        A hash of what it holds, at most 36 characters: the same one is the same clips.
    source
        Where its table lies: a path in the project, as DVC knows it.
    context
        What the run did with it: ``training``, ``testing``.
    profile
        Counts by name.
    tags
        Words on this run's use of it, for example of which features were read.
    """

    name: str
    digest: str
    source: str
    context: str
    profile: Mapping[str, int] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
