"""Last month's folds come back byte for byte, by each of the page's three ways."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from tests.versions.conftest import Clone, Project, block

HEADING = "Go back to last month's folds"


def test_everything_goes_back_and_nothing_has_to_run(
    project: Project, clone: Callable[[str], Clone]
) -> None:
    copy = clone("back")
    copy.run("dvc pull")
    assert copy.folds != project.before_folds
    copy.run("git checkout folds-february -- params.yaml dvc.lock results")
    copy.run("dvc pull")  # a fresh clone's cache holds today's version alone
    status = copy.follow(block(HEADING))
    assert copy.held() == project.before
    assert "up to date" in status
    assert "Running stage" not in copy.run("dvc repro")
    copy.run("git checkout HEAD -- params.yaml dvc.lock results")
    copy.run("dvc checkout")
    assert copy.held() == project.clone.held()


def test_old_folds_under_todays_settings_are_named_and_put_back_by_repro(
    project: Project, clone: Callable[[str], Clone]
) -> None:
    copy = clone("look")
    copy.run("dvc pull --all-commits")
    status = copy.follow(block(HEADING, 1))
    assert copy.folds == project.before_folds
    assert "folds:" in status
    assert "curate" not in status
    said = copy.run("dvc repro")
    assert "Running stage 'curate'" not in said
    assert copy.folds == project.clone.folds


def test_last_months_folds_hold_for_todays_clips(
    project: Project, clone: Callable[[str], Clone]
) -> None:
    copy = clone("again")
    copy.run("dvc pull --all-commits")
    copy.follow(block(HEADING, 2))
    february = copy.folder / "experiments" / "folds_february.parquet"
    assert february.read_bytes() == project.before_folds
    copy.set("folds", method="table", table="experiments/folds_february.parquet")
    copy.run("dvc repro")
    subjects = [
        pd.read_parquet(path).groupby("subject_id")["fold"].unique().map(list).to_dict()
        for path in (february, copy.data / "folds.parquet")
    ]
    assert subjects[0] == subjects[1]
    assert len(subjects[0]) == 4
