"""From a grid's file to its rows: what each is called, prints and changes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations, product

from rodepil.config.grid_file import (
    AxisValue,
    GridFile,
    RowExtras,
    Task,
    all_of,
    check_key,
    hint,
    read_axes,
    read_extras,
)
from rodepil.errors import SettingError

IN_PRODUCT = "list it under 'rows' instead, where it can have a name of its own"
LISTED = "give it one (name: ...)"
"""How a row gets another name."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=+-]{0,99}")


@dataclass(frozen=True)
class GridRow:
    """One set of changes to a project's settings.

    Attributes
    ----------
    name
        Unique in the grid; a file's name and a run's.
    words
        What tables print, by axis: ``{"modality": "RGB", "size": "224"}``.
    paper
        Metrics that a paper prints for this row, in percent; may be empty.
    changes
        Dotted settings and their values, under the profile that the grid was read for.
    file
        Of the grid, for messages.
    """

    name: str
    words: dict[str, str]
    paper: dict[str, float]
    changes: dict[str, object]
    file: str


def make_rows(given: GridFile, file: str, profile: str) -> tuple[GridRow, ...]:
    """Return the rows that a grid's file means under a profile.

    Raises
    ------
    SettingError
        There are none, one is wrong, or two are one.
    """
    listed = _listed(given, file)
    axes = read_axes(file, given.axes, profile, given.task)
    order = list(dict.fromkeys(key for row in listed for key in row))
    settings = _short_names([key for key in order if "." in key], list(axes))
    remedy = IN_PRODUCT if given.rows is None else LISTED
    make = partial(
        _make_row, file=file, axes=axes, settings=settings, remedy=remedy, task=given.task
    )
    # All rows print and are named in the order of the first one's axes.
    alike = [{key: row[key] for key in order if key in row} for row in listed]
    rows = all_of(make, enumerate(alike, start=1))
    _check_apart(rows, "" if given.rows is None else ", or name them apart (name: ...)")
    return tuple(rows)


def _listed(given: GridFile, file: str) -> list[dict[str, object]]:
    """Return every row as the file lists it, or each combination of a product."""
    if (given.rows is None) == (given.product is None):
        said = "both" if given.rows is not None else "neither"
        raise SettingError(f"{file}: a grid has either rows or a product; here are {said}")
    if given.rows is not None:
        listed = [dict(row) for row in given.rows]
    else:
        axes = given.product or {}
        for key in RowExtras.model_fields:
            if key in axes:
                raise SettingError(
                    f"{file}: a product can't give its rows a {key}; list them under 'rows'"
                )
        listed = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    if not any(listed):
        raise SettingError(f"{file}: the grid is empty; name a row, or values of every axis")
    return listed


def _short_names(settings: Sequence[str], axes: Sequence[str]) -> dict[str, str]:
    """Return what settings are called in a row's name: their last part where nothing shares it."""
    last = [key.rpartition(".")[2] for key in settings]
    return {
        key: short if [*last, *axes].count(short) == 1 else key
        for key, short in zip(settings, last, strict=True)
    }


def _make_row(
    numbered: tuple[int, Mapping[str, object]],
    *,
    file: str,
    axes: Mapping[str, Mapping[str, AxisValue]],
    settings: Mapping[str, str],
    remedy: str,
    task: Task,
) -> GridRow:
    number, row = numbered
    where = f"{file}: row {number}"
    own_name, paper = read_extras(row, where)
    if paper and task == "localize":
        raise SettingError(
            f"{where}: 'paper' holds {', '.join(paper)}, which are of classified clips; a row that "
            "localizes is tabled by its mAP, without a paper's values: leave 'paper' out"
        )
    chosen = {key: value for key, value in row.items() if key not in RowExtras.model_fields}
    _check_axes(chosen, [*axes, *settings], where)
    values = {
        key: _word(axes[key], key, value, where)
        if key in axes
        else _setting(key, settings[key], value, where, task)
        for key, value in chosen.items()
    }
    name = own_name or "-".join(value.part for value in values.values())
    if not _NAME.fullmatch(name):
        raise SettingError(
            f"{where} is called '{name}'; a name is at most 100 letters, digits and ._=+- and "
            f"begins with a letter or digit; {remedy}"
        )
    words = {settings.get(key, key): value.word for key, value in values.items()}
    return GridRow(name, words, paper, _join(values, where), file)


def _check_axes(chosen: Mapping[str, object], wanted: Sequence[str], where: str) -> None:
    """Refuse a row that names another axis, or lacks one."""
    for key in chosen:
        if key not in wanted:
            raise SettingError(
                f"{where}: unknown axis '{key}'{hint(key, wanted)}; a row names "
                f"{', '.join(wanted) or 'axes'}, or settings such as train.epochs"
            )
    lacking = [key for key in wanted if key not in chosen]
    if lacking:
        raise SettingError(f"{where} says nothing of {', '.join(lacking)}; every row names all")


def _word(axis: Mapping[str, AxisValue], name: str, value: object, where: str) -> AxisValue:
    word = "null" if value is None else _text(value)
    if word not in axis:
        raise SettingError(
            f"{where}: {name} '{word}' is no word of that axis{hint(word, list(axis))}; "
            f"choose one of {', '.join(axis)}"
        )
    return axis[word]


def _setting(key: str, short: str, value: object, where: str, task: Task) -> AxisValue:
    check_key(key, where, task)
    if isinstance(value, Mapping):
        raise SettingError(f"{where}: {key} holds keys; name each of them, as in {key}.KEY")
    return AxisValue(f"{short}={_text(value)}", _text(value), {key: value})


def _text(value: object) -> str:
    """Return a value of YAML as a row's name and table hold it."""
    if isinstance(value, list | tuple):
        return "+".join(_text(part) for part in value)
    if value is None or isinstance(value, bool):
        return "none" if value is None else str(value).lower()
    return value if isinstance(value, str) else repr(value)


def _join(values: Mapping[str, AxisValue], where: str) -> dict[str, object]:
    """Return what all axes of a row change; two may not change one setting."""
    for (axis, one), (other, another) in combinations(values.items(), 2):
        for key, same in product(one.changes, another.changes):
            if f"{key}.".startswith(f"{same}.") or f"{same}.".startswith(f"{key}."):
                raise SettingError(
                    f"{where}: {axis} and {other} both change '{key}'; let one of them do it"
                )
    return {key: change for value in values.values() for key, change in value.changes.items()}


def _check_apart(rows: Sequence[GridRow], remedy: str) -> None:
    """Refuse rows of one name (also where files' names know no case), or with the same changes."""
    for row, other in combinations(rows, 2):
        if row.name.lower() == other.name.lower():
            raise SettingError(
                f"{row.file}: two rows are called '{row.name}'; leave one out{remedy}"
            )
        if row.changes == other.changes:
            raise SettingError(
                f"{row.file}: rows '{row.name}' and '{other.name}' change the same; leave one out"
            )
