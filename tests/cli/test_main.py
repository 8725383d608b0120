"""The command line: instant help, one message for an error, a traceback only when asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import typer

from rodepil import __version__
from rodepil.cli.run import Interrupted, guarded, open_project
from rodepil.errors import SettingError
from tests.cli.conftest import Rodepil

TOOL = [sys.executable, "-m", "rodepil"]
HEAVY = ("torch", "ray", "mlflow", "cv2", "pyarrow", "matplotlib", "sklearn", "av")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*TOOL, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_help_names_the_commands_of_the_pipeline(tmp_path: Path, rodepil: Rodepil) -> None:
    shown = rodepil("--help", folder=tmp_path)
    assert shown.returncode == 0
    names = ("simulate", "curate", "folds", "features", "crossval", "report", "predict", "doctor")
    assert [name for name in names if name not in shown.stdout] == []


def test_a_modality_that_there_is_not_is_refused_by_its_key_and_file(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("compare: {modalities: [absdiff, flwo]}\n")
    says = r"^params\.yaml: compare\.modalities names 'flwo'.*did you mean 'flow'\? There are absd"
    with pytest.raises(SettingError, match=says):
        open_project(tmp_path)
    with pytest.raises(SettingError, match=r"^--set: train\.modality names 'depth', which is no"):
        open_project(tmp_path, overrides=["compare.modalities=[]", "train.modality=depth"])
    assert open_project(tmp_path, overrides=["compare.modalities=[rgb]"]).settings.compare


def test_version_is_the_packages(tmp_path: Path, rodepil: Rodepil) -> None:
    assert rodepil("--version", folder=tmp_path).stdout.strip() == f"rodepil {__version__}"


def test_help_imports_nothing_heavy() -> None:
    code = (
        f"import sys, rodepil.cli.main; print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_users_error_is_one_message_without_traceback(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("train: {epochs: 0}")
    shown = run("curate", folder=tmp_path)
    assert shown.returncode == 1
    assert "error: params.yaml: train.epochs = 0" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_debug_shows_the_traceback(tmp_path: Path, rodepil: Rodepil) -> None:
    (tmp_path / "params.yaml").write_text("train: {epochs: 0}")
    assert "Traceback" in run("--debug", "curate", folder=tmp_path).stderr
    with pytest.raises(SettingError, match=r"train\.epochs = 0"):
        rodepil("curate", folder=tmp_path, RODEPIL_DEBUG="1")


def test_an_empty_folder_says_what_to_run_first(tmp_path: Path, rodepil: Rodepil) -> None:
    for command in (["curate"], ["folds", "make"], ["folds", "check"], ["features", "materialize"]):
        shown = rodepil(*command, folder=tmp_path)
        assert shown.returncode == 1, command
        assert "dvc repro" in shown.stderr or "rodepil" in shown.stderr, command


def test_an_interrupted_command_says_that_it_can_go_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    app = typer.Typer()

    @app.command()
    def wait() -> None:
        raise KeyboardInterrupt

    assert guarded(lambda: app([])) == 130
    assert "run the same command again to go on" in capsys.readouterr().err


@pytest.mark.parametrize("typed", [False, True])
def test_an_interrupted_command_may_have_words_of_its_own(
    *, typed: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    app = typer.Typer()

    @app.command()
    def wait() -> None:
        raise Interrupted("it begins anew")

    assert guarded((lambda: app([])) if typed else wait) == 130
    assert capsys.readouterr().err == "error: interrupted; it begins anew\n"


def test_another_exit_is_left_to_who_asked_for_it() -> None:
    def leave() -> None:
        raise SystemExit(2)

    with pytest.raises(SystemExit):
        guarded(leave)
