"""Files made like the published ones fail as they came and pass when curated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rodepil.config.settings import AuditSettings, CurateSettings
from rodepil.data.audit.cache import MEASURED
from rodepil.data.audit.items import AuditItem, Of, clip_items, source_items
from rodepil.data.audit.record import read_record, save_record
from rodepil.data.audit.run import Audited, audit
from rodepil.data.curate import curate
from rodepil.data.published.clips import import_clips
from rodepil.data.sources import read_source
from rodepil.errors import AuditError
from rodepil.io import tables
from rodepil.io.progress import Advance
from tests.audit_films import encode, item, walk
from tests.published_clips import make_published


class Counting:
    """Counts what is said to be done."""

    def __init__(self) -> None:
        self.total = 0.0
        self.done = 0.0

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        assert (name, unit) == ("audit clips", "clips")
        self.total += total
        yield self._advance

    def _advance(self, amount: float) -> None:
        self.done += amount


def run(
    items: list[AuditItem], cache: Path, *, of: Of = "clips", progress: Counting | None = None
) -> Audited:
    return audit(
        items, AuditSettings(), cache, of=of, data="test films", progress=progress, processes=1
    )


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A source made like the published clips, and its curated clips beside."""
    root = tmp_path_factory.mktemp("lab")
    make_published(root / "published", subjects=8, normal=2, seizures=1)
    import_clips([root / "published"], root / "source")
    settings = CurateSettings(size_px=64)
    curate(root / "source", settings, root / "clips", root / "clips.parquet", processes=1)
    return root


@pytest.fixture(scope="module")
def as_they_came(published: Path) -> Audited:
    return run(source_items(read_source(published / "source"), 0.5), published / "a", of="source")


@pytest.fixture(scope="module")
def curated(published: Path) -> Audited:
    items = clip_items(tables.read("clips", published / "clips.parquet"), published)
    return run(items, published / "b")


def test_published_files_fail_by_name_value_and_remedy(as_they_came: Audited) -> None:
    assert as_they_came.record.verdict == "fail"
    assert as_they_came.record.auroc["fps"] == 1
    assert as_they_came.record.auroc["frames"] == 1
    with pytest.raises(AuditError) as raised:
        as_they_came.raise_if_failed()
    for words in (
        "frame rate (fps) has AUROC 1.000, normal 30 (100%), seizure 29 (100%)",
        "number of frames (frames) has AUROC 1.000, normal 301 (100%), seizure 291 (100%)",
        "rodepil curate",
        "0.6",
    ):
        assert words in str(raised.value)


def test_curated_clips_pass_with_every_attribute_of_the_files_at_chance(curated: Audited) -> None:
    curated.raise_if_failed()
    record = curated.record
    assert record.verdict == "pass"
    assert {one.auroc for one in record.attributes if one.group == "file"} == {0.5}
    assert record.auroc["files"] == 0.5


def test_what_the_pixels_still_tell_is_reported_with_its_remedy(curated: Audited) -> None:
    by_name = {one.name: one for one in curated.record.attributes}
    assert by_name["bars_y_share"].auroc == 1
    found = [one for one in curated.record.findings if "bars above" in one.what]
    assert [one.level for one in found] == ["warning"]
    assert "center_crop" in found[0].remedy


def test_clips_of_one_day_and_video_are_of_one_recording(as_they_came: Audited) -> None:
    assert as_they_came.record.counts.recordings == 2
    factor = next(one for one in as_they_came.record.factors if one.name == "recording")
    assert [place.clips for place in factor.places] == [12, 12]


def test_every_clip_has_a_row_of_what_was_measured(curated: Audited, published: Path) -> None:
    clips = tables.read("clips", published / "clips.parquet")
    table = tables.check("attributes", curated.attributes)
    assert table.column("clip_id").to_pylist() == sorted(clips.column("clip_id").to_pylist())
    assert set(table.column("frames").to_pylist()) == {300}
    assert set(table.column("fps").to_pylist()) == {30.0}


def test_a_record_is_read_as_it_was_written(curated: Audited, tmp_path: Path) -> None:
    save_record(curated.record, tmp_path / "audit.json")
    assert read_record(tmp_path / "audit.json") == curated.record
    (tmp_path / "audit.json").write_text("{}")
    with pytest.raises(AuditError, match="rodepil audit"):
        read_record(tmp_path / "audit.json")


@pytest.fixture
def films(tmp_path: Path) -> list[AuditItem]:
    """Six short films, every other one with a seizure, of three subjects."""
    return [
        item(
            encode(tmp_path / "clips" / f"{k}.avi", walk(k, frames=60)),
            label=k % 2,
            subject=f"rat-{k // 2}",
        )
        for k in range(6)
    ]


