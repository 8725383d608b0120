"""A model that stands under a name."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from rodepil.errors import TrackingError

PLAIN = re.compile(r"[\w.-]+")


@dataclass(frozen=True)
class Registration:
    """A model under a name that people ask for, from the run that made it.

    Attributes
    ----------
    name
        Letters, digits, ``_``, ``.`` and ``-``, for example ``rodepil-ablation``.
    alias
        What the version is of all of that name, for example ``champion``; only one is.
    digest
        Of what the files hold: what was registered before is not registered again.
    description
        Markdown.
    files
        Gives the folder with the model's files, which is made when it is asked for.

    Raises
    ------
    TrackingError
        A name that can't be one.
    """

    name: str
    alias: str
    digest: str
    description: str
    files: Callable[[], AbstractContextManager[Path]]

    def __post_init__(self) -> None:
        for word in (self.name, self.alias, self.digest):
            if not PLAIN.fullmatch(word):
                raise TrackingError(
                    f"a model can't be registered as '{word}'; "
                    "take letters, digits, '_', '.' and '-' alone"
                )

    def __str__(self) -> str:
        return f"{self.name}@{self.alias}"
