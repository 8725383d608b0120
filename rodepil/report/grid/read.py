"""Grids as they lie in results/grids, checked: every row's files must be that row's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.io.wording import choice
from rodepil.report.grid.records import Grid, GridRecord, GridRow, RowRecord
from rodepil.report.inputs import read_result
from rodepil.report.records import Result

ABSENT: Final = object()


def grid_folder(workspace: Workspace, name: str) -> Path:
    """Return the folder of a grid's results."""
    return workspace.results / "grids" / name


def grids_of(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of the grids that have results, sorted."""
    found = (workspace.results / "grids").glob("*/grid.json")
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
    record = read_record(workspace, name)
    return Grid(record, tuple(read_row(workspace, record, row) for row in record.rows))


def read_record(workspace: Workspace, name: str) -> GridRecord:
    """Read what was written down of a grid, its rows without their results.

    Raises
    ------
    ReportError
        There is no such grid, or it can't be read.
    """
    path = grid_folder(workspace, name) / "grid.json"
    if not path.is_file():
        known = choice(name, grids_of(workspace))
        raise ReportError(f"{path} is not there: {known}; {remedy_of(name)}")
    try:
        record = GridRecord.model_validate_json(path.read_bytes())
    except ValueError as error:
        raise ReportError(
            f"{path} does not hold what a grid writes: {error}; {remedy_of(name)}"
        ) from error
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
    for what, found, wanted in _facts(record, row, result):
        if found != wanted:
            raise ReportError(
                f"{folder / row.name}.json has {what} {found}, row '{row.name}' of the grid has "
                f"{wanted}; {remedy}"
            )
    return GridRow(row, result)


def _facts(record: GridRecord, row: RowRecord, result: Result) -> list[tuple[str, object, object]]:
    """Return what a row's file says beside what the grid says of the row."""
    settings = result.record.settings.model_dump(mode="json")
    changed = {key: (_at(settings, key), value) for key, value in _flat(row.changes)}
    return [
        ("data", result.record.data, record.data),
        ("control", result.record.control, "none"),
        ("run", result.record.parent_run_id, row.run_id),
        *((key, held, value) for key, (held, value) in changed.items() if held is not ABSENT),
    ]


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
