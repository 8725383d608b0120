"""What every command and every pipeline stage shares: the project, progress, and errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rodepil.cli.progress import Bars
from rodepil.config.explain import origin_of
from rodepil.config.load import build, layers_of
from rodepil.config.modality import MODALITIES
from rodepil.config.settings import ProjectSettings
from rodepil.config.workspace import Workspace
from rodepil.errors import RodepilError
from rodepil.io.progress import Progress

DEBUG_VARIABLE = "RODEPIL_DEBUG"
USER_ERROR_STATUS = 1
BUG_STATUS = 70
INTERRUPTED_STATUS = 130
GO_ON = "run the same command again to go on from here"


class Interrupted(KeyboardInterrupt):
    """An interrupt of a command that says itself what the same command does next."""


@dataclass(frozen=True)
class Project:
    """What a command works on."""

    settings: ProjectSettings
    workspace: Workspace
    progress: Progress


def open_project(
    root: Path | None = None,
    *,
    profile: str | None = None,
    overrides: Sequence[str] = (),
    options: Mapping[str, Mapping[str, object]] | None = None,
) -> Project:
    """Return the project in `root`, by default in the folder of the command."""
    workspace = Workspace(root or Path.cwd())
    layers = layers_of(workspace.root, profile=profile, overrides=overrides, options=options)
    settings = build(ProjectSettings, layers)
    if not {settings.train.modality, *settings.compare.modalities} <= {*MODALITIES}:
        from rodepil.vision.modality import refuse_unknown  # noqa: PLC0415 - wants torch

        refuse_unknown(settings, lambda key: origin_of(layers, key.split(".")))
    return Project(settings, workspace, Bars())


def guarded(call: Callable[[], object]) -> int:
    """Run `call` and turn its errors into one message and an exit status.

    Tracebacks are shown only when the variable RODEPIL_DEBUG is set, as ``--debug`` does.
    """
    try:
        call()
    except RodepilError as error:
        _complain(str(error))
        return USER_ERROR_STATUS
    except KeyboardInterrupt as error:
        return _interrupted(error)
    except SystemExit as end:  # typer makes one of an interrupt
        if end.code != INTERRUPTED_STATUS:
            raise
        return _interrupted(end)
    except OSError as error:
        _complain(f"{error}. Check the path, its permissions and the free space, then run it again")
        return USER_ERROR_STATUS
    except Exception as error:  # noqa: BLE001 - the last door: a user sees a message, not a traceback
        _complain(f"{type(error).__name__}: {error}\nThis is a fault of rodepil's own; see --debug")
        return BUG_STATUS
    return 0


def run_stage(stage: Callable[[ProjectSettings, Workspace, Progress], object]) -> None:
    """Run one stage of the pipeline in the project of the current folder, and exit."""

    def call() -> None:
        project = open_project()
        print(stage(project.settings, project.workspace, project.progress))  # noqa: T201 - a stage's summary

    sys.exit(guarded(call))


def _interrupted(error: BaseException) -> int:
    """Say what to do after an interrupt, in the command's words where it has its own."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, Interrupted):
        cause = cause.__cause__ or cause.__context__
    _complain(f"interrupted; {cause or GO_ON}")
    return INTERRUPTED_STATUS


def _complain(message: str) -> None:
    if os.environ.get(DEBUG_VARIABLE):
        raise  # noqa: PLE0704 - called from an except block: shows the traceback
    print(f"error: {message}", file=sys.stderr)  # noqa: T201 - the command line's voice
