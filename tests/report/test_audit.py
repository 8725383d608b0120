"""The audit's own page, its figure, and its section in the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.data.audit.items import digest_of
from rodepil.data.audit.record import (
    AuditRecord,
    Counted,
    DuplicateGroup,
    FactorRecord,
    Judged,
    PlaceRecord,
    save_record,
)
from rodepil.errors import ReportError
from rodepil.io import tables
from rodepil.report import write_report
from rodepil.report.audit import audit_sentences, render_audit, sharing_words, write_audit
from rodepil.report.figures.audit import audit_figure
from rodepil.report.style import DARK, LIGHT


def judged(name: str, auroc: float, group: str = "pixels", state: str = "quiet") -> Judged:
    return Judged.model_validate(
        {
            "name": name,
            "title": name,
            "group": group,
            "auroc": auroc,
            "low": max(0.4, auroc - 0.05),
            "high": min(1.0, auroc + 0.05),
            "p": 0.005 if state == "tells" else 0.4,
            "state": state,
            "normal": "30 (100%)",
            "seizure": "29 (100%)",
        }
    )


def record_of(clips: list[dict[str, Any]], duplicates: list[tuple[str, ...]]) -> AuditRecord:
    subject = {row["clip_id"]: row["subject_id"] for row in clips}
    return AuditRecord(
        data="simulated recordings",
        of="clips",
        digest=digest_of([row["clip_id"] for row in clips], [row["label"] for row in clips]),
        verdict="pass",
        threshold=0.6,
        counts=Counted(clips=len(clips), seizures=9, subjects=12, recordings=3, unreadable=0),
        auroc={"fps": 0.5},
        attributes=(judged("fps", 0.5, "file"), judged("noise", 0.9, state="tells")),
        together=(judged("files", 0.5, "together"),),
        factors=(
            FactorRecord(
                name="position",
                explained=0.2,
                chance=0.01,
                p=0.005,
                places=(PlaceRecord(value="3", clips=40, positives=30),),
            ),
        ),
        duplicates=tuple(
            DuplicateGroup(
                clips=group,
                subjects=tuple(subject[clip] for clip in group),
                labels=(0,) * len(group),
                likeness=0.97,
            )
            for group in duplicates
        ),
        findings=(),
    )


def audited(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> tuple[Workspace, AuditRecord]:
    """Return a workspace with an audit whose first duplicates stand in two folds."""
    workspace = results(new_recipe(static_quality=None))
    rows = [row for row in tables.read("clips", workspace.clips).to_pylist() if row["kept"]]
    fold = {
        row["clip_id"]: row["fold"] for row in tables.read("folds", workspace.folds).to_pylist()
    }
    first = rows[0]["clip_id"]
    far = next(row["clip_id"] for row in rows if fold[row["clip_id"]] != fold[first])
    near = [row["clip_id"] for row in rows if fold[row["clip_id"]] == fold[first]][2:4]
    record = record_of(rows, [tuple(near), (first, far)])
    save_record(record, workspace.results / "audit.json")
    return workspace, record


def test_the_report_shows_what_folds_share(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    workspace, record = audited(results, new_recipe)
    written = write_report(workspace, ProjectSettings())
    assert workspace.results / "audit.png" in written
    for name in ("report.md", "report.html"):
        text = (workspace.results / name).read_text()
        section = text[text.index("Audit of the clips") :]
        assert "Recordings shared between folds" in section
        assert "1 group of near-duplicate clips stands in several folds" in section
        assert record.duplicates[1].clips[1] in section
    markdown = (workspace.results / "report.md").read_text()
    torn = ", ".join(record.duplicates[1].clips)
    lines = [line for line in markdown.splitlines() if torn in line]
    assert [line.split(" | ")[-1] for line in lines] == ["yes |"]


def test_the_section_names_the_data_of_every_table(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    workspace, _ = audited(results, new_recipe)
    write_report(workspace, ProjectSettings())
    text = (workspace.results / "report.md").read_text()
    section = text[text.index("## Audit of the clips") : text.index("## Make it again")]
    captions = [line for line in section.splitlines() if line.startswith("**")]
    assert len(captions) == 4
    assert all("Data: simulated recordings." in line for line in captions)


def test_an_audit_of_other_clips_is_refused(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    workspace, record = audited(results, new_recipe)
    save_record(record.model_copy(update={"digest": "0"}), workspace.results / "audit.json")
    with pytest.raises(ReportError, match=r"other clips.*rodepil audit"):
        write_report(workspace, ProjectSettings())


def test_without_an_audit_the_report_has_no_such_section(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    workspace = results(new_recipe(static_quality=None))
    write_report(workspace, ProjectSettings())
    assert "Audit" not in (workspace.results / "report.md").read_text()


def test_the_command_line_is_told_what_folds_share_or_nothing(
    results: Callable[..., Workspace], new_recipe: Callable[..., Any]
) -> None:
    workspace, record = audited(results, new_recipe)
    clips = tables.read("clips", workspace.clips)
    assert "several folds" in sharing_words(record, clips, workspace.folds)
    assert sharing_words(record, clips, workspace.folds.with_name("none.parquet")) == ""


def test_the_own_page_says_simulated_before_any_number(tmp_path: Path) -> None:
    rows = [{"clip_id": "a", "label": 0, "subject_id": "s"}]
    record = record_of(rows, [])
    page, picture = write_audit(record, tmp_path)
    text = page.read_text()
    assert text == render_audit(record)
    assert text.index("not animals") < text.index("0.6")
    assert "Verdict: files pass; pixels tell the label (noise, AUROC 0.900)" in text
    assert "Apart from the files, pixels tell the label" in audit_sentences(record)[0]
    assert f"]({picture.name})" in text
    assert not list(tmp_path.glob(".*"))


def test_the_figure_draws_threshold_and_every_attribute_in_both_themes() -> None:
    record = record_of([{"clip_id": "a", "label": 0, "subject_id": "s"}], [])
    for style in (LIGHT, DARK):
        figure = audit_figure(record, style)
        (ax,) = figure.axes
        assert [tick.get_text() for tick in ax.get_yticklabels()] == ["fps", "noise", "files"]
        assert 0.6 in [line.get_xdata()[0] for line in ax.lines]
        drawn = [float(dot.get_offsets()[0][0]) for dot in ax.collections if len(dot.get_offsets())]
        assert {0.5, 0.9} <= set(drawn)
        words = [text.get_text() for text in figure.findobj(match=type(ax.title))]
        words = [" ".join(one.split()) for one in words]  # long titles are wrapped
        assert any("Files pass; pixels tell the label (noise," in one for one in words)
        assert any("simulated recordings" in one for one in words)
