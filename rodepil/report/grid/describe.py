"""A grid, a row and the model of the best one in Markdown, for their descriptions in MLflow."""

from __future__ import annotations

from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.io.wording import by_number, choice
from rodepil.report.grid.naming import axes_of, left_note
from rodepil.report.grid.outline import best_words
from rodepil.report.grid.read import read_grid, read_grid_record, read_row
from rodepil.report.grid.records import Grid, GridRow
from rodepil.report.grid.rows import GridRecord
from rodepil.report.grid.tables import table3
from rodepil.report.numbers import PLUS_MINUS, Numbers, caution, interval_text
from rodepil.report.outline import warning_words
from rodepil.report.sheet import Cell, Column, Sheet, cell_text, to_markdown
from rodepil.report.words import METRICS, data_note, folds_words


def grid_markdown(workspace: Workspace, name: str) -> str:
    """Return what a grid is, how its runs are found, and Table III, as Markdown.

    It is the description of the grid's experiment.

    Raises
    ------
    ReportError
        There is no such grid, or a row's files are not that row's.
    """
    grid = read_grid(workspace, name)
    axes = axes_of(grid)
    differ = ", ".join(axis.replace("_", " ") for axis in axes)
    named = f" and `grid.{axes[0]}`" if axes else ""
    rows = by_number(len(grid.rows), "row", "rows") + (
        f" that differ in {differ}" if differ else ""
    )
    parts = [
        f"Grid **{name}**: {rows}, each cross-validated over {folds_words(len(grid.folds))}.",
        f"""\
Each row is a run, with a run for each of its folds below it. Tags tell them apart, such as
`row`{named}; the metrics of a row, such as `test_f1`, are means over its folds.""",
        best_words(grid),
        f"""\
Run or go on: `rodepil tune --grid {name}`. Figures, differences and tests:
`results/grids/{name}/report.html` in the project.""",
        warning_words(grid.data, beside=bool(grid.source)),
        to_markdown(table3(grid)).rstrip("\n"),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def champion_markdown(workspace: Workspace, name: str, row: str, address: str) -> str:
    """Return what the model of a grid's best row is and how it is used, then the row itself.

    Parameters
    ----------
    workspace, name, row
        As for `grid_table_markdown`.
    address
        Where MLflow loads it from, as ``models:/rodepil-ablation@champion``.

    Raises
    ------
    ReportError
        As `grid_table_markdown` does.
    """
    use = f"""\
The best row by F1-score of the grid *{name}*: the networks of all its folds together. Each learned
from other subjects; the score of a clip is the mean of theirs, the probability of a seizure in
[0, 1].

```python
import mlflow, pandas as pd

model = mlflow.pyfunc.load_model("{address}")
model.predict(pd.DataFrame({{"path": ["clip.mp4"]}}))  # path, score, label, error
```

It takes video files of any frame rate, size and codec. The numbers below are those of single
networks on subjects that they never saw; on the clips of this project the model does better than
on others, for most of its networks have learned from them.
"""
    return f"{use}\n{grid_table_markdown(workspace, name, row)}"


def grid_table_markdown(workspace: Workspace, name: str, row: str) -> str:
    """Return what a row of a grid is and what came of it, as short Markdown.

    Only this row's files are read.

    Parameters
    ----------
    workspace
        Where results lie.
    name, row
        The grid's name, and the row's.

    Raises
    ------
    ReportError
        There is no such grid or row, or the row's files are not its own.
    """
    record = read_grid_record(workspace, name)
    found = next((one for one in record.rows if one.name == row), None)
    if found is None:
        known = choice(row, (one.name for one in record.rows))
        raise ReportError(f"grid '{name}' has no row '{row}': {known}")
    read = read_row(workspace, record, found)
    alone = Grid(record, (read,))
    words = ", ".join(f"{axis.replace('_', ' ')} {found.words[axis]}" for axis in axes_of(alone))
    changes = ", ".join(f"`{key}={value}`" for key, value in found.changes.items())
    parts = [
        f"Row of the grid *{record.title}*" + (f": **{words}**." if words else "."),
        f"Changes to the project's settings: {changes}." if changes else "",
        to_markdown(_folds(record, alone, read)).rstrip("\n") if read.numbers else "",
        _interval(read.numbers) if read.numbers else "No fold is done yet.",
        left_note(alone).strip(),
        record.note,
        warning_words(record.data, beside=bool(alone.source)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _folds(record: GridRecord, alone: Grid, row: GridRow) -> Sheet:
    """Return the row's folds, their mean and deviation, and what the source prints."""
    lines: list[tuple[Cell, ...]] = []
    if row.result is not None and row.numbers is not None:
        for fold, measured in row.result.folds.items():
            lines.append((f"fold {fold}", *measured.as_dict().values()))
        spreads = row.numbers.summary.metrics
        lines.append(("mean", *row.result.mean.as_dict().values()))
        if len(row.result.folds) > 1:
            lines.append((f"{PLUS_MINUS} SD", *(spreads[name].deviation for name in METRICS)))
    if alone.source:
        lines.append((alone.source, *(row.printed(name) for name in METRICS)))
        lines.append(
            ("difference", *(cell_text("points", row.beyond(name)) or None for name in METRICS))
        )
    beside = f" {alone.source}: measured on its own, other data." if alone.source else ""
    return Sheet(
        name=row.name,
        title=row.name,
        note=f"{data_note(record.data)}{beside}",
        data=record.data,
        columns=(Column(""), *(Column(title, "percent") for title in METRICS.values())),
        rows=tuple(lines),
    )


def _interval(numbers: Numbers) -> str:
    """Return how sure the mean F1 is, in a sentence."""
    found = numbers.summary
    bounds = interval_text(found.metrics["f1"].mean.interval)
    tested = f"{found.clips:,} clips of {found.subjects} subjects."
    if not bounds:
        return tested
    return (
        f"95 % interval of the mean F1-score by bootstrap over subjects: {bounds}; {tested} "
        f"{caution([numbers])}"
    )
