"""Grids as they lie in results/grids, checked: every row's files must be that row's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rodepil.config.base import Settings
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.io.records import read_record
from rodepil.io.wording import choice
from rodepil.report.grid.records import Grid, GridRow
from rodepil.report.grid.rows import GridRecord, RowRecord
from rodepil.report.inputs import read_result

Fact = tuple[str, object, object]

ABSENT: Final = object()
RECORDED: Final = "grid.json"
"""What tells the rows of a grid that are cross-validated."""


def grid_folder(workspace: Workspace, name: str) -> Path:
    """Return the folder of a grid's results."""
    return workspace.results / "grids" / name


def grids_of(workspace: Workspace, recorded: str = RECORDED) -> tuple[str, ...]:
    """Return the names of the grids that have results, sorted.

    Parameters
    ----------
    workspace
        Where they lie.
    recorded
        What the file is called that tells the rows, by which one knows what these train.
    """
    found = (workspace.results / "grids").glob(f"*/{recorded}")
    return tuple(sorted(path.parent.name for path in found))


def read_grid(workspace: Workspace, name: str) -> Grid:
    """Read a grid with the results of its rows.

    Raises
    ------
    ReportError
        There is no such grid, it can't be read, or a row's files are not that row's.
    SubjectLeak
        A trial was tested on a subject that it was trained on.
    """
    record = read_grid_record(workspace, name)
    return Grid(record, tuple(read_row(workspace, record, row) for row in record.rows))


def read_grid_record(workspace: Workspace, name: str, recorded: str = RECORDED) -> GridRecord:
    """Read what was written down of a grid, its rows without their results.

    Parameters
    ----------
    workspace, name
        Where it lies, and its name.
    recorded
        As for `grids_of`.

    Raises
    ------
    ReportError
        There is no such grid, or it can't be read.
    """
    path = grid_folder(workspace, name) / recorded
    if not path.is_file():
        known = choice(name, grids_of(workspace, recorded))
        raise ReportError(f"{path} is not there: {known}; {remedy_of(name)}")
    record = read_record(path, GridRecord, "what a grid writes", remedy_of(name))
    names = [row.name for row in record.rows]
    if record.name != name or len(set(names)) < len(names) or not names:
        raise ReportError(
            f"{path} is of grid '{record.name}' with rows {names}; it must be of '{name}', with "
            f"rows, each once; {remedy_of(name)}"
        )
    return record


def read_row(workspace: Workspace, record: GridRecord, row: RowRecord) -> GridRow:
    """Read the results of a row of a grid; its own files tell which folds are finished.

    Raises
    ------
    ReportError
        They are missing, or are not those of the row.
    SubjectLeak
        A trial was tested on a subject that it was trained on.
    """
    folder, remedy = grid_folder(workspace, record.name) / "rows", remedy_of(record.name)
    is_there = (folder / f"{row.name}.json").is_file()
    if row.group_id is None or not (row.finished or is_there):
        return GridRow(row, None)
    result = read_result(folder, row.name, f"{row.name}_predictions", remedy)
    held = result.record
    facts = (
        ("data", held.data, record.data),
        ("control", held.control, "none"),
        ("run", held.parent_run_id, row.run_id),
    )
    check_row(folder / f"{row.name}.json", row, held.settings, facts, remedy)
    return GridRow(row, result)


def check_row(
    path: Path, row: RowRecord, settings: Settings, facts: Iterable[Fact], remedy: str
) -> None:
    """Refuse a row's file that says other things than the grid says of the row.

    Parameters
    ----------
    path, row
        The row's file, and what the grid wrote down of the row.
    settings
        What the file says that all its trials share; what the row changes is compared with it.
    facts
        Names of other things, what the file says of each, and what the grid does.
    remedy
        What to do where they differ.

    Raises
    ------
    ReportError
        They differ.
    """
    dumped = settings.model_dump(mode="json")
    changed = [(key, _at(dumped, key), value) for key, value in _flat(row.changes)]
    for what, found, wanted in (*facts, *changed):
        if found is not ABSENT and found != wanted:
            raise ReportError(
                f"{path} has {what} {found}, row '{row.name}' of the grid has {wanted}; {remedy}"
            )


def _flat(changes: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Yield each changed setting by its dotted key."""
    for key, value in changes.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _at(settings: Mapping[str, Any], key: str) -> object:
    """Return the value of a dotted key; `ABSENT` where a record does not hold it."""
    held: object = settings
    for part in key.split("."):
        if not isinstance(held, Mapping) or part not in held:
            return ABSENT
        held = held[part]
    return held


def remedy_of(name: str) -> str:
    """Return what makes a grid's files whole."""
    return f"run 'rodepil tune --grid {name}'"
