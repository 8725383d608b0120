"""A process that has imported MLflow and forks one that serves, or does else, for each line.

A line of standard input is JSON, ``["serve", folder, port]`` or ``["sync", root, uri, lines]``, and
its answer the id of the new process; after ``["wait", id]`` it is how that process ended. To import
MLflow takes seconds, and its command ``mlflow server`` starts eight processes that do.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import uvicorn
from mlflow.server import constants, fastapi_app

from rodepil.config.record import TrackSettings
from rodepil.config.workspace import Workspace
from rodepil.track import delivery
from rodepil.track.services import opener_of
from rodepil.track.sync import sync


def serve(folder: str, port: int) -> None:
    """Serve as `mlflow server` does: one SQLite database and one folder of artifacts."""
    os.environ |= {
        constants.BACKEND_STORE_URI_ENV_VAR: f"sqlite:///{folder}/server.db",
        constants.ARTIFACT_ROOT_ENV_VAR: "mlflow-artifacts:/",
        constants.ARTIFACTS_DESTINATION_ENV_VAR: f"{folder}/served",
        constants.SERVE_ARTIFACTS_ENV_VAR: "true",
    }
    os.chdir(folder)
    uvicorn.run(fastapi_app.app, host="127.0.0.1", port=port, log_level="warning")


def sync_and_die(root: str, uri: str, lines: int) -> None:
    """Deliver, and be killed when so many lines were, before the last of them is written down."""
    left, keep = [lines], delivery.keep_place

    def dying(*place: object) -> None:
        left[0] -= 1
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        keep(*place)  # type: ignore[arg-type]

    delivery.keep_place = dying  # type: ignore[assignment]
    sync(TrackSettings(uri=uri), Workspace(Path(root)), environ={})


TASKS: dict[str, Callable[..., None]] = {"serve": serve, "sync": sync_and_die}


def begun(name: str, arguments: list[object]) -> int:
    """Return the id of a new process that does a task."""
    if child := os.fork():
        return child
    try:
        TASKS[name](*arguments)
    finally:
        os._exit(1)


def say(answer: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{answer}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    opener_of("mlflow")
    say("ready")
    for line in sys.stdin:
        name, *rest = json.loads(line)
        say(str(os.waitpid(rest[0], 0)[1] if name == "wait" else begun(name, rest)))
