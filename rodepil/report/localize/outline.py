"""What the report says of localization and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rodepil.report.figures import Plate
from rodepil.report.localize.figures import plates_of
from rodepil.report.localize.read import LocalizeInputs
from rodepil.report.localize.tables import all_tables
from rodepil.report.localize.words import (
    beside_words,
    detector_words,
    result_words,
    source_words,
    warnings_of,
)
from rodepil.report.outline import Section
from rodepil.report.sheet import Sheet

NAME = "localize"


def localize_sections(inputs: LocalizeInputs) -> tuple[Section, ...]:
    """Return the sections of localization: what was found, and in which clips."""
    sheet = {item.name: item for item in all_tables(inputs)}
    plate = {item.name: item for item in plates_of(inputs)}
    result = Section(
        NAME,
        "Action units in time",
        (source_words(inputs), result_words(inputs), *beside_words(inputs)),
        (
            sheet["localize_map"],
            plate["localize_map"],
            sheet["localize_certainty"],
            plate["localize_ap"],
            sheet["localize_ap"],
            *_there(plate, "localize_timeline"),
            plate["localize_learning"],
            sheet["localize_trials"],
        ),
        warnings_of(inputs),
        inputs.source,
    )
    data = Section(
        f"{NAME}-data",
        "Clips of action units",
        (*(inputs.leaks or ()), *detector_words(inputs)),
        (
            *_there(plate, "localize_split"),
            *_there(sheet, "localize_units"),
            *_there(sheet, "localize_detector"),
        ),
        (),
        inputs.source,
    )
    return (result, data) if data.items or data.sentences else (result,)


def bare_section(said: str) -> Section:
    """Return the section where nothing can be shown: the sentence that says why."""
    return Section(NAME, "Action units in time", (said,), ())


def _there(
    items: Mapping[str, Sheet] | Mapping[str, Plate[Any]], name: str
) -> tuple[Sheet | Plate[Any], ...]:
    return (items[name],) if name in items else ()
