"""Writing a report: everything is made first, then published file by file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io.files import publish, write_json, write_text
from rodepil.report.figures import plates_of
from rodepil.report.inputs import ReportInputs, read_inputs
from rodepil.report.markdown import render_markdown
from rodepil.report.outline import make_outline
from rodepil.report.page import Picture, render_page
from rodepil.report.series import metrics, plots
from rodepil.report.sheet import to_csv, to_markdown
from rodepil.report.style import DARK, LIGHT, png
from rodepil.report.tables import all_tables

CSS_PX_PER_IN: Final = 125


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
        ``NAME.png`` of every figure, plots/*.csv, report.md and report.html.

    Raises
    ------
    ReportError
        Something is missing or does not belong together; nothing is written then.
    """
    inputs = read_inputs(workspace)
    sheets = all_tables(inputs)
    outline = make_outline(inputs, sheets, settings)
    pictures = _draw(inputs)
    texts = {f"plots/{name}": text for name, text in plots(inputs.result).items()}
    for sheet in sheets:
        texts |= {f"{sheet.name}.md": to_markdown(sheet), f"{sheet.name}.csv": to_csv(sheet)}
    texts["report.md"] = render_markdown(outline)
    texts["report.html"] = render_page(outline, pictures)

    folder = workspace.results
    write_json(folder / "metrics.json", metrics(inputs))
    for name, picture in pictures.items():
        with publish(folder / f"{name}.png") as beside:
            beside.write_bytes(picture.light)
    for name, text in texts.items():
        write_text(folder / name, text)
    written = ["metrics.json", *(f"{name}.png" for name in pictures), *texts]
    return [folder / name for name in written]


def _draw(inputs: ReportInputs) -> dict[str, Picture]:
    """Draw every figure for light and for dark screens."""
    pictures = {}
    for plate in plates_of(inputs):
        figure = plate.draw(inputs, LIGHT)
        width_in, height_in = figure.get_size_inches()
        pictures[plate.name] = Picture(
            light=png(figure),
            dark=png(plate.draw(inputs, DARK)),
            width_px=round(CSS_PX_PER_IN * width_in),
            height_px=round(CSS_PX_PER_IN * height_in),
        )
    return pictures
