"""The command line in the process of the tests: its imports, which take seconds, happen once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from rodepil.cli.main import main


class Shown(NamedTuple):
    """What a command ended with and said, named as subprocess names it."""

    returncode: int
    stdout: str
    stderr: str


class Rodepil(Protocol):
    """Runs `rodepil` with arguments in a folder, with other variables of the environment."""

    def __call__(self, *arguments: str, folder: Path, **environment: str) -> Shown: ...


@pytest.fixture
def rodepil(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Rodepil:
    def call(*arguments: str, folder: Path, **environment: str) -> Shown:
        capsys.readouterr()
        with monkeypatch.context() as here:
            here.chdir(folder)
            here.setattr(sys, "argv", ["rodepil", *arguments])
            for name, value in environment.items():
                here.setenv(name, value)
            with pytest.raises(SystemExit) as end:
                main()
        return Shown(int(end.value.code or 0), *capsys.readouterr())

    return call
