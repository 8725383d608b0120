"""What is planned, and what is said of where it comes from."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import SettingError, SubjectLeak
from rodepil.io import tables
from rodepil.trials.plan import make_plan
from rodepil.trials.provenance import git_tags

Copy = Callable[[str], Workspace]


def git(root: Path, *arguments: str) -> str:
    command = shutil.which("git")
    assert command is not None
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a",
           "GIT_COMMITTER_EMAIL": "a@b"}  # fmt: skip
    done = subprocess.run(
        [command, "-C", str(root), *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | who,
    )
    return done.stdout.strip()


def test_every_fold_is_a_trial_and_controls_are_others(
    copy: Copy, settings: ProjectSettings
) -> None:
    workspace = copy("planned")
    plan = make_plan(settings, workspace)
    control = make_plan(settings, workspace, control="static")
    assert [trial.settings.fold for trial in plan.trials] == [0, 1, 2]
    assert len({trial.id for trial in (*plan.trials, *control.trials)}) == 6
    assert plan.group != control.group
    some = make_plan(settings, workspace, folds=[2, 0, 2])
    assert some.trials == (plan.trials[0], plan.trials[2])
    assert some.group == plan.group


def test_leak_is_an_error_before_anything_starts(copy: Copy, settings: ProjectSettings) -> None:
    workspace = copy("leaking")
    rows = tables.read("folds", workspace.folds).to_pylist()
    rows[0]["fold"] = (rows[0]["fold"] + 1) % 3
    tables.write("folds", tables.from_rows("folds", rows), workspace.folds)
    with pytest.raises(SubjectLeak, match="rodepil folds make"):
        make_plan(settings, workspace)


def test_a_modality_that_is_none_is_refused_before_anything_is_read(
    tmp_path: Path, settings: ProjectSettings
) -> None:
    train = settings.train.model_copy(update={"modality": "flwo"})
    with pytest.raises(SettingError, match="'flwo'"):
        make_plan(settings.model_copy(update={"train": train}), Workspace(tmp_path))


def test_commit_is_told_with_whether_files_were_changed_since(tmp_path: Path) -> None:
    assert git_tags(tmp_path) == {}
    git(tmp_path, "init", "--quiet")
    (tmp_path / "file").write_text("one")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "--quiet", "--message", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "untracked").write_text("two")
    assert git_tags(tmp_path) == {"git_commit": commit, "git_changed": "false"}
    (tmp_path / "file").write_text("two")
    assert git_tags(tmp_path) == {"git_commit": commit, "git_changed": "true"}
