"""Grids as files: rows of settings, each of which is cross-validated.

``experiments/NAME.yaml`` is a grid where it has ``rows`` or a ``product``, and else a profile::

    title: What the grid asks
    task: localize                        # what its rows train; by default classify
    source: where the values under 'paper' are printed
    notes: {demo: what a reader must know of results under that profile}
    axes:                                 # what a word of a row changes
      modality:
        rgb: {word: RGB, train.modality: rgb}         # word: as tables print it
      size:
        112: {profiles: {demo: {features.size_px: 16}, paper: {features.size_px: 112}}}
    rows:                                 # listed: a word of every axis each, or a setting's value
      - {modality: rgb, size: 112, train.epochs: 8, paper: {f1: 97.0}, name: first}
    product:                              # or every combination
      modality: [rgb]
      train.epochs: [4, 8]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import combinations
from pathlib import Path

from rodepil.config.files import EXPERIMENTS_FOLDER, Tree, experiment_names, is_grid, read_yaml
from rodepil.config.grid_file import GridFile, Task, all_of, hint, leaves
from rodepil.config.grid_rows import GridRow, make_rows
from rodepil.config.load import build, merge, nested, parse_overrides
from rodepil.config.settings import ProjectSettings
from rodepil.errors import SettingError

__all__ = [
    "Grid",
    "GridRow",
    "choose_rows",
    "grid_settings",
    "hidden_overrides",
    "load_grid",
    "row_settings",
]


@dataclass(frozen=True)
class Grid:
    """The rows of a file of experiments/.

    Attributes
    ----------
    name
        The file's, without its suffix.
    title
        What the grid asks, in words.
    source
        Where the papers' values are printed; may be empty.
    note
        What a reader of results under the profile must know; may be empty.
    rows
        As listed, or in the order of a product whose last axis changes fastest.
    task
        What the rows train.
    """

    name: str
    title: str
    source: str
    note: str
    rows: tuple[GridRow, ...]
    task: Task = "classify"


def load_grid(name: str, root: Path, profile: str) -> Grid:
    """Read a grid.

    Parameters
    ----------
    name
        Of ``experiments/<name>.yaml``.
    root
        The project's folder.
    profile
        What a word changes may hang on it.

    Raises
    ------
    SettingError
        There is no such grid, its file is wrong, or two rows are one; the message names the file,
        and the row where it is one's.
    """
    file = f"{EXPERIMENTS_FOLDER}/{name}.yaml"
    given = build(GridFile, [(file, _read_grid(name, root))])
    _check_notes(given, file, [*experiment_names(root, grids=False), profile])
    note = given.notes.get(profile, "").strip()
    rows = make_rows(given, file, profile)
    return Grid(name, given.title or name, given.source, note, rows, given.task)


def _check_notes(given: GridFile, file: str, profiles: Sequence[str]) -> None:
    """Refuse a note that no profile shows."""
    for name in given.notes:
        if name not in profiles:
            raise SettingError(
                f"{file}: notes are for profiles, and '{name}' is none{hint(name, profiles)}; "
                f"choose one of {sorted(set(profiles))}"
            )


def _read_grid(name: str, root: Path) -> Tree:
    """Return a grid's file, or say which grids there are."""
    path = root / EXPERIMENTS_FOLDER / f"{name}.yaml"
    known = experiment_names(root, grids=True)
    choice = f"choose one of {known}" if known else "there is none yet; write that file"
    if Path(name).name != name or not path.is_file():
        raise SettingError(f"--grid {name}: {path} is not there{hint(name, known)}; {choice}")
    tree = read_yaml(path)
    if not is_grid(tree) and (not tree or set(tree) & set(ProjectSettings.model_fields)):
        raise SettingError(
            f"--grid {name}: {path} is a profile (--profile {name}) and no grid; {choice}"
        )
    return tree


def row_settings(row: GridRow, settings: ProjectSettings) -> ProjectSettings:
    """Return a project's settings with a row's changes, checked again.

    Parameters
    ----------
    row
        Its changes go over all else.
    settings
        The project's, with those of ``--set`` in them: a row that sets the same has its way
        (see `hidden_overrides`).

    Raises
    ------
    SettingError
        A key is unknown or a value impossible; the message names the grid's file and the row.
    """
    where = f"{row.file}: row '{row.name}'"
    changes: Tree = {}
    for key, value in row.changes.items():
        changes = merge(changes, nested(key, value))
    return build(ProjectSettings, [(where, settings.model_dump(mode="json")), (where, changes)])


def grid_settings(grid: Grid, settings: ProjectSettings) -> dict[str, ProjectSettings]:
    """Return the settings of every row by its name.

    Raises
    ------
    SettingError
        As `row_settings`, of all rows at once; or two rows come to the same settings.
    """
    made = all_of(lambda row: row_settings(row, settings), grid.rows)
    for (row, one), (other, another) in combinations(zip(grid.rows, made, strict=True), 2):
        if one == another:
            raise SettingError(
                f"{row.file}: rows '{row.name}' and '{other.name}' come to the same settings under "
                f"profile '{settings.profile}'; leave one out"
            )
    return {row.name: own for row, own in zip(grid.rows, made, strict=True)}


def hidden_overrides(grid: Grid, overrides: Sequence[str]) -> list[str]:
    """Return the settings of ``--set`` that every row sets itself, so that they change nothing."""
    given = [key for key, _ in leaves(parse_overrides(overrides))]
    return [key for key in given if all(key in row.changes for row in grid.rows)]


def choose_rows(grid: Grid, names: Sequence[str]) -> Grid:
    """Return a grid with some of its rows, in its own order.

    Parameters
    ----------
    grid
        All rows.
    names
        Of rows, several in one with commas between; or patterns such as ``rgb-*``. None: all.

    Raises
    ------
    SettingError
        A name or pattern fits no row, or only blanks are given.
    """
    wanted = [name.strip() for given in names for name in given.split(",") if name.strip()]
    known = [row.name for row in grid.rows]
    for name in wanted:
        if not any(fnmatchcase(row, name) for row in known):
            raise SettingError(
                f"--rows {name}: grid '{grid.name}' has no such row{hint(name, known)}; "
                f"its rows: {', '.join(known)}"
            )
    if not names:
        return grid
    if not wanted:
        raise SettingError(
            f"--rows names none; its rows: {', '.join(known)}; leave --rows out for all"
        )
    fits = [row for row in grid.rows if any(fnmatchcase(row.name, name) for name in wanted)]
    return replace(grid, rows=tuple(fits))
