"""A grid's files: all there, made once, and its page and pictures hold what they should."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from matplotlib.collections import LineCollection, PathCollection

from rodepil.config.workspace import Workspace
from rodepil.report.figures import Plate
from rodepil.report.grid import made, write_grid
from rodepil.report.grid import write as writing
from rodepil.report.grid.alike import alike_but_modality
from rodepil.report.grid.figures import plates_of
from rodepil.report.grid.figures.forest import forest
from rodepil.report.grid.read import read_grid
from rodepil.report.grid.records import Grid
from rodepil.report.page import Picture
from rodepil.report.style import LIGHT
from tests.report.grids import NAME, ROWS, Drawn, change, write_rows
from tests.report.test_write import read_page

PNGS = {"forest", "calibration", "learning_curves", "fig3_mean_metrics", "fig2_modalities"}
CSVS = {
    "table3",
    "differences",
    "by_subject",
    "sensitivity_at_rates",
    "calibration",
    "learning_curves",
    "forest",
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = write_rows(tmp_path_factory.mktemp("grid"))
    write_grid(workspace, NAME)
    return workspace


@pytest.fixture(scope="module")
def grid(workspace: Workspace) -> Grid:
    return read_grid(workspace, NAME)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Let pictures be blank, and give the names of those that are drawn."""
    names: list[str] = []

    def picture(plate: Plate[Grid], _: Grid) -> Picture:
        names.append(plate.name)
        return Picture(b"light", b"dark", 1, 1)

    monkeypatch.setattr(writing, "picture", picture)
    return names


def folder_of(workspace: Workspace) -> Path:
    return workspace.results / "grids" / NAME


def test_all_files_are_there_and_nothing_half_written(workspace: Workspace):
    folder = folder_of(workspace)
    wanted = {f"{name}.png" for name in PNGS} | {f"{name}.csv" for name in CSVS}
    wanted |= {"table3.md", "differences.md", "metrics.json", "report.html"}
    found = {path.name for path in folder.iterdir() if path.is_file()}
    assert found == wanted | {"grid.json", ".made.json"}
    assert {path.name for path in write_grid(workspace, NAME)} == wanted


