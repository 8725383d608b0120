"""`rodepil runs`: what a real MLflow database holds, and the journal when it can't be asked."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import fmean, stdev

import pytest
from mlflow import MlflowClient

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.track import open_tracker
from rodepil.track.journal import Journal
from rodepil.track.reading import read_runs
from tests.cli.conftest import Rodepil, Shown

WIDTH = 80
F1 = {"rgb": (0.5, 0.75, 0.7), "flow": (0.25, 0.5, 0.3), "static": (0.9, 0.95, 0.97)}
DATA = "simulated recordings"
GRID, ROW, ROW_F1 = "rodepil/ablation", "rgb-224-16-adamw-kinetics", (0.125, 0.375)
WORDS = {"grid.size": "224", "grid.optimizer": "AdamW"}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("filterwarnings", "ignore:The ``noload`` loader strategy is deprecated")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record three cross-validations in a real database, and lay out the models of one."""
    root = tmp_path_factory.mktemp("runs")
    tracker = open_tracker(TrackSettings(), Workspace(root), environ={})
    for name, scores in F1.items():
        tags = {
            "data": DATA,
            "modality": "flow" if name == "flow" else "rgb",
            "control": "static" if name == "static" else "none",
        }
        title = "cross-validation" if name == "rgb" else f"cross-validation, {name}"
        parent = tracker.start(title, tags=tags)
        parent.settings({"train": {"modality": tags["modality"], "epochs": 4}})
        for fold, score in enumerate(scores):
            run = tracker.start(
                f"fold-{fold}", parent=parent.id, tags=tags | {"trial_id": f"{name}{fold}"}
            )
            run.metrics({"test_f1": 0.1, "test_accuracy": 0.1}, 0)
            run.metrics({"test_f1": score, "test_accuracy": 1 - score}, 1)
            run.end()
        parent.end("failed" if name == "flow" else "finished")
    _record_grid(Workspace(root))
    for fold in range(3):
        model = root / "results" / "trials" / f"rgb{fold}" / "model.safetensors"
        model.parent.mkdir(parents=True)
        model.touch()
    return root


def _record_grid(workspace: Workspace) -> None:
    """Record a row of a grid in an experiment of its own, below the project's."""
    tracker = open_tracker(TrackSettings(experiment=GRID), workspace, environ={})
    tags = {"data": DATA, "modality": "rgb", "control": "none", "grid": "ablation", "row": ROW}
    parent = tracker.start(ROW, tags=tags | WORDS)
    for fold, score in enumerate(ROW_F1):
        run = tracker.start(f"{ROW}/fold-{fold}", parent=parent.id, tags=tags | WORDS)
        run.metrics({"test_f1": score}, 0)
        run.end()
    parent.end()


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")


def ids(project: Path) -> dict[str, str]:
    """Return the ids of the parents by what is particular about them."""
    runs = Journal(project / "results" / "journal", experiment="rodepil").runs()
    return {run.name.rpartition(" ")[2]: run.id for run in runs if run.parent is None}


def fits(shown: Shown) -> str:
    assert shown.returncode == 0, shown.stderr
    assert max(map(len, shown.stdout.splitlines())) <= WIDTH
    return shown.stdout


def percent(value: float) -> str:
    return f"{100 * value:.2f}"


def test_list_is_a_line_for_each_cross_validation_with_the_average_of_its_folds(
    project: Path, rodepil: Rodepil
) -> None:
    out = fits(rodepil("runs", "list", folder=project))
    lines = {line[:8]: line for line in out.splitlines() if "/3 " in line}
    for name, run_id in ids(project).items():
        line = lines[run_id[:8]]
        scores = F1[name.removeprefix("cross-validation") or "rgb"]
        assert percent(fmean(scores)) in line
        assert percent(stdev(scores)) in line
        assert "3/3" in line
        assert ("failed" if name == "flow" else "finished") in line
    assert f"Data: {DATA}" in out
    assert "fold-1 results/trials/rgb1/model.safetensors" in out
    assert f"from MLflow sqlite:///{project}/mlflow.db" in out.replace("\n", "")


