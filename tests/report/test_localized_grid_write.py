"""The files of a grid of localizers: its page, its chapter in both reports, and what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.io import tables
from rodepil.report import write_report
from rodepil.report.figures import Plate
from rodepil.report.localize import localize_chapter
from rodepil.report.localize.alone import write_localize_report
from rodepil.report.localize.grid import write as writing
from rodepil.report.localize.grid import write_localized_grid
from rodepil.report.localize.grid.records import LocalizedGrid
from rodepil.report.page import Picture
from tests.report.conftest import Recipe
from tests.report.grids import change
from tests.report.localized import UnitRecipe
from tests.report.localized_grids import BEST, NAME, ROWS, write_localized_rows
from tests.report.test_write import Page, png_of, read_page

CLIPS = UnitRecipe(clips=36)
PNGS = {"forest", "axes", "learning_curves"}
FILES = {
    "table.csv", "table.md", "differences.csv", "differences.md", "trials.csv", "ap_by_unit.csv",
    "learning_curves.csv", "metrics.json", "report.html", *(f"{name}.png" for name in PNGS),
}  # fmt: skip


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A grid with its files, to read from alone."""
    workspace = Workspace(tmp_path_factory.mktemp("keys"))
    write_localized_rows(workspace, ROWS, UnitRecipe())
    write_localized_grid(workspace, NAME)
    return workspace


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    """A grid of two rows to change."""
    return write_localized_rows(Workspace(tmp_path), ROWS[:2], CLIPS)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let pictures be blank, and give the names of those that are drawn."""
    names: list[str] = []

    def picture(plate: Plate[LocalizedGrid], _: LocalizedGrid) -> Picture:
        names.append(plate.name)
        return Picture(b"light", b"dark", 1, 1)

    monkeypatch.setattr(writing, "picture", picture)
    return names


def folder_of(workspace: Workspace) -> Path:
    return workspace.results / "grids" / NAME


def links_of(page: Page) -> list[str]:
    return [attrs["href"] for tag, attrs in page.seen if tag == "a"]


def test_all_files_are_there_and_nothing_half_written(workspace: Workspace) -> None:
    found = {path.name for path in folder_of(workspace).iterdir() if path.is_file()}
    assert found == FILES | {"localize.json", ".made.json"}
    assert {path.name for path in write_localized_grid(workspace, NAME)} == FILES


def test_the_page_needs_nothing_from_outside_and_names_the_data_first(
    workspace: Workspace,
) -> None:
    page = read_page(folder_of(workspace) / "report.html")
    ids = [attrs["id"] for _, attrs in page.seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = links_of(page)
    assert links
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    images = [attrs for tag, attrs in page.seen if tag == "img"]
    files = {(folder_of(workspace) / f"{name}.png").read_bytes() for name in PNGS}
    assert {png_of(attrs["src"]) for attrs in images} == files
    assert all("simulated clips of action units" in attrs["alt"] for attrs in images)
    words = "".join(page.words)
    words = words[words.index("Data: ") :]
    assert words.index("not from animals") < words.index("%")


def test_the_best_row_alone_is_bold_and_its_numbers_are_the_headlines(
    workspace: Workspace,
) -> None:
    text = (folder_of(workspace) / "report.html").read_text(encoding="utf-8")
    assert text.count('<tr class="bold">') == 1
    bold = text[text.index('<tr class="bold">') :].split("</tr>")[0]
    keep, window = BEST.split("-")
    assert f">{keep}</th><td>{window}</td>" in bold
    rows = folder_of(workspace) / "rows"
    (trial,) = json.loads((rows / f"{BEST}.json").read_bytes())["trials"]
    assert f"<b>{100 * trial['mean_map']:.1f}%</b><span>{BEST}</span>" in text
    metrics = json.loads((folder_of(workspace) / "metrics.json").read_bytes())["mean_map"]
    assert metrics[BEST] == max(metrics.values()) == pytest.approx(trial["mean_map"])


def test_nothing_is_made_again_while_nothing_has_changed(own: Workspace, drawn: list[str]) -> None:
    write_localized_grid(own, NAME)
    assert set(drawn) == {"forest", "learning_curves"}
    drawn.clear()
    write_localized_grid(own, NAME)
    assert drawn == []
    change(folder_of(own) / "localize.json", note="The network is wide.")
    write_localized_grid(own, NAME)
    assert drawn != []


def test_the_report_of_localization_alone_shows_the_grid_and_leads_to_its_page(
    own: Workspace,
) -> None:
    written = write_localize_report(own, ProjectSettings())
    assert folder_of(own) / "report.html" in written
    report = own.localize_results / "report.html"
    page = read_page(report)
    (link,) = (link for link in links_of(page) if not link.startswith("#"))
    assert (report.parent / link).resolve() == (folder_of(own) / "report.html").resolve()
    text = (own.localize_results / "report.md").read_text(encoding="utf-8")
    assert f"]({link})" in text
    assert f"Data: {CLIPS.data}.](../grids/{NAME}/forest.png)" in text


def test_the_report_of_all_shows_the_grid_and_leads_to_its_page(
    results: Callable[..., Workspace],
) -> None:
    workspace = results(Recipe(subjects=6, folds=2))
    write_localized_rows(workspace, ROWS[:2], CLIPS)
    written = write_report(workspace, ProjectSettings())
    assert folder_of(workspace) / "report.html" in written
    page = read_page(workspace.results / "report.html")
    (link,) = (link for link in links_of(page) if not link.startswith("#"))
    assert (workspace.results / link) == folder_of(workspace) / "report.html"
    forest = (folder_of(workspace) / "forest.png").read_bytes()
    assert forest in [png_of(attrs["src"]) for tag, attrs in page.seen if tag == "img"]
    assert f"#grid-{NAME}" in links_of(page)


def test_a_grid_is_shown_where_nothing_else_was_localized(own: Workspace) -> None:
    for path in own.localize_results.iterdir():
        path.unlink()
    (section,) = localize_chapter(own).sections
    assert section.heading == f"Grid {NAME}"
    assert section.data == CLIPS.data


def test_a_grid_of_former_clips_has_a_sentence_and_keeps_its_page(own: Workspace) -> None:
    write_localized_grid(own, NAME)
    before = (folder_of(own) / "report.html").read_bytes()
    for path in own.localize_results.iterdir():
        path.unlink()
    folds = tables.read("folds", own.units_folds)
    tables.write("folds", folds.slice(1), own.units_folds)
    chapter = localize_chapter(own)
    (said,) = chapter.sections[0].sentences
    assert f"folds.parquet changed; run 'rodepil tune --grid {NAME}'" in said
    assert chapter.grids[0].grid is None
    assert (folder_of(own) / "report.html").read_bytes() == before
