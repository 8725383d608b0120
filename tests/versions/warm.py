"""DVC imported once: every command is a fork of one process, as importing takes most of its time.

A fork has the arguments, folder and environment that ``python -m dvc`` would have.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


class Warm:
    """The process that waits for commands; it starts with the first one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, arguments: list[str], folder: Path, environment: Mapping[str, str]
    ) -> tuple[int, str]:
        """Run `dvc` and return its status, and what it said to output and errors."""
        process = self._process or self._start(environment)
        output = Path(environment["HOME"]) / "said.txt"
        assert process.stdin is not None
        assert process.stdout is not None
        request = (arguments, str(folder), dict(environment), str(output))
        print(json.dumps(request), file=process.stdin, flush=True)
        return int(process.stdout.readline()), output.read_text()

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()
            self._process = None

    def _start(self, environment: Mapping[str, str]) -> subprocess.Popen[str]:
        self._process = subprocess.Popen(
            [sys.executable, __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        return self._process


def serve() -> None:
    """Fork for every line that comes, and answer with the fork's status."""
    import dvc.cli.parser  # noqa: PLC0415 - the tests themselves need none of it
    import dvc.repo  # noqa: F401, PLC0415 - as above

    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _become(*json.loads(line))
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def _become(arguments: list[str], folder: str, environment: dict[str, str], output: str) -> None:
    """Be `dvc`, and end."""
    from dvc.cli import main  # noqa: PLC0415 - as above

    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    said = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(said, stream)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    status = 1
    try:
        status = main(arguments)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve()