def test_list_names_the_experiments_of_grids_and_tells_of_one_alone_where_it_is_named(
    project: Path, rodepil: Rodepil
) -> None:
    every = fits(rodepil("runs", "list", folder=project))
    (row,) = (line for line in every.splitlines() if "2/2 " in line)
    kept = Journal(project / "results" / "journal", experiment=GRID).runs()
    (run,) = (run for run in kept if run.parent is None)
    assert row.startswith(f"{run.id[:8]} {ROW} finished")
    assert percent(fmean(ROW_F1)) in row
    assert "Experiment" in every
    assert GRID in "".join(every.split())
    alone = fits(rodepil("runs", "list", "--experiment", GRID, folder=project))
    assert ROW in alone
    assert "Experiment" not in alone
    assert not any(run_id[:8] in alone for run_id in ids(project).values())
    own = fits(rodepil("runs", "list", "--experiment", "rodepil", folder=project))
    assert ROW not in own


def test_row_of_a_grid_and_a_fold_of_it_are_found_by_their_names(
    project: Path, rodepil: Rodepil
) -> None:
    row = rodepil("runs", "show", ROW, folder=project).stdout
    assert GRID in row
    assert re.search(r"^words +optimizer AdamW, size 224$", row, re.MULTILINE)
    assert re.search(rf"^row +{ROW}$", row, re.MULTILINE)
    (mean,) = (line.split() for line in row.splitlines() if line.startswith("mean"))
    assert percent(fmean(ROW_F1)) in mean
    fold = rodepil("runs", "show", f"{ROW}/fold-1", folder=project).stdout
    assert percent(ROW_F1[1]) in fold
    assert percent(ROW_F1[0]) not in fold


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (("--control", "static"), {"static"}),
        (("--modality", "flow"), {"flow"}),
        (("--status", "finished"), {"static", "cross-validation"}),
        (("--control", "scratch"), set()),
    ],
)
def test_list_leaves_out_what_was_not_asked_for(
    options: tuple[str, ...], left: set[str], project: Path, rodepil: Rodepil
) -> None:
    out = fits(rodepil("runs", "list", *options, folder=project))
    assert {name for name, run_id in ids(project).items() if run_id[:8] in out} == left
    assert ("no run fits --control scratch (recorded are none, static)" in out) == (not left)


def test_show_tells_folds_their_mean_and_where_models_lie(project: Path, rodepil: Rodepil) -> None:
    run_id = ids(project)["cross-validation"]
    shown = rodepil("runs", "show", run_id[:8], folder=project)
    assert shown.returncode == 0, shown.stderr
    assert run_id in shown.stdout
    mean = next(line for line in shown.stdout.splitlines() if line.split()[:1] == ["mean"])
    deviation = next(line for line in shown.stdout.splitlines() if line.split()[:1] == ["SD"])
    assert mean.split()[4] == percent(fmean(F1["rgb"]))
    assert deviation.split()[4] == percent(stdev(F1["rgb"]))
    models = re.findall(r"^.*model\.safetensors$", shown.stdout, re.MULTILINE)
    assert models == [
        str(project / "results" / "trials" / f"rgb{fold}" / "model.safetensors")
        for fold in range(3)
    ]
    fold = rodepil("runs", "show", "rgb1", folder=project)
    assert percent(F1["rgb"][1]) in fold.stdout
    assert re.findall(r"^.*model\.safetensors$", fold.stdout, re.MULTILINE) == models[1:2]


def test_compare_tells_numbers_and_the_settings_that_differ(
    project: Path, rodepil: Rodepil
) -> None:
    of = ids(project)
    out = fits(rodepil("runs", "compare", of["cross-validation"], of["flow"], folder=project))
    assert f"{percent(fmean(F1['rgb']))} ± {percent(stdev(F1['rgb']))}" in out
    assert f"{percent(fmean(F1['flow']))} ± {percent(stdev(F1['flow']))}" in out
    lines = [line.split() for line in out.splitlines() if "modality" in line]
    assert lines == [["modality", "rgb", "flow"], ["train.modality", "rgb", "flow"]]
    assert "epochs" not in out