def test_a_second_audit_measures_nothing_and_says_the_same(
    films: list[AuditItem], tmp_path: Path
) -> None:
    first, second = Counting(), Counting()
    before = run(films, tmp_path / "cache", progress=first)
    for film in films:  # nothing but their sizes is looked at again
        size = film.path.stat().st_size
        film.path.write_bytes(bytes(size))
    after = run(films, tmp_path / "cache", progress=second)
    assert (first.total, first.done) == (6, 6)
    assert (second.total, second.done) == (0, 0)
    assert after.record == before.record
    assert after.attributes.equals(before.attributes)


def test_an_audit_that_was_killed_goes_on_behind_its_last_whole_line(
    films: list[AuditItem], tmp_path: Path
) -> None:
    whole = run(films, tmp_path / "cache")
    noted = tmp_path / "cache" / "clips" / MEASURED
    lines = noted.read_text().splitlines(keepends=True)
    noted.write_text("".join(lines[:3]) + lines[3][: len(lines[3]) // 2])
    again = Counting()
    assert run(films, tmp_path / "cache", progress=again).record == whole.record
    assert again.total == 3
    assert sorted(noted.read_text().splitlines()) == sorted("".join(lines).splitlines())


def test_other_content_is_measured_again_and_what_is_gone_is_forgotten(
    films: list[AuditItem], tmp_path: Path
) -> None:
    run(films, tmp_path / "cache")
    changed = encode(films[0].path, walk(77, frames=75))
    again = Counting()
    found = run([item(changed), *films[1:5]], tmp_path / "cache", progress=again)
    assert again.total == 1
    assert found.attributes.column("frames").to_pylist()[0] == 75
    assert len((tmp_path / "cache" / "clips" / MEASURED).read_text().splitlines()) == 5


def test_a_clip_that_cannot_be_read_is_listed_and_the_rest_goes_on(
    films: list[AuditItem], tmp_path: Path
) -> None:
    films[2].path.write_bytes(b"no video")
    films[3].path.unlink()
    record = run(films, tmp_path / "cache").record
    assert (record.counts.clips, record.counts.unreadable) == (4, 2)
    found = next(one for one in record.findings if "could not be measured" in one.what)
    assert str(films[2].path) in found.what


def test_where_nothing_can_be_read_the_reason_is_told(tmp_path: Path) -> None:
    with pytest.raises(AuditError, match=r"gone\.avi"):
        run([item(tmp_path / "gone.avi")], tmp_path / "cache")
    with pytest.raises(AuditError, match="no clips"):
        run([], tmp_path / "cache")


def test_clips_of_one_label_leave_the_verdict_open(films: list[AuditItem], tmp_path: Path) -> None:
    record = run([replace(film, label=0) for film in films], tmp_path / "cache").record
    assert record.verdict == "undecided"
    assert record.attributes == ()
    assert any("no seizure" in one.what for one in record.findings)


def test_one_subject_is_judged_without_a_classifier_and_says_so(
    films: list[AuditItem], tmp_path: Path
) -> None:
    record = run([replace(film, subject_id="rat") for film in films], tmp_path / "cache").record
    assert record.verdict == "pass"
    assert record.together == ()
    assert any("no classifier" in one.what for one in record.findings)


def test_a_copy_under_another_subject_is_reported(tmp_path: Path) -> None:
    long = [encode(tmp_path / f"long-{k}.mkv", walk(k)) for k in range(2)]
    copy = encode(tmp_path / "copy.mkv", walk(0)[:, :, ::-1], crf=26)
    items = [
        item(path, label=label, subject=subject)
        for path, label, subject in ((long[0], 1, "a"), (long[1], 0, "b"), (copy, 0, "c"))
    ]
    record = run(items, tmp_path / "cache").record
    assert [group.clips for group in record.duplicates] == [("long-0", "copy")]
    words = [one.what for one in record.findings]
    assert any("several subjects" in one and "long-0 = copy" in one for one in words)
    assert any("both labels" in one for one in words)


def test_still_clips_of_one_content_are_copies_too(tmp_path: Path) -> None:
    still = np.full((40, 64, 64), 90, np.uint8)
    one = encode(tmp_path / "one.mkv", still)
    (tmp_path / "two.mkv").write_bytes(one.read_bytes())
    record = run([item(one), item(tmp_path / "two.mkv", subject="b")], tmp_path / "cache").record
    assert [group.clips for group in record.duplicates] == [("one", "two")]


def test_numbers_of_the_record_are_those_that_dvc_shows(curated: Audited, tmp_path: Path) -> None:
    save_record(curated.record, tmp_path / "audit.json")
    held = json.loads((tmp_path / "audit.json").read_text())
    assert held["auroc"]["fps"] == 0.5
    assert held["counts"]["clips"] == 24
    assert held["verdict"] == "pass"
