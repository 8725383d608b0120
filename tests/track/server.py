"""A real MLflow server in a process of its own, to be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

PATIENCE_S = 120.0
ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


class Nursery:
    """Where processes come from that have imported MLflow already."""

    def __init__(self, log: Path) -> None:
        with log.open("ab") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.track.nursery"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                cwd=ROOT,
            )

    def ready(self) -> None:
        """Wait until it has imported what it shall."""
        assert self._answer() == "ready"

    def begin(self, task: str, *arguments: object) -> int:
        """Return the id of a new process."""
        return int(self._ask(task, *arguments))

    def ended(self, process: int) -> int:
        """Wait for a process, and return its exit status, or minus the signal that ended it."""
        return os.waitstatus_to_exitcode(int(self._ask("wait", process)))

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=PATIENCE_S)

    def _ask(self, *words: object) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


@dataclass
class Server:
    """Serves one SQLite database and one folder of artifacts, always at the same port."""

    folder: Path
    nursery: Nursery
    port: int = field(default_factory=free_port)
    process: int = 0

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        self.process = self.nursery.begin("serve", str(self.folder), self.port)
        end = time.monotonic() + PATIENCE_S
        while not self._answers():
            os.kill(self.process, 0)
            assert time.monotonic() < end, (self.folder / "server.log").read_text()
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it at once, as kill -9 does."""
        if self.process:
            os.kill(self.process, signal.SIGKILL)
            assert self.nursery.ended(self.process) == -signal.SIGKILL
            self.process = 0

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.uri}/health", timeout=5).ok
        except requests.RequestException:
            return False