def test_what_mlflow_keeps_of_a_run_for_itself_is_not_told(project: Path) -> None:
    told = read_runs(TrackSettings(), Workspace(project), below=True, environ={}).runs
    assert {name for run in told for name in run.tags} == {
        "data",
        "modality",
        "control",
        "trial_id",
        "grid",
        "row",
        *WORDS,
    }
    child = next(run for run in told if run.name == "fold-0")
    held = MlflowClient(f"sqlite:///{project / 'mlflow.db'}").get_run(child.id).data.tags
    assert {"mlflow.parentRunId", "rodepil.run"} <= set(held)
    assert (child.parent, child.key) == (held["mlflow.parentRunId"], held["rodepil.run"])


def test_best_is_the_finished_run_with_the_highest_mean_and_no_control(
    project: Path, rodepil: Rodepil
) -> None:
    of = ids(project)
    best = rodepil("runs", "best", folder=project)
    assert of["cross-validation"] in best.stdout
    mean = f"{fmean(F1['rgb']):.4f}"
    assert f"best by the highest mean test_f1 over 3 folds, {mean}, of 1 run\n" in best.stdout
    control = rodepil("runs", "best", "--control", "static", folder=project)
    assert of["static"] in control.stdout
    unknown = rodepil("runs", "best", "--metric", "f2", folder=project)
    assert unknown.returncode == 1
    assert "test_f1" in unknown.stderr


def test_journal_tells_the_same_when_the_server_is_away_and_says_so(
    project: Path, rodepil: Rodepil
) -> None:
    away = {"MLFLOW_TRACKING_URI": "http://127.0.0.1:9"}
    there = fits(rodepil("runs", "list", folder=project))
    kept = fits(rodepil("runs", "list", folder=project, **away))
    assert "from the journal, for MLflow at http://127.0.0.1:9" in kept
    for run_id in ids(project).values():
        (one, *_), (two, *_) = (
            [line.split() for line in shown.splitlines() if line.startswith(run_id[:8])]
            for shown in (there, kept)
        )
        assert one[-3:] == two[-3:]
        assert one[:2] == two[:2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "nothing"), "no run is called 'nothing'"),
        (("show", "rgb"), "stands for several runs"),
        (("compare", "rgb0"), "name two or more"),
        (("list", "--experiment", "other"), "has no experiment 'other'"),
        (("best", "--modality", "absdiff"), "no run fits --control none (recorded are none, stati"),
    ],
)
def test_a_users_error_is_one_message(
    arguments: tuple[str, ...], words: str, project: Path, rodepil: Rodepil
) -> None:
    shown = rodepil("runs", *arguments, folder=project)
    assert shown.returncode == 1
    assert words in shown.stderr


@pytest.mark.parametrize("command", ["list", "best"])
def test_a_control_that_is_none_is_refused_with_those_that_there_are(
    command: str, project: Path, rodepil: Rodepil
) -> None:
    shown = rodepil("runs", command, "--control", "statc", folder=project)
    assert shown.returncode == 2
    assert "'static'" in shown.stderr


def test_list_breaks_no_line_for_another_command(
    project: Path, rodepil: Rodepil, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS")
    out = rodepil("runs", "list", folder=project).stdout
    (line,) = (line for line in out.splitlines() if "2/2 " in line)
    assert line.split()[1:3] == [ROW, "finished"]
    assert line.split()[-1] == GRID


def test_nothing_is_made_where_no_runs_are(tmp_path: Path, rodepil: Rodepil) -> None:
    shown = rodepil("runs", "list", folder=tmp_path)
    assert shown.returncode == 1
    assert "rodepil crossval" in shown.stderr
    assert not any(tmp_path.iterdir())


def test_sync_says_what_it_delivered(project: Path, rodepil: Rodepil) -> None:
    journal = Journal(project / "results" / "journal", experiment="rodepil")
    journal.start("cross-validation, late").end("killed")
    shown = rodepil("runs", "list", folder=project)
    assert "1 run of the journal holds what MLflow" in shown.stdout
    shown = rodepil("runs", "sync", folder=project)
    assert "2 events of 1 run were delivered" in shown.stdout
    assert "nothing was left" in rodepil("runs", "sync", folder=project).stdout
    assert "killed" in rodepil("runs", "list", folder=project).stdout
