"""RatSeizure's fourteen labels by id and by name, however a name is written."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rodepil.errors import AnnotationError
from rodepil.io.labels import ACTION_UNITS

LABEL_IDS: dict[str, int] = {name: number for number, name in enumerate(ACTION_UNITS)}
"""The id of each label; ``others`` (0) is normal behaviour, trained and scored as a class."""

_NOTE = re.compile(r"\(.*?\)")
_GAP = re.compile(r"[\s_\-]+")
_CLOSE = {_GAP.sub("", name): name for name in ACTION_UNITS}


def unit_of(
    label: object, label_id: object = None, aliases: Mapping[str, str] | None = None
) -> str:
    """Return the action unit that a label, its id or both name.

    Parameters
    ----------
    label
        A name. Capitals, spaces, hyphens, underscores and what stands in brackets do not count:
        ``Wet-dog_shakes`` and ``others (normal)`` are known. None where only the id is given.
    label_id
        0 to 13, or None.
    aliases
        Other names to action units.

    Raises
    ------
    AnnotationError
        Neither is given, one is not known, or they contradict each other.
    """
    if label is None and label_id is None:
        raise AnnotationError("it has neither label nor label_id; give one of them")
    by_id = None if label_id is None else _by_id(label_id)
    by_name = None if label is None else _by_name(label, aliases or {})
    if by_id and by_name and by_id != by_name:
        raise AnnotationError(
            f"label '{label}' has id {LABEL_IDS[by_name]}, but label_id {label_id} is '{by_id}'; "
            "one of them is wrong"
        )
    return by_name or by_id or ""


def _by_id(label_id: object) -> str:
    if isinstance(label_id, int) and not isinstance(label_id, bool):
        for name, number in LABEL_IDS.items():
            if number == label_id:
                return name
    raise AnnotationError(
        f"label_id {label_id!r} is none of 0 to {len(LABEL_IDS) - 1}; see LABEL_IDS"
    )


def _by_name(label: object, aliases: Mapping[str, str]) -> str:
    if not isinstance(label, str):
        raise AnnotationError(f"label {label!r} is no text; name an action unit")
    close = {_plain(name): unit for name, unit in aliases.items()} | _CLOSE
    unit = close.get(_plain(label))
    if unit not in LABEL_IDS:
        raise AnnotationError(
            f"label '{label}' is none of {', '.join(ACTION_UNITS)}; give it as an alias of one"
        )
    return unit


def _plain(label: str) -> str:
    return _GAP.sub("", _NOTE.sub("", label)).casefold()
