"""Localization's report by itself, for who has its results and no cross-validation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io.files import publish, write_text
from rodepil.report.localize.figures import plates_of
from rodepil.report.localize.grid.chapter import localized_chapters
from rodepil.report.localize.grid.write import write_localized_grids
from rodepil.report.localize.outline import localize_sections
from rodepil.report.localize.read import LocalizeInputs, read_localize
from rodepil.report.localize.records import MODELS, RESULT
from rodepil.report.localize.tables import all_tables
from rodepil.report.localize.words import tested_words
from rodepil.report.markdown import render_markdown
from rodepil.report.numbers import interval_text, percent_text
from rodepil.report.outline import Headline, Outline, Section, warning_words
from rodepil.report.page import render_page
from rodepil.report.pictures import picture
from rodepil.report.sheet import to_csv, to_markdown

TITLE: Final = "Action units of seizures in rodents from video, localized in time"
TO_RESULTS: Final = "../"
"""The way from where this report lies to where grids do."""


def write_localize_report(workspace: Workspace, settings: ProjectSettings) -> list[Path]:
    """Write tables, figures and the page of localization to results/localize/.

    Parameters
    ----------
    workspace
        Where results and clips lie; see `rodepil.report.localize.read.read_localize`.
    settings
        The project's; they name what is to stand beside.

    Returns
    -------
    list of Path
        What was written: ``NAME.md`` and ``NAME.csv`` of every table, ``NAME.png`` of every
        figure, report.md and report.html; and the files of every grid whose rows localize.

    Raises
    ------
    ReportError
        The result is missing or does not belong to the clips; nothing is written then.
    """
    inputs = read_localize(workspace, settings.localize.compare)
    grids = localized_chapters(workspace, TO_RESULTS)
    outline = _outline(inputs, [one.section for one in grids])
    pictures = {plate.name: picture(plate, inputs) for plate in plates_of(inputs)}
    shown = {**pictures, **{name: drawn for one in grids for name, drawn in one.pictures.items()}}
    texts: dict[str, str] = {}
    for sheet in all_tables(inputs):
        texts |= {f"{sheet.name}.md": to_markdown(sheet), f"{sheet.name}.csv": to_csv(sheet)}
    texts["report.md"] = render_markdown(outline)
    texts["report.html"] = render_page(outline, shown)
    folder = workspace.localize_results
    for name, drawn in pictures.items():
        with publish(folder / f"{name}.png") as beside:
            beside.write_bytes(drawn.light)
    for name, text in texts.items():
        write_text(folder / name, text)
    paths = [folder / name for name in (*(f"{name}.png" for name in pictures), *texts)]
    return paths + write_localized_grids(workspace, grids)


def _outline(inputs: LocalizeInputs, grids: Sequence[Section]) -> Outline:
    return Outline(
        title=TITLE,
        subtitle=f"{MODELS[RESULT]}. {tested_words(inputs).removesuffix('.')}",
        data=inputs.source,
        warning=warning_words(inputs.source),
        headlines=_headlines(inputs),
        sections=(*localize_sections(inputs), *grids),
    )


def _headlines(inputs: LocalizeInputs) -> tuple[Headline, ...]:
    """Return the mean mAP of everything that was trained, the result's first."""
    sure = inputs.result.sure
    bounds = interval_text(None if sure is None else sure.mean.interval)
    detail = "mean over thresholds of tIoU"
    return tuple(
        Headline(
            MODELS[run.name],
            percent_text(run.mean),
            f"{detail}; 95 % interval {bounds}" if bounds and run is inputs.result else detail,
        )
        for run in inputs.runs
    )
