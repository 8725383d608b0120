"""Which trials a localization has, what makes them the same, and what is refused."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import rodepil
from rodepil.config.localize import UnitStandInSettings
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import FoldError, SubjectLeak
from rodepil.io import tables
from rodepil.localize.settings import LocalizeTrialSettings
from rodepil.trials.localize.identity import CODE, localize_group_id, localize_trial_id
from rodepil.trials.localize.plan import LocalizePlan, plan_localization
from rodepil.trials.plan_runs import LISTED, listed

Copy = Callable[[str], Workspace]
DIGESTS = {"clips": "c", "events": "e", "folds": "f", "view": "v"}


def changed(settings: ProjectSettings, section: str, **values: Any) -> LocalizeTrialSettings:
    base = LocalizeTrialSettings(sequence=settings.sequence)
    if section:
        return base.model_copy(update={section: getattr(base, section).model_copy(update=values)})
    return base.model_copy(update=values)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("", {"fold": 1}),
        ("", {"variant": "shuffled"}),
        ("network", {"keep_ratio": 0.25}),
        ("network", {"windows": (5, 5, 5, 1, 1, 1)}),
        ("recipe", {"warmup_epochs": 1}),
        ("recipe", {"seed": 1}),
        ("loss", {"center_radius": 2.0}),
        ("segments", {"sigma": 0.4}),
        ("sequence", {"stride_frames": 8}),
    ],
)
def test_identity_changes_with_every_setting_that_changes_numbers(
    unit_settings: ProjectSettings, section: str, values: dict[str, Any]
) -> None:
    one, other = changed(unit_settings, ""), changed(unit_settings, section, **values)
    assert localize_trial_id(one, DIGESTS) != localize_trial_id(other, DIGESTS)
    same = localize_group_id(one, DIGESTS) == localize_group_id(other, DIGESTS)
    assert same == (values == {"fold": 1})


@pytest.mark.parametrize("what", DIGESTS)
def test_identity_changes_with_clips_events_folds_and_view(
    unit_settings: ProjectSettings, what: str
) -> None:
    settings = changed(unit_settings, "")
    other = DIGESTS | {what: "other"}
    assert localize_trial_id(settings, other) != localize_trial_id(settings, DIGESTS)


def test_identity_does_not_change_with_where_a_trial_runs_or_what_things_are_called(
    unit_settings: ProjectSettings,
) -> None:
    one = changed(unit_settings, "")
    for other in (
        changed(unit_settings, "", data="elsewhere"),
        changed(unit_settings, "recipe", device="cuda"),
        changed(unit_settings, "sequence", model="moved/rgb_imagenet.pt"),
        changed(unit_settings, "sequence", stand_in=UnitStandInSettings(threads=2, epochs=9)),
    ):
        assert localize_trial_id(one, DIGESTS) == localize_trial_id(other, DIGESTS)


def test_identity_changes_with_one_annotated_second(
    unit_settings: ProjectSettings, copy_units: Copy
) -> None:
    workspace = copy_units("second")
    before = plan_localization(unit_settings, workspace)
    rows = tables.read("events", workspace.units_events).to_pylist()
    turned = tables.from_rows("events", rows[::-1])
    tables.write("events", turned, workspace.units_events)
    assert plan_localization(unit_settings, workspace).group == before.group
    rows[0]["end_s"] += 1.0
    tables.write("events", tables.from_rows("events", rows), workspace.units_events)
    assert plan_localization(unit_settings, workspace).group != before.group


PACKAGE = Path(rodepil.__file__).parent

SPARED = (
    "config", "data", "errors", "io/files", "io/tables", "models/attention", "models/tensors",
    "store/dataset", "train/result",
)  # fmt: skip
"""What checks, names and carries data, but computes no number that a trial gives."""


def sources_of(path: Path) -> set[Path]:
    """Return the files of the package whose modules a file names in its imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("rodepil."):
            place = PACKAGE / str(node.module).removeprefix("rodepil.").replace(".", "/")
            one = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
            names = [place / f"{name.name}.py" for name in node.names]
            found |= {one, *(name for name in names if name.is_file())}
    return found


def test_identity_counts_all_code_that_computes_numbers() -> None:
    counted = [PACKAGE / part for part in CODE]
    assert all(part.exists() for part in counted)
    waiting, seen = [PACKAGE / "localize/trial.py", PACKAGE / "localize/sequences.py"], set[Path]()
    while waiting:
        path = waiting.pop()
        name = path.relative_to(PACKAGE).as_posix()
        empty = path.name == "__init__.py" and not sources_of(path)
        if path in seen or empty or name.startswith(SPARED):
            continue
        seen.add(path)
        assert any(path == part or part in path.parents for part in counted), name
        waiting += sources_of(path)
    used = {part for part in counted if part in seen or any(part in one.parents for one in seen)}
    assert PACKAGE / "train/average.py" in used
    assert PACKAGE / "scoring" in used


def test_the_given_split_tests_its_testing_side_alone(
    unit_settings: ProjectSettings, copy_units: Copy
) -> None:
    workspace = copy_units("given")
    plan = plan_localization(unit_settings, workspace)
    (trial,) = plan.trials
    assert trial.settings.fold == 0
    assert trial.test_subjects == tuple(f"rat-u{number:02}" for number in range(16, 24))
    with pytest.raises(FoldError, match=r"fold 1 is asked for.*tests \[0\]"):
        plan_localization(unit_settings, workspace, folds=[1])
    own = unit_settings.ratseizure.model_copy(update={"split": "subject"})
    by_subject = plan_localization(unit_settings.model_copy(update={"ratseizure": own}), workspace)
    assert [one.settings.fold for one in by_subject.trials] == [0, 1]


def test_a_split_that_leaks_is_no_trial(unit_settings: ProjectSettings, copy_units: Copy) -> None:
    workspace = copy_units("leaking")
    for path in (workspace.units_clips, workspace.units_folds):
        name = path.stem
        rows = tables.read(name, path).to_pylist()
        rows[0]["subject_id"] = rows[-1]["subject_id"]
        tables.write(name, tables.from_rows(name, rows), path)
    with pytest.raises(SubjectLeak, match="rat-u23"):
        plan_localization(unit_settings, workspace)


def plan_of(settings: ProjectSettings, workspace: Workspace) -> LocalizePlan:
    return plan_localization(settings, workspace, variant="dense")


def test_trials_travel_and_dense_is_dense(unit_settings: ProjectSettings, copy_units: Copy) -> None:
    plan = plan_of(unit_settings, copy_units("travel"))
    (trial,) = plan.trials
    assert trial.settings.network.keep_ratio == 1.0
    assert trial.epochs == 35
    assert pickle.loads(pickle.dumps(trial)) == trial  # noqa: S301 - its own


def test_many_subjects_are_counted_and_not_listed() -> None:
    names = tuple(f"clip-{number}" for number in range(LISTED + 7))
    assert listed(names).endswith(f"clip-{LISTED - 1} and 7 more")
    assert listed(names[:3]) == "clip-0, clip-1, clip-2"
