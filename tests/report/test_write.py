from __future__ import annotations

import base64
import json
import re
import struct
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import ReportError
from rodepil.report import write_report
from rodepil.report.figures import PLATES
from rodepil.report.inputs import read_inputs
from rodepil.report.outline import make_outline
from rodepil.report.page import Picture, render_page
from rodepil.report.tables import all_tables

VOID = {"meta", "img", "source", "br", "link"}
LINKS = ("src", "href", "srcset", "data", "poster", "action")


class Page(HTMLParser):
    """What a page is made of; a tag that closes what is not open is a fault."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read_page(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    assert not page.open
    return page


def png_of(uri: str) -> bytes:
    head, body = uri.split(",", 1)
    assert head == "data:image/png;base64"
    return base64.b64decode(body, validate=True)


@pytest.fixture(scope="module")
def written(workspace: Workspace) -> list[Path]:
    return write_report(workspace, ProjectSettings())


@pytest.fixture(scope="module")
def page(written: list[Path]) -> Page:
    return read_page(next(path for path in written if path.name == "report.html"))


def test_everything_named_is_there_and_nothing_half_written(
    written: list[Path], workspace: Workspace
) -> None:
    names = {path.relative_to(workspace.results).as_posix() for path in written}
    assert len(names) == len(written)
    tables = {"table1", "table2", "controls", "by_subject", "folds", "trials"}
    wanted = {"metrics.json", "report.md", "report.html", "plots/roc.csv", "plots/confusion.csv"}
    wanted |= {f"{name}.{suffix}" for name in tables for suffix in ("md", "csv")}
    wanted |= {f"{plate.name}.png" for plate in PLATES}
    assert wanted <= names
    assert all(path.stat().st_size for path in written)
    assert not list(workspace.results.rglob(".*"))


def test_the_page_needs_nothing_from_outside(page: Page) -> None:
    assert {"script", "link", "iframe", "object", "embed"}.isdisjoint(tag for tag, _ in page.seen)
    links = [attrs[name] for _, attrs in page.seen for name in LINKS if name in attrs]
    assert links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert not re.search(r"url\(|@import|https?:", "".join(page.words))


def test_every_link_of_the_page_leads_somewhere(page: Page) -> None:
    ids = [attrs["id"] for _, attrs in page.seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = {attrs["href"][1:] for tag, attrs in page.seen if tag == "a"}
    assert len(targets) == 8
    assert targets <= set(ids)


def test_the_page_holds_every_figure_for_light_and_dark(page: Page, workspace: Workspace) -> None:
    light = [attrs for tag, attrs in page.seen if tag == "img"]
    dark = [attrs for tag, attrs in page.seen if tag == "source"]
    files = {(workspace.results / f"{plate.name}.png").read_bytes() for plate in PLATES}
    assert {png_of(attrs["src"]) for attrs in light} == files
    assert files.isdisjoint(png_of(attrs["srcset"]) for attrs in dark)
    assert len(light) == len(dark) == len(PLATES)
    for attrs in light:
        assert "simulated recordings" in attrs["alt"]
        width, height = struct.unpack(">II", png_of(attrs["src"])[16:24])
        assert int(attrs["width"]) / int(attrs["height"]) == pytest.approx(width / height, rel=0.01)


def test_the_page_fits_a_phone_and_follows_the_screens_theme(page: Page) -> None:
    metas = [attrs for tag, attrs in page.seen if tag == "meta"]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
    assert "@media (prefers-color-scheme: dark)" in "".join(page.words)


def first_share(text: str) -> int:
    found = re.search(r"\d+\.\d%", text)
    assert found
    return found.start()


def test_simulated_data_is_called_so_before_any_number(page: Page, workspace: Workspace) -> None:
    words = "".join(page.words)
    body = words[words.index("Data: ") :]
    assert body.index("not from animals") < first_share(body)
    text = (workspace.results / "report.md").read_text()
    assert text.index("not from animals") < first_share(text)


def test_own_data_is_named_and_carries_no_warning(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    inputs = read_inputs(results(new_recipe(data="own <b>recordings</b>", static_quality=None)))
    outline = make_outline(inputs, all_tables(inputs), ProjectSettings())
    blank = Picture(b"", b"", 1, 1)
    page = Page()
    page.feed(render_page(outline, {plate.name: blank for plate in PLATES}))
    words = "".join(page.words)
    assert "own <b>recordings</b>" in words
    assert "not from animals" not in words
    assert "simulated recordings" not in words


def test_markdown_shows_every_figure_and_table(workspace: Workspace, written: list[Path]) -> None:
    text = (workspace.results / "report.md").read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)
    assert sorted(shown) == sorted(path.name for path in written if path.suffix == ".png")
    for path in written:
        if path.suffix == ".md" and path.name != "report.md":
            assert path.read_text(encoding="utf-8").strip() in text


def test_the_same_inputs_give_the_same_bytes(workspace: Workspace, written: list[Path]) -> None:
    before = {path: path.read_bytes() for path in written}
    assert {
        path: path.read_bytes() for path in write_report(workspace, ProjectSettings())
    } == before


def test_nothing_is_written_when_something_is_missing(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    workspace = results(new_recipe(subjects=6, folds=2))
    workspace.clips.unlink()
    before = sorted(workspace.results.iterdir())
    with pytest.raises(ReportError, match="rodepil curate"):
        write_report(workspace, ProjectSettings())
    assert sorted(workspace.results.iterdir()) == before


@pytest.mark.usefixtures("written")
def test_metrics_are_flat_numbers_that_scikit_learn_gives_too(workspace: Workspace) -> None:
    metrics = json.loads((workspace.results / "metrics.json").read_text())
    assert all(isinstance(value, float) for value in metrics.values())
    predictions = pd.read_parquet(workspace.results / "predictions.parquet")
    f1 = [
        sk.f1_score(part["label"], part["score"] >= 0.5) for _, part in predictions.groupby("fold")
    ]
    assert [metrics[f"fold_{fold}_f1"] for fold in range(5)] == pytest.approx(f1)
    assert metrics["f1"] == pytest.approx(np.mean(f1))
    assert metrics["f1_lowest_fold"] == pytest.approx(min(f1))
    labels, scores = predictions["label"], predictions["score"]
    assert metrics["auroc"] == pytest.approx(sk.roc_auc_score(labels, scores))
    area = sk.average_precision_score(labels, scores)
    assert metrics["average_precision"] == pytest.approx(area)
    static = pd.read_parquet(workspace.results / "controls" / "static_predictions.parquet")
    control = [
        sk.f1_score(part["label"], part["score"] >= 0.5) for _, part in static.groupby("fold")
    ]
    assert metrics["control_static_f1"] == pytest.approx(np.mean(control))


@pytest.mark.usefixtures("written")
def test_series_hold_the_curves_and_every_clip(workspace: Workspace) -> None:
    plots = workspace.results / "plots"
    predictions = pd.read_parquet(workspace.results / "predictions.parquet")
    labels, scores = predictions["label"], predictions["score"]
    roc = pd.read_csv(plots / "roc.csv")
    area = np.trapezoid(roc["sensitivity"], roc["false_positive_rate"])
    assert area == pytest.approx(sk.roc_auc_score(labels, scores))
    curve = pd.read_csv(plots / "precision_recall.csv")
    steps = -np.sum(np.diff(curve["recall"]) * curve["precision"].to_numpy()[:-1])
    assert steps == pytest.approx(sk.average_precision_score(labels, scores))
    by_fold = pd.read_csv(plots / "roc_by_fold.csv")
    for fold, part in predictions.groupby("fold"):
        own = by_fold[by_fold["fold"] == f"fold {fold}"]
        area = np.trapezoid(own["sensitivity"], own["false_positive_rate"])
        assert area == pytest.approx(sk.roc_auc_score(part["label"], part["score"]))
    confusion = pd.read_csv(plots / "confusion.csv")
    counts = pd.crosstab(confusion["actual"], confusion["predicted"]).to_numpy()
    assert counts.tolist() == sk.confusion_matrix(labels, scores >= 0.5).tolist()
    learning = pd.read_csv(plots / "learning_curves.csv")
    trials = json.loads((workspace.results / "crossval.json").read_text())["trials"]
    losses = [[epoch["train_loss"] for epoch in trial["history"]] for trial in trials]
    assert learning["train_loss"].tolist() == pytest.approx(np.mean(losses, axis=0).tolist())
    assert learning["epoch"].tolist() == list(range(1, 13))


@pytest.mark.usefixtures("written")
def test_dvc_shows_metrics_and_plots(workspace: Workspace) -> None:
    def dvc(*words: str) -> str:
        command = [sys.executable, "-m", "dvc", *words]
        return subprocess.run(
            command, cwd=workspace.root, check=True, capture_output=True, text=True
        ).stdout

    (workspace.root / "dvc.yaml").write_text(
        """
metrics: [results/metrics.json]
plots:
  - results/plots/confusion.csv: {template: confusion, x: actual, y: predicted}
  - results/plots/roc.csv: {template: simple, x: false_positive_rate, y: sensitivity}
  - results/plots/learning_curves.csv: {x: epoch, y: [train_loss, test_loss]}
  - results/plots/metrics_by_fold.csv: {template: bar_horizontal, x: f1, y: fold}
  - results/by_subject.png
"""
    )
    dvc("init", "--no-scm", "--quiet")
    shown = json.loads(dvc("metrics", "show", "--json"))
    metrics = json.loads((workspace.results / "metrics.json").read_text())
    assert shown[""]["data"]["results/metrics.json"]["data"] == pytest.approx(metrics)
    assert "file://" in dvc("plots", "show")
    page = (workspace.root / "dvc_plots" / "index.html").read_text()
    for name in ("actual", "false_positive_rate", "train_loss", "fold 4", "by_subject.png"):
        assert name in page
