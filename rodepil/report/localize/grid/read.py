"""Grids whose rows localize, as they lie in results/grids, checked."""

from __future__ import annotations

from typing import Final

from rodepil.config.workspace import Workspace
from rodepil.data.digests import clips_digest, events_digest, folds_digest
from rodepil.errors import ReportError
from rodepil.io import tables
from rodepil.report.grid.read import (
    check_row,
    grid_folder,
    grids_of,
    read_grid_record,
    remedy_of,
)
from rodepil.report.grid.rows import GridRecord, RowRecord
from rodepil.report.localize.data import UnitData
from rodepil.report.localize.grid.records import LocalizedGrid, LocalizedRow
from rodepil.report.localize.records import RESULT, LocalizeRecord
from rodepil.report.localize.runs import read_run, read_run_record, read_units

RECORDED: Final = "localize.json"
"""What tells the rows of a grid that localize."""


def localized_grids_of(workspace: Workspace) -> tuple[str, ...]:
    """Return the names of the grids whose rows localize and have results, sorted."""
    return grids_of(workspace, RECORDED)


def read_localized_record(workspace: Workspace, name: str) -> GridRecord:
    """Read what was written down of such a grid; see `rodepil.report.grid.read`."""
    return read_grid_record(workspace, name, RECORDED)


def read_localized_grid(workspace: Workspace, name: str, row: str | None = None) -> LocalizedGrid:
    """Read a grid with the results of its rows.

    Parameters
    ----------
    workspace, name
        The project, and the grid's name.
    row
        This one alone; the files of others are not read.

    Raises
    ------
    ReportError
        There is no such grid or row, it was run on other clips than are there, it can't be read,
        or a row's files are not that row's.
    """
    record = read_localized_record(workspace, name)
    if row is not None:
        kept = tuple(one for one in record.rows if one.name == row)
        if not kept:
            known = ", ".join(one.name for one in record.rows)
            raise ReportError(f"grid '{name}' has no row '{row}'; it has {known}")
        record = record.model_copy(update={"rows": kept})
    own = {one.name: _row_record(workspace, record, one) for one in record.rows}
    given = any(held and held.settings.ratseizure.split == "given" for held in own.values())
    units, absent = read_units(workspace, given=given)
    if units is not None:
        _check_clips(workspace, record)
    rows = tuple(_row(workspace, record, one, own[one.name], units) for one in record.rows)
    missing = tuple(filter(None, [absent, _not_found(rows)]))
    return LocalizedGrid(record, rows, units, missing)


def _check_clips(workspace: Workspace, record: GridRecord) -> None:
    """Refuse a grid of other clips, segments or folds than are there now."""
    now = {
        "clips": (clips_digest, workspace.units_clips),
        "events": (events_digest, workspace.units_events),
        "folds": (folds_digest, workspace.units_folds),
    }
    changed = [
        str(path.relative_to(workspace.root))
        for what, (digest, path) in now.items()
        if record.digests.get(what) != digest(tables.read(what, path))
    ]
    if changed:
        raise ReportError(
            f"grid '{record.name}' was run before {' and '.join(changed)} changed; "
            f"{remedy_of(record.name)}"
        )


def _row_record(workspace: Workspace, record: GridRecord, row: RowRecord) -> LocalizeRecord | None:
    """Return what a row wrote down; None before its first fold is done."""
    path = grid_folder(workspace, record.name) / "rows" / f"{row.name}.json"
    if row.group_id is None or not (row.finished or path.is_file()):
        return None
    remedy = remedy_of(record.name)
    held = read_run_record(path, remedy)
    facts = (
        ("data", held.data, record.data),
        ("variant", held.variant or RESULT, RESULT),
        ("run", held.parent_run_id, row.run_id),
    )
    check_row(path, row, held.settings, facts, remedy)
    return held


def _row(
    workspace: Workspace,
    record: GridRecord,
    row: RowRecord,
    held: LocalizeRecord | None,
    units: UnitData | None,
) -> LocalizedRow:
    if held is None:
        return LocalizedRow(row, None)
    path = grid_folder(workspace, record.name) / "rows" / f"{row.name}.json"
    return LocalizedRow(row, read_run(path, held, units, remedy_of(record.name)))


def _not_found(rows: tuple[LocalizedRow, ...]) -> str:
    """Return whose segments are not there, as a sentence; empty where all are."""
    without = [row for row in rows if row.run is not None and row.run.found is None]
    if not without:
        return ""
    names = ", ".join(row.name for row in without)
    many = f"rows {names}" if len(without) > 1 else f"row {names}"
    return (
        f"The segments that {many} found are not there (rows/ROW_detections.parquet), so that mAP "
        "has no interval there; 'rodepil tune' of a project that keeps its trials writes them."
    )
