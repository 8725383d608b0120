"""Labels of two sides as one set of classes: units however they are written, and own ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pyarrow as pa

from rodepil.data.ratseizure import LABEL_IDS, unit_of
from rodepil.errors import AnnotationError


def with_units(*sides: pa.Table) -> list[pa.Table]:
    """Return tables ``events`` in which units are written as `rodepil.io.labels` has them.

    A side's labels are taken as units where each is one or is written like one (``Rearing``,
    `rodepil.data.ratseizure.unit_of`). One label that is no unit makes the side's labels its own:
    they stay, and so does the same label of the other side.
    """
    labels = [_labels(side) for side in sides]
    units = [_units(names) for names in labels]
    own = {name for names, meant in zip(labels, units, strict=True) if not meant for name in names}
    return [
        _renamed(side, {name: unit for name, unit in meant.items() if name not in own})
        for side, meant in zip(sides, units, strict=True)
    ]


def lonely_labels(one: pa.Table, other: pa.Table) -> list[str]:
    """Return the labels of one side alone that are no units, in order."""
    return sorted(_labels(one) - _labels(other) - set(LABEL_IDS))


def _labels(side: pa.Table) -> set[str]:
    return set(side.column("label").unique().to_pylist())


def _units(labels: Iterable[str]) -> dict[str, str]:
    """Return the unit that each label is written like; nothing where one is like none."""
    try:
        return {label: unit_of(label) for label in labels}
    except AnnotationError:
        return {}


def _renamed(side: pa.Table, names: Mapping[str, str]) -> pa.Table:
    if all(name == unit for name, unit in names.items()):
        return side
    at = side.schema.get_field_index("label")
    column = [names.get(label, label) for label in side.column("label").to_pylist()]
    return side.set_column(at, side.schema.field(at), pa.array(column, side.schema.field(at).type))
