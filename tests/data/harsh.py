"""Commands under harsh conditions: no file may grow past a size, and modes bind everyone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

# An administrator may write anywhere: that right is given up before the commands start.
_UNPRIVILEGED = """
import ctypes, os, sys
drop, override, read_search = 24, 1, 2  # prctl's PR_CAPBSET_DROP, and the rights of Linux
for right in (override, read_search):
    ctypes.CDLL(None).prctl(drop, right, 0, 0, 0)
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
_COMMANDS = """
import contextlib, io, json, os, resource, sys
from rodepil.cli.main import main
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one CPU: all in this process
commands, largest = json.loads(sys.argv[1])
if largest is not None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
shown = []
for words in commands:
    out, err, status = io.StringIO(), io.StringIO(), None
    sys.argv = ["rodepil", *words]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            status = end.code
    shown.append([status, out.getvalue(), err.getvalue()])
print(json.dumps(shown))
"""


@dataclass(frozen=True)
class Shown:
    """What a command showed, and its exit status."""

    status: int
    out: str
    err: str


def tried(commands: Sequence[Sequence[str]], *, largest_bytes: int | None = None) -> list[Shown]:
    """Run commands of `rodepil` one after the other in a process of their own.

    Parameters
    ----------
    commands
        The words of each.
    largest_bytes
        What a file may grow to; a write past it fails amid the file, as on a full disk.
    """
    words = json.dumps([[list(command) for command in commands], largest_bytes])
    done = subprocess.run(
        [sys.executable, "-c", _UNPRIVILEGED, "-c", _COMMANDS, words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [Shown(*one) for one in json.loads(done.stdout)]
