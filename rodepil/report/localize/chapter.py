"""Localization in the report of all: its sections, or a sentence that says why there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

from rodepil.config.localize import Comparison
from rodepil.config.workspace import Workspace
from rodepil.errors import RodepilError
from rodepil.report.localize.figures import plates_of
from rodepil.report.localize.grid.chapter import LocalizedChapter, localized_chapters
from rodepil.report.localize.outline import bare_section, localize_sections
from rodepil.report.localize.read import LocalizeInputs, is_there, read_localize
from rodepil.report.localize.records import RESULT
from rodepil.report.localize.tables import all_tables
from rodepil.report.outline import Section
from rodepil.report.page import Picture
from rodepil.report.pictures import picture
from rodepil.report.sheet import Sheet


@dataclass(frozen=True)
class LocalizeChapter:
    """Localization's part of the report.

    Parameters
    ----------
    sections
        What is said; none where nothing was localized.
    sheets, pictures
        Its tables, and its figures by name.
    metrics
        Its numbers for DVC, flat.
    grids
        The grids whose rows localize, a part each, whose sections are among these.
    """

    sections: tuple[Section, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    grids: tuple[LocalizedChapter, ...] = ()


def localize_chapter(
    workspace: Workspace, compare: Sequence[str] = get_args(Comparison)
) -> LocalizeChapter:
    """Return localization's part; of what can't be read, a sentence.

    Parameters
    ----------
    workspace, compare
        As for `rodepil.report.localize.read.read_localize`.
    """
    grids = localized_chapters(workspace)
    own = _own(workspace, compare) if is_there(workspace) else LocalizeChapter()
    sections = (*own.sections, *(one.section for one in grids))
    return replace(own, sections=sections, grids=grids)


def _own(workspace: Workspace, compare: Sequence[str]) -> LocalizeChapter:
    """Return what is said of the localization itself."""
    try:
        inputs = read_localize(workspace, compare)
        return LocalizeChapter(
            localize_sections(inputs),
            all_tables(inputs),
            {plate.name: picture(plate, inputs) for plate in plates_of(inputs)},
            metrics(inputs),
        )
    except RodepilError as error:
        return LocalizeChapter((bare_section(f"It can't be shown: {error}."),))


def metrics(inputs: LocalizeInputs) -> dict[str, float]:
    """Return the numbers that DVC compares, flat."""
    result = inputs.result
    flat = {"mean_map": result.mean}
    flat |= {f"map_{tiou:g}": result.at(tiou) for tiou in result.record.tious}
    if result.sure is not None and result.sure.mean.interval is not None:
        interval = result.sure.mean.interval
        flat |= {"mean_map_low": interval.low, "mean_map_high": interval.high}
    flat |= {f"{run.name}_mean_map": run.mean for run in inputs.runs if run.name != RESULT}
    return flat
