"""Writing a report: everything is made first, then published file by file."""

from __future__ import annotations

from pathlib import Path

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io.files import publish, write_json, write_text
from rodepil.report.figures import plates_of
from rodepil.report.grid.chapter import chapters
from rodepil.report.grid.write import write_grid
from rodepil.report.inputs import read_inputs
from rodepil.report.localize import localize_chapter
from rodepil.report.localize.grid.write import write_localized_grids
from rodepil.report.markdown import render_markdown
from rodepil.report.outline import make_outline
from rodepil.report.page import render_page
from rodepil.report.pictures import picture
from rodepil.report.series import metrics, plots
from rodepil.report.sheet import to_csv, to_markdown
from rodepil.report.tables import all_tables


def write_report(workspace: Workspace, settings: ProjectSettings) -> list[Path]:
    """Write tables, figures, series and the report itself to results/.

    Parameters
    ----------
    workspace
        Where predictions, records, clips and folds lie; `rodepil.report.inputs` says which.
    settings
        The project's settings; the report names their profile.

    Returns
    -------
    list of Path
        What was written: metrics.json, ``NAME.md`` and ``NAME.csv`` of every table,
        ``NAME.png`` of every figure, plots/*.csv, report.md and report.html, those of localization
        among them where there is any; and the files of every grid in results/grids, as
        `rodepil.report.grid.write_grid` writes them.

    Raises
    ------
    ReportError
        Something is missing or does not belong together; nothing is written then. Of a grid or of
        localization, the report says so in its section.
    """
    inputs = read_inputs(workspace)
    localized = localize_chapter(workspace, settings.localize.compare)
    sheets = all_tables(inputs)
    grids = chapters(workspace, inputs.clips, inputs.folds)
    sections = [one.section for one in grids]
    outline = make_outline(inputs, sheets, settings, sections, localized.sections)
    pictures = {plate.name: picture(plate, inputs) for plate in plates_of(inputs)}
    pictures |= localized.pictures
    below = [one.pictures for one in grids] + [one.pictures for one in localized.grids]
    shown = {**pictures, **{name: drawn for some in below for name, drawn in some.items()}}
    texts = {f"plots/{name}": text for name, text in plots(inputs.result).items()}
    for sheet in (*sheets, *localized.sheets):
        texts |= {f"{sheet.name}.md": to_markdown(sheet), f"{sheet.name}.csv": to_csv(sheet)}
    texts["report.md"] = render_markdown(outline)
    texts["report.html"] = render_page(outline, shown)

    folder = workspace.results
    write_json(folder / "metrics.json", {**metrics(inputs), **localized.metrics})
    for name, drawn in pictures.items():
        with publish(folder / f"{name}.png") as beside:
            beside.write_bytes(drawn.light)
    for name, text in texts.items():
        write_text(folder / name, text)
    names = ["metrics.json", *(f"{name}.png" for name in pictures), *texts]
    paths = [folder / name for name in names]
    for one in grids:
        if one.grid is not None:
            paths += write_grid(workspace, one.grid.record.name, one)
    return paths + write_localized_grids(workspace, localized.grids)
