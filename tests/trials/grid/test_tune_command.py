"""The command `rodepil tune`: what it prints, registers and ends with."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from typer.testing import CliRunner, Result

from rodepil.cli.main import app
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import RodepilError, SettingError, TrialError
from rodepil.trials.trial import Trial
from rodepil.trials.tuning import Load

Tune = Callable[..., Result]


@pytest.fixture
def tune(done: Any, settings: ProjectSettings, tmp_path: Path) -> Tune:
    """Return a function that calls the command in a copy of the finished project."""
    root = shutil.copytree(done.workspace.root, tmp_path / "copy")
    (root / "params.yaml").write_text(json.dumps(settings.model_dump(mode="json")))

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(
            app, ["tune", "--grid", "small", "--project", str(root), *arguments]
        )

    call.workspace = Workspace(root)  # type: ignore[attr-defined]
    return call


def fail_all(
    load: Load, glance: Callable[[Trial], None]
) -> Iterator[tuple[Trial, RodepilError | None]]:
    """Stand in for a cluster on which every trial crashes."""
    for trial in load.trials:
        glance(trial)
        yield trial, TrialError("out of luck")


def test_dry_run_names_every_trial_and_counts_what_is_done(tune: Tune, done: Any) -> None:
    said = tune("--dry-run").output.splitlines()
    ids = [trial.id for row in "42" for trial in done.plan.trials(row)]
    assert [line.split()[0] for line in said[:6]] == ids
    assert said[-1] == "6 trials, 6 done, 0 to do"


def test_dry_run_says_what_fits_nowhere_of_what_is_still_to_do(tune: Tune) -> None:
    many = ("--dry-run", "--gpus-per-trial", "4096")
    assert tune(*many).exit_code == 0
    other = ("--set", "train.epochs=1", "--set", "train.decay_epochs=[]")
    refused = tune(*many, *other)
    assert isinstance(refused.exception, TrialError)
    assert str(refused.exception).startswith(
        "row '4': a trial wants 1 workers with 1 CPUs and 4096"
    )
    assert "6 trials, 0 done, 6 to do" in refused.output
    assert tune("--dry-run", *other).exit_code == 0


def test_finished_grid_prints_its_rows_and_its_best_one_is_registered(
    tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rodepil.trials.tuning.run_side_by_side", lambda *_: pytest.fail("it trained")
    )
    ended = tune()
    assert ended.exit_code == 0, ended.output
    workspace = tune.workspace  # type: ignore[attr-defined]
    best = next(line for line in ended.output.splitlines() if line.startswith("best row: "))
    client = MlflowClient(f"sqlite:///{workspace.mlflow_database}")
    version = client.get_model_version_by_alias("small-small", "champion")
    run = client.get_run(version.run_id)
    assert best.startswith(f"best row: {run.info.run_name}, registered as models:/small-small")
    assert (workspace.results / "grids" / "small" / "report.html").is_file()
    experiment = client.get_experiment_by_name("small/small")
    assert "A grid of two rows" in experiment.tags["mlflow.note.content"]
    assert 'load_model("models:/small-small@champion")' in version.description


def test_grid_of_some_folds_registers_nothing(tune: Tune) -> None:
    path = tune.workspace.trials  # type: ignore[attr-defined]
    before = sorted(folder.name for folder in path.iterdir())
    ended = tune("--rows", "4", "--folds", "0")
    assert "registered" not in ended.output
    assert sorted(folder.name for folder in path.iterdir()) == before


def test_failed_trials_are_told_end_with_1_and_leave_no_run_open(
    tune: Tune, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rodepil.trials.tuning.run_side_by_side", fail_all)
    ended = tune("--set", "train.epochs=1", "--set", "train.decay_epochs=[]")
    assert ended.exit_code == 1
    assert "6 trials failed; the same command tries again" in ended.output
    assert "4/fold-0 failed: out of luck" in " ".join(ended.output.split())
    client = MlflowClient(f"sqlite:///{tune.workspace.mlflow_database}")  # type: ignore[attr-defined]
    experiment = client.get_experiment_by_name("small/small")
    statuses = [run.info.status for run in client.search_runs([experiment.experiment_id])]
    assert (statuses.count("FAILED"), statuses.count("FINISHED"), len(statuses)) == (8, 8, 16)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--folds", "0;1"], "wanted numbers with commas"),
        (["--gpus-per-trial", "1.5"], "a whole number, or a part of one GPU"),
        (["--grid", "smal"], "did you mean 'small'"),
    ],
)
def test_bad_options_are_refused_with_what_is_wanted(
    tune: Tune, arguments: list[str], wanted: str
) -> None:
    refused = tune(*arguments)
    assert isinstance(refused.exception, SettingError)
    assert wanted in str(refused.exception)


def test_option_that_every_row_sets_itself_is_refused(tune: Tune) -> None:
    workspace = tune.workspace  # type: ignore[attr-defined]
    text = "product: {features.frames: [2, 4], train.workers: [1]}\n"
    (workspace.root / "experiments" / "small.yaml").write_text(text)
    for given, named in (
        (["--workers-per-trial", "2"], "--workers-per-trial changes nothing"),
        (["--set", "features.frames=3"], "--set features.frames=3 changes nothing"),
    ):
        refused = tune(*given)
        assert named in str(refused.exception)
