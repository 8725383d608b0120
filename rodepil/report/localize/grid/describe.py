"""A grid that localizes and its rows in Markdown, for their descriptions in MLflow."""

from __future__ import annotations

from rodepil.config.workspace import Workspace
from rodepil.io.wording import by_number
from rodepil.report.grid.naming import axes_of, left_note
from rodepil.report.localize.grid.read import read_localized_grid
from rodepil.report.localize.grid.records import LocalizedGrid, LocalizedRow
from rodepil.report.localize.grid.tables import WHAT, mean_ap
from rodepil.report.localize.grid.words import best_words, drawn_again, rows_words, tested_words
from rodepil.report.localize.records import LocalizeRun, key_of
from rodepil.report.numbers import interval_text
from rodepil.report.outline import warning_words
from rodepil.report.sheet import Cell, Column, Sheet, to_markdown


def localized_grid_markdown(grid: LocalizedGrid) -> str:
    """Return what a grid is, how its runs are found, and its table, as Markdown.

    It is the description of the grid's experiment.
    """
    name, axes = grid.record.name, axes_of(grid)
    tagged = f" and `grid.{axes[0]}`" if axes else ""
    parts = [
        f"Grid **{name}** of localizers: {rows_words(grid)}; {tested_words(grid)}.",
        f"""\
Each row is a run, with a run for each of its folds below it. Tags tell them apart, such as
`row`{tagged}; the metrics of a row, such as `test_mean_map`, are means over its folds.""",
        best_words(grid),
        f"""\
Run or go on: `rodepil tune --grid {name}`. Figures and differences:
`results/grids/{name}/report.html` in the project.""",
        warning_words(grid.data, beside=False),
        to_markdown(mean_ap(grid)).rstrip("\n"),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def localized_row_markdown(workspace: Workspace, name: str, row: str) -> str:
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
    alone = read_localized_grid(workspace, name, row)
    (own,) = alone.rows
    words = ", ".join(f"{axis.replace('_', ' ')} {word}" for axis, word in own.record.words.items())
    changes = ", ".join(f"`{key}={value}`" for key, value in own.record.changes.items())
    parts = [
        f"Row of the grid *{alone.record.title}*" + (f": **{words}**." if words else "."),
        f"Changes to the project's settings: {changes}." if changes else "",
        "No fold is done yet." if own.run is None else _told(alone, own, own.run),
        left_note(alone).strip(),
        *alone.missing,
        warning_words(alone.data, beside=False),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _told(alone: LocalizedGrid, row: LocalizedRow, run: LocalizeRun) -> str:
    """Return a row's table, a line a fold, with its interval and how its localizers are used."""
    bounds = None if row.mean is None else interval_text(row.mean.interval)
    sure = f"95 % interval of the mean mAP: {bounds}. " if bounds else ""
    tried = by_number(run.record.parameters, "parameter", "parameters")
    use = f"`rodepil localize VIDEOS --model results/trials/{run.record.trials[0].trial_id}`"
    said = f"{sure}{drawn_again(alone)} {tried}; used by {use}."
    return f"{to_markdown(_folds(alone, run))}\n{said}"


def _folds(alone: LocalizedGrid, run: LocalizeRun) -> Sheet:
    tious = run.record.tious
    lines: list[tuple[Cell, ...]] = [
        (
            f"fold {one.fold}",
            *(one.map[key_of(tiou)] for tiou in tious),
            one.mean_map,
            one.frame_accuracy,
            one.edit_score,
        )
        for one in sorted(run.record.trials, key=lambda one: one.fold)
    ]
    means = (
        sum(values) / len(values) for values in zip(*(line[1:] for line in lines), strict=True)
    )
    return Sheet(
        name="folds",
        title="mAP",
        note=f"{alone.about} {WHAT}",
        data=alone.data,
        columns=(
            Column(""),
            *(Column(f"mAP@{tiou:g}", "percent") for tiou in tious),
            Column("Mean", "percent"),
            Column("Frames", "percent"),
            Column("Edit score", "percent"),
        ),
        rows=(*lines, ("mean", *means)) if len(lines) > 1 else tuple(lines),
    )
