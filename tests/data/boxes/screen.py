"""A screen that nobody sees: Xvfb, with xdotool as the hand on mouse and keyboard."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

TOOL = [sys.executable, "-m", "rodepil"]
PATIENCE_S = 60.0


def need_programs() -> None:
    missing = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
    if missing:
        pytest.fail(f"{', '.join(missing)} is missing; run 'apt-get install xvfb xdotool'")


def until(test: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not test():
        assert time.monotonic() < end, f"waited {PATIENCE_S:g} s in vain: {what}"
        time.sleep(0.05)


@dataclass
class Screen:
    """A display, and the program whose window is on it."""

    display: str
    tool: subprocess.Popen[str] | None = None
    window: str = ""

    def start(self, folder: Path, *arguments: str) -> None:
        """Start the command line and wait for its window."""
        environment = os.environ | {"DISPLAY": self.display, "OMP_NUM_THREADS": "1"}
        self.tool = subprocess.Popen(
            [*TOOL, *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.find_window()

    def find_window(self, title: str = "frame") -> None:
        """Wait for the window whose title has `title`, and give it the keyboard."""
        until(lambda: bool(self.found(title)) or self._over(), f"a window '{title}'")
        assert not self._over(), self.tool and self.tool.communicate()
        self.window = self.found(title)[-1]
        self.hand("windowfocus", "--sync", self.window)

    def sees(self, title: str) -> None:
        """Wait until a window's title has `title`."""
        until(lambda: bool(self.found(title)), f"a title with '{title}'")

    def hand(self, *arguments: str) -> str:
        """Move mouse and keys."""
        done = subprocess.run(
            [shutil.which("xdotool") or "xdotool", *arguments],
            env=os.environ | {"DISPLAY": self.display},
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        return done.stdout

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        """Press the left button at `start` and let go at `end`."""
        between = (start[0] + end[0]) // 2, (start[1] + end[1]) // 2
        steps: list[str] = []
        for point, then in ((start, "mousedown"), (between, ""), (end, "mouseup")):
            steps += ["mousemove", "--window", self.window, *map(str, point), "sleep", "0.1"]
            steps += [then, "1", "sleep", "0.1"] if then else []
        self.hand(*steps)

    def type(self, text: str) -> None:
        """Type a line."""
        self.hand("type", "--delay", "90", text)

    def keys(self, *names: str) -> None:
        """Press keys by their X11 names."""
        self.hand("key", "--delay", "90", *names)

    def close(self) -> None:
        """Ask the window to close, as its X does."""
        _ask_to_close(self.display, int(self.window))

    def end(self) -> tuple[int, str]:
        """Wait for the program's end; return its status and what it said."""
        assert self.tool is not None
        said, _ = self.tool.communicate(timeout=PATIENCE_S)
        return self.tool.returncode, said

    def shoot(self, path: Path) -> None:
        """Take a picture of the screen, for human eyes, where FFmpeg is there."""
        program = shutil.which("ffmpeg")
        if program:
            command = [program, "-loglevel", "error", "-y", "-f", "x11grab", "-i", self.display]
            subprocess.run([*command, "-frames:v", "1", str(path)], check=True)

    def found(self, title: str) -> list[str]:
        """Return the windows whose title has `title`."""
        return self.hand("search", "--name", title).split()

    def _over(self) -> bool:
        return self.tool is not None and self.tool.poll() is not None


class _ClientMessage(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("rest", ctypes.c_long * 24),
    )


def _ask_to_close(display: str, window: int) -> None:
    """Send WM_DELETE_WINDOW, which a window manager sends when the X is clicked."""
    x11 = ctypes.CDLL("libX11.so.6")
    x11.XOpenDisplay.restype = ctypes.c_void_p
    x11.XInternAtom.restype = ctypes.c_ulong
    opened = ctypes.c_void_p(x11.XOpenDisplay(display.encode()))
    protocols, delete = (
        x11.XInternAtom(opened, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
    )
    event = _ClientMessage(type=33, window=window, message_type=protocols, format=32)
    event.data[0] = delete
    x11.XSendEvent(opened, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(event))
    x11.XCloseDisplay(opened)
