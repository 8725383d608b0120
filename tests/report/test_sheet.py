from __future__ import annotations

import csv
import io
import re
from html.parser import HTMLParser

import pytest

from rodepil.report.inputs import ReportInputs
from rodepil.report.page_style import CSS
from rodepil.report.sheet import Column, Kind, Sheet, to_csv, to_html, to_markdown
from rodepil.report.tables import all_tables

TABLES = ("table1", "table2", "controls", "by_subject", "folds", "trials")


class Cells(HTMLParser):
    """The texts of a table's cells, by row."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th"}:
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data


def markdown_rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines]
    return [[cell.strip().strip("*").replace("\\|", "|") for cell in row] for row in cells]


def bare(cell: str) -> str:
    """A printed cell without its unit, as CSV holds it."""
    number = re.fullmatch(r"([\d,]+(?:\.\d+)?)(%| s)?", cell)
    return number[1].replace(",", "") if number else cell.replace("\N{EN DASH}", "")


@pytest.mark.parametrize("name", TABLES)
def test_csv_markdown_and_html_hold_the_same(name: str, inputs: ReportInputs) -> None:
    sheet = next(sheet for sheet in all_tables(inputs) if sheet.name == name)
    head, _, *printed = markdown_rows(to_markdown(sheet))
    csv_head, *csv_rows = csv.reader(io.StringIO(to_csv(sheet)))
    assert [*head, "Data"] == csv_head
    assert [[bare(cell) for cell in row] for row in printed] == [
        [bare(cell) for cell in row[:-1]] for row in csv_rows
    ]
    parser = Cells()
    parser.feed(to_html(sheet))
    assert parser.rows[-len(printed) :] == printed


@pytest.mark.parametrize("name", TABLES)
def test_every_table_names_its_data(name: str, inputs: ReportInputs) -> None:
    sheet = next(sheet for sheet in all_tables(inputs) if sheet.name == name)
    assert "simulated recordings" in to_markdown(sheet).split("|")[0]
    assert "simulated recordings" in to_html(sheet).split("<table>")[0]
    rows = list(csv.DictReader(io.StringIO(to_csv(sheet))))
    assert {row["Data"] for row in rows} == {"simulated recordings"}


def test_marks_of_the_formats_in_names_do_no_harm() -> None:
    name = 'a|b <i>&"c", d'
    sheet = Sheet("t", "T", "N", "d", (Column("x"), Column("y", "percent")), ((name, 0.5),))
    assert markdown_rows(to_markdown(sheet))[-1] == [name, "50.00%"]
    assert list(csv.reader(io.StringIO(to_csv(sheet))))[-1] == [name, "50.00", "d"]
    parser = Cells()
    parser.feed(to_html(sheet))
    assert parser.rows[-1] == [name, "50.00%"]


def test_kinds_are_printed_with_their_units() -> None:
    kinds: tuple[Kind, ...] = ("text", "count", "percent", "points", "seconds", "percent")
    columns = tuple(Column(kind, kind) for kind in kinds)
    row = ("fold 1", 10101, 0.98955, -0.125, 12.34, None)
    sheet = Sheet("t", "T", "N", "d", columns, (row,), bold=frozenset({0}))
    printed = ["fold 1", "10,101", "98.95%", "-12.50", "12.3 s", "\N{EN DASH}"]
    assert markdown_rows(to_markdown(sheet))[-1] == printed
    assert "**98.95%**" in to_markdown(sheet)
    bare_cells = ["fold 1", "10101", "98.95", "-12.50", "12.3", "", "d"]
    assert list(csv.reader(io.StringIO(to_csv(sheet))))[-1] == bare_cells


@pytest.mark.parametrize(("columns", "is_wide"), [(6, False), (7, True), (14, True)])
def test_a_table_of_many_columns_is_set_smaller(columns: int, *, is_wide: bool) -> None:
    heads = tuple(Column(f"c{at}", "percent") for at in range(columns))
    sheet = Sheet("t", "T", "N", "d", heads, ((0.5,) * columns,))
    assert ('class="scroll wide"' in to_html(sheet)) == is_wide
    assert ".wide .n{white-space:normal}" in CSS


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 columns and a row of 1"):
        Sheet("t", "T", "N", "d", (Column("x"), Column("y")), (("only",),))