def test_the_page_needs_nothing_from_outside_and_names_the_data_first(workspace: Workspace):
    page = read_page(folder_of(workspace) / "report.html")
    ids = [attrs["id"] for _, attrs in page.seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = [attrs["href"] for tag, attrs in page.seen if tag == "a"]
    assert links
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    images = [attrs for tag, attrs in page.seen if tag == "img"]
    assert len(images) == len(PNGS)
    assert all(attrs["src"].startswith("data:image/png;base64,") for attrs in images)
    assert all("simulated recordings" in attrs["alt"] for attrs in images)
    words = "".join(page.words)
    words = words[words.index("Data: ") :]
    assert words.index("not from animals") < words.index("%")
    assert "rgb-224-16-sgd-no/fold-1 (loss is NaN)" in words


def test_every_figure_names_the_data(grid: Grid):
    plates = plates_of(grid)
    assert {plate.name for plate in plates} == PNGS
    for plate in plates:
        note = plate.draw(grid, LIGHT).get_supxlabel()
        assert note.startswith("Data: simulated recordings.")


def test_nothing_leaves_a_figure_of_long_names(tmp_path: Path):
    long = "learning_rate=0.0001 frames=16 gap=10 flow"
    rows = (Drawn(long, 3.0, (9, 9, 9, 100)), *ROWS)
    grid = read_grid(write_rows(tmp_path, rows), NAME)
    for plate in plates_of(grid):
        figure = plate.draw(grid, LIGHT)
        figure.draw_without_rendering()
        inside = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
        assert inside.x0 >= 0, plate.name
        assert inside.y0 >= 0, plate.name
        assert inside.x1 <= figure.bbox.x1, plate.name
        assert inside.y1 <= figure.bbox.y1, plate.name


def test_the_forest_plot_has_our_means_and_the_papers_hollow_marks(grid: Grid):
    (ax,) = forest(grid, LIGHT).axes
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [row.name for row in ROWS]
    marks = [one for one in ax.collections if isinstance(one, PathCollection)]
    hollow = [one for one in marks if not len(one.get_facecolors())]
    full = [one for one in marks if len(one.get_facecolors())]
    ours = [100 * row.result.mean.f1 for row in grid.rows if row.result is not None]
    for drawn, wanted in ((hollow, [row.paper[3] for row in ROWS]), (full, ours)):
        assert [float(one.get_offsets()[0, 0]) for one in drawn] == pytest.approx(wanted)
    bars = [one for one in ax.collections if isinstance(one, LineCollection)]
    assert len(bars) == len(ours)
    for bar, mean in zip(bars, ours, strict=True):
        (low, _), (high, _) = bar.get_segments()[0]
        assert low < mean < high


def test_modalities_are_compared_among_rows_that_differ_in_nothing_else(grid: Grid):
    rows = alike_but_modality(grid)
    assert {name: row.name for name, row in rows.items()} == {
        "rgb": "rgb-224-8-sgd-kinetics",
        "flow": "flow-224-8-sgd-kinetics",
    }


def test_nothing_is_made_again_while_nothing_has_changed(workspace: Workspace, drawn: list[str]):
    before = write_grid(workspace, NAME)
    assert drawn == []
    assert all(path.is_file() for path in before)


def test_a_changed_row_a_lost_file_and_other_code_are_made_again(
    tmp_path: Path, drawn: list[str], monkeypatch: pytest.MonkeyPatch
):
    workspace = write_rows(tmp_path)
    folder = folder_of(workspace)
    write_grid(workspace, NAME)
    for disturb in (
        lambda: write_rows(tmp_path, (Drawn(ROWS[0].words, 1.0), *ROWS[1:])),
        (folder / "table3.md").unlink,
        lambda: (folder / "forest.csv").write_text("edited"),
        lambda: monkeypatch.setattr(made, "MADE_BY", ("report",)),
        lambda: (folder / ".made.json").write_text("[]"),
    ):
        drawn.clear()
        disturb()
        write_grid(workspace, NAME)
        assert set(drawn) == PNGS
        drawn.clear()
        write_grid(workspace, NAME)
        assert drawn == []


def test_what_an_earlier_grid_left_and_this_one_has_not_is_taken_away(
    tmp_path: Path, drawn: list[str]
):
    workspace = write_rows(tmp_path)
    write_grid(workspace, NAME)
    kept = folder_of(workspace) / "notes.png"
    kept.write_bytes(b"a user's own")
    write_rows(tmp_path, ROWS[:2])
    write_grid(workspace, NAME)
    assert "fig2_modalities" not in drawn[len(PNGS) :]
    assert not (folder_of(workspace) / "fig2_modalities.png").exists()
    assert kept.exists()


def test_a_grid_without_a_finished_fold_is_written_too(tmp_path: Path, drawn: list[str]):
    workspace = write_rows(tmp_path, ROWS[-1:])
    names = {path.name for path in write_grid(workspace, NAME)}
    assert drawn == []
    assert {"table3.md", "report.html", "metrics.json"} <= names
    assert json.loads((folder_of(workspace) / "metrics.json").read_text()) == {
        "f1": {},
        "auroc": {},
    }
    page = (folder_of(workspace) / "report.html").read_text(encoding="utf-8")
    assert "No row is complete yet" in page
    assert "Not run yet: 3 folds" in page


def test_own_data_carries_no_warning(tmp_path: Path, drawn: list[str]):
    workspace = write_rows(tmp_path, ROWS[:2])
    for path in (folder_of(workspace) / "rows").glob("*.json"):
        change(path, data="rats of our house")
    change(folder_of(workspace) / "grid.json", data="rats of our house")
    write_grid(workspace, NAME)
    assert drawn
    page = (folder_of(workspace) / "report.html").read_text(encoding="utf-8")
    assert "rats of our house" in page
    assert "simulated" not in page


def test_other_code_of_any_part_that_files_follow_from_makes_them_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A bootstrap over originals hangs on how names tell of copies, for example."""
    monkeypatch.setattr(made.rodepil, "__file__", str(tmp_path / "package" / "__init__.py"))
    made_at: list[int] = []

    def make() -> list[Path]:
        made_at.append(len(made_at))
        return []

    for at, part in enumerate(("statistics/a.py", "scoring/b/c.py", "data/ratseizure/copies.py")):
        path = tmp_path / "package" / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"VERSION = {at}\n", encoding="utf-8")
        for _ in range(2):
            made.made_once(tmp_path / "out", [], make)
        assert made_at == [*range(at + 1)]
