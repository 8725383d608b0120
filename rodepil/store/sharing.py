"""How several materializations share their work, without a word to each other.

Each looks before a group whether another has made its shards meanwhile, and who comes second begins
at the other end, so that they meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import pyarrow as pa

from rodepil.errors import FeatureError, NewerFeature
from rodepil.store.places import Place
from rodepil.store.shards import Shard

Each = TypeVar("Each")


def in_turn(groups: Sequence[Each], others: int) -> list[Each]:
    """Return groups in the order to make them in, where so many others are at work already.

    The second goes from the end, the third from the middle on, the fourth from the middle back.
    """
    start = len(groups) // 2 if others > 1 else 0
    turned = [*groups[start:], *groups[:start]]
    return turned[::-1] if others % 2 else turned


def is_made(place: Place, name: str, keys: Sequence[str]) -> bool:
    """Say whether a shard is there, whole and with these features; of its rows nothing is read.

    Raises
    ------
    NewerFeature
        A newer version wrote it.
    """
    try:
        place.modified_s(name)  # a local copy may outlive it
        with place.open(name) as source:
            return Shard(Path(name), source).keys == tuple(keys)
    except NewerFeature:
        raise
    except (FeatureError, OSError, pa.ArrowException):  # not there, or it is to be made again
        return False
