"""Data goes to a folder and comes back to a fresh clone as it was, and nothing is done again."""

from __future__ import annotations

from collections.abc import Callable

from tests.versions.conftest import Clone, Project, block, contents


def test_a_pulled_clone_holds_the_same_bytes(project: Project, pulled: Clone) -> None:
    held = pulled.held()
    assert held == project.clone.held()
    assert any(name.startswith("data/clips/.parts/") for name in held)
    assert any(name.startswith("data/raw/videos/") for name in held)


def test_after_a_pull_the_pipeline_has_nothing_to_do(pulled: Clone) -> None:
    status, repro = pulled.said[-2:]
    assert "up to date" in status
    assert "Running stage" not in repro
    assert pulled.run("git status --short") == ""


def test_pulled_clips_are_taken_as_they_are_when_code_lets_curation_run_again(
    clone: Callable[[str], Clone],
) -> None:
    copy = clone("räume und leerzeichen")
    copy.follow(block("Get the data in a fresh clone", 1))
    before, clips = copy.held(), sorted((copy.data / "clips").glob("*.avi"))
    written = [path.stat().st_mtime_ns for path in clips]
    for video in (copy.data / "raw" / "videos").iterdir():
        video.unlink()  # what is done needs no video
    with (copy.folder / "rodepil" / "data" / "motion.py").open("a") as code:
        code.write("# changed\n")
    said = copy.run("dvc repro --single-item curate")
    assert "Running stage 'curate'" in said
    assert len(clips) > 4
    assert [path.stat().st_mtime_ns for path in clips] == written
    after = copy.held()
    assert after == {name: held for name, held in before.items() if "raw/videos" not in name}


def test_a_shared_cache_fills_a_clone_with_links_that_stages_never_write_into(
    project: Project, clone: Callable[[str], Clone]
) -> None:
    copy, cache = clone("shared"), project.clone.folder / ".dvc" / "cache"
    lines = block("Share a cache")
    assert "reflink,hardlink,symlink,copy" in lines[2]
    copy.follow(
        lines, {"/nas/rodepil-cache": f"'{cache}'", "reflink,hardlink,symlink,copy": "symlink"}
    )
    assert copy.held() == project.clone.held()
    assert all(path.is_symlink() for path in (copy.data / "clips").glob("*.avi"))
    held = contents(cache / "files")
    copy.set("curate", min_overlap_s=2)
    assert "Running stage 'curate'" in copy.run("dvc repro curate")
    after = contents(cache / "files")
    assert {name: after.get(name) for name in held} == held


def test_a_stage_that_was_never_run_makes_pull_fail_only_after_the_rest_is_there(
    project: Project, clone: Callable[[str], Clone]
) -> None:
    copy = clone("unfinished")
    pipeline = copy.folder / "dvc.yaml"
    later = "stages:\n  later: {cmd: touch data/later, outs: [data/later]}\n"
    pipeline.write_text(pipeline.read_text().replace("stages:\n", later, 1))
    assert "data/later" in copy.run("dvc pull", status=1)
    assert copy.held() == project.clone.held()
    copy.follow(block("Get the data in a fresh clone", 1))
