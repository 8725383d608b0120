"""What a grid's file may hold, each part checked by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar

from pydantic import Field

from rodepil.config.base import Settings
from rodepil.config.load import build
from rodepil.config.settings import ProjectSettings
from rodepil.errors import SettingError

Task = Literal["classify", "localize"]
"""What a grid's rows train: RodEpil's classifier of clips, or RatSeizure's localizer."""

SECTIONS: dict[Task, tuple[str, ...]] = {
    "classify": ("features", "model", "train"),
    "localize": ("localize",),
}
"""The sections that make a trial of a task; a grid's rows may change no others."""

Percent = Annotated[float, Field(ge=0, le=100)]
Item = TypeVar("Item")
Made = TypeVar("Made")


class GridFile(Settings):
    """A file of experiments/ that is a grid.

    ``axes`` says what a word in a row changes. ``rows`` lists rows; ``product`` makes one of
    every combination. Both name axes, or settings such as ``train.epochs``. ``source`` says where
    the values under ``paper`` are printed. ``notes`` holds what a reader of the results must know,
    by profile. ``task`` says what its rows train.
    """

    title: str = ""
    task: Task = "classify"
    source: str = ""
    notes: dict[str, str] = Field(default_factory=dict)
    axes: dict[str, dict[str, dict[str, Any] | None]] = Field(default_factory=dict)
    rows: tuple[dict[str, Any], ...] | None = None
    product: dict[str, tuple[Any, ...]] | None = None


class PaperValues(Settings):
    """What a paper prints for a row, in percent."""

    accuracy: Percent | None = None
    sensitivity: Percent | None = None
    specificity: Percent | None = None
    precision: Percent | None = None
    f1: Percent | None = None


class RowExtras(Settings):
    """What a listed row may hold beside its axes."""

    name: str | None = None
    paper: PaperValues = PaperValues()


@dataclass(frozen=True)
class AxisValue:
    """What a row has on one axis.

    Attributes
    ----------
    part
        Its part of the row's name.
    word
        As tables print it.
    changes
        Dotted settings and their values.
    """

    part: str
    word: str
    changes: dict[str, object]


def read_axes(
    file: str,
    axes: Mapping[str, Mapping[str, dict[str, Any] | None]],
    profile: str,
    task: Task = "classify",
) -> dict[str, dict[str, AxisValue]]:
    """Return what each word of each axis changes under a profile.

    Raises
    ------
    SettingError
        An axis is called as no axis can be, a value says nothing for the profile, or it changes
        what is no setting of a trial. Everything wrong is named.
    """
    for axis in axes:
        if "." in axis or axis in RowExtras.model_fields:
            raise SettingError(
                f"{file}: an axis can't be called '{axis}': names with dots are settings, and "
                f"{' and '.join(RowExtras.model_fields)} are what else a row has; rename it"
            )
    values = [(axis, word) for axis, words in axes.items() for word in words]

    def read(named: tuple[str, str]) -> AxisValue:
        axis, word = named
        where = f"{file}: axes.{axis}.{word}"
        return _read_value(where, word, axes[axis][word] or {}, profile, task)

    read_values = dict(zip(values, all_of(read, values), strict=True))
    return {axis: {word: read_values[axis, word] for word in axes[axis]} for axis in axes}


def _read_value(
    where: str, word: str, value: Mapping[str, object], profile: str, task: Task
) -> AxisValue:
    printed = value.get("word", word)
    if not isinstance(printed, str) or not printed:
        said = "null" if printed is None else repr(printed)
        raise SettingError(f"{where}: word {said} is no text to print; quote it")
    changes = {key: part for key, part in value.items() if key not in ("word", "profiles")}
    profiles = value.get("profiles", {"default": {}})
    if not isinstance(profiles, Mapping):
        raise SettingError(f"{where}: profiles are {profiles!r}; wanted changes by profile's name")
    if profile not in profiles and "default" not in profiles:
        raise SettingError(
            f"{where} says nothing for profile '{profile}', only for {', '.join(profiles)}; "
            f"add {profile} (or default) to its profiles"
        )
    own = profiles.get(profile, profiles.get("default")) or {}
    if not isinstance(own, Mapping):
        raise SettingError(f"{where}: {own!r} are no changes; wanted section.key: value")
    return AxisValue(word, printed, {**flat(changes, where, task), **flat(own, where, task)})


def flat(changes: Mapping[str, object], where: str, task: Task) -> dict[str, object]:
    """Return changes, dotted or nested, by dotted settings.

    Raises
    ------
    SettingError
        A setting is named twice, or is none of a trial's; `where` it stands is said.
    """
    found: dict[str, object] = {}
    for key, value in leaves(changes):
        check_key(key, where, task)
        if key in found:
            raise SettingError(f"{where}: '{key}' is set twice, dotted and nested; keep one")
        found[key] = value
    return found


def check_key(key: str, where: str, task: Task) -> None:
    """Raise SettingError unless a dotted key lies in a section that makes a trial of a task."""
    section, _, rest = key.partition(".")
    if section in SECTIONS[task] and rest:
        return
    sections = ", ".join(SECTIONS[task])
    if section in SECTIONS[task]:
        raise SettingError(f"{where}: '{key}' is a section; name a key of it ({key}.KEY)")
    other = next((one for one, own in SECTIONS.items() if section in own), None)
    if other:
        raise SettingError(
            f"{where}: '{key}' belongs to grids of the task '{other}', and this one's is '{task}', "
            f"whose rows change {sections} alone; set 'task: {other}' at the top of the file, or "
            "take the key to a grid of its own"
        )
    if section in ProjectSettings.model_fields:
        raise SettingError(
            f"{where}: '{key}' is the same for a whole grid, whose rows change {sections} alone; "
            "set it in params.yaml or by --set"
        )
    raise SettingError(
        f"{where}: unknown key '{key}'{hint(section, SECTIONS[task])}; rows change "
        f"keys of {sections}"
    )


def leaves(changes: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield dotted settings with their values."""
    for key, value in changes.items():
        if isinstance(value, Mapping) and value:
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def read_extras(row: Mapping[str, object], where: str) -> tuple[str | None, dict[str, float]]:
    """Return a row's own name, if it has one, and its paper's values in percent."""
    given = {key: value for key, value in row.items() if key in RowExtras.model_fields}
    extras = build(RowExtras, [(where, given)])
    return extras.name, extras.paper.model_dump(exclude_none=True)


def hint(word: str, known: Sequence[str]) -> str:
    """Return a question about what was meant, or nothing."""
    close = get_close_matches(word, known, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def all_of(make: Callable[[Item], Made], items: Iterable[Item]) -> list[Made]:
    """Return what `make` makes of every item, or raise SettingError with all that is wrong."""
    made, problems = [], dict[str, None]()
    for item in items:
        try:
            made.append(make(item))
        except SettingError as error:
            problems[str(error)] = None
    if problems:
        raise SettingError("\n".join(problems))
    return made
