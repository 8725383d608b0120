"""What keys do while boxes are drawn: commands, and lines of text typed into the picture."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from rodepil.data.boxes.editor import Editor

Mode = Literal["boxes", "name", "position", "jump", "leave", "help"]
HELP = (
    ("drag", "draw a box; drag a box to move it, its edge to resize it"),
    ("click", "select a box; Tab selects the next, Esc none"),
    ("n or Enter", "name the rat of the selected box"),
    ("p", "change its position; o numbers all from top left to bottom right"),
    ("arrows", "move it by 1 px; with no box selected go by 1 frame or 10 s"),
    ("d or Del", "delete it"),
    ("u, r", "undo, redo"),
    ("comma, dot", "frame before, frame after"),
    ("PgUp, PgDn", "10 s back, 10 s on; Home, End: first and last frame"),
    ("g", "go to a frame (1500) or a time (50s, 0:50, 1:02:03)"),
    ("s, q", "save, quit"),
    ("h", "this help"),
)
LINES: dict[Mode, str] = {
    "boxes": "h: all keys   drag: new box   n: name   d: delete   u: undo   s: save   q: quit   "
    "comma, dot, PgUp, PgDn, g: other frames",
    "name": "type the rat's name   Tab or Shift: capitals   Enter: take it   Esc: leave it",
    "position": "type the position's number   Enter: take it   Esc: leave it",
    "jump": "type a frame (1500) or a time (50s, 0:50, 1:02:03)   Enter: go   Esc: stay",
    "leave": "NOT SAVED.   s: save and quit   q: quit without saving   Esc: go on drawing",
    "help": "any key: back to the boxes",
}
_TYPED: tuple[Mode, ...] = ("name", "position", "jump")
_LONGEST = 60
_FRAME = re.compile(r"\d+")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)s")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")
_ARROWS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


@dataclass(frozen=True)
class Request:
    """What the window shall do.

    Parameters
    ----------
    what
        ``step`` by `amount` frames, ``skip`` by `amount` seconds, go to the ``frame`` or ``second``
        that `amount` names, to the ``end``, ``save``, or ``quit``.
    amount
        How far.
    """

    what: Literal["step", "skip", "frame", "second", "end", "save", "quit"]
    amount: float = 0.0


_GO = {
    ",": Request("step", -1), ".": Request("step", 1), "page up": Request("skip", -10),
    "page down": Request("skip", 10), "home": Request("second", 0), "end": Request("end"),
}  # fmt: skip
_LOOSE_ARROWS = {
    "left": Request("step", -1), "right": Request("step", 1), "up": Request("skip", -10),
    "down": Request("skip", 10),
}  # fmt: skip


class Session:
    """The mode of the keyboard over an editor.

    Parameters
    ----------
    editor
        What the keys work on.
    """

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.mode: Mode = "boxes"
        self.text = ""
        """What was typed so far."""
        self.capitals = False
        self.message = ""
        """What to tell the user of the last step."""
        self._shifted = False

    def key(self, key: str) -> Request | None:
        """Take a key, as `rodepil.data.boxes.keys.meaning` names it."""
        self.message = ""
        if self.mode in _TYPED:
            return self._type(key)
        if self.mode == "leave":
            return self._leave(key)
        if self.mode == "help":
            self.mode = "boxes"
            return None
        return self._command(key)

    def drawn(self, outcome: Literal["drawn", "small"] | None) -> None:
        """Go on after the mouse let go: a new box wants a name."""
        self.message = "too small for a cage: drag a larger box" if outcome == "small" else ""
        if outcome == "drawn":
            self._start("name")

    def stop_typing(self) -> None:
        """Take what was typed, since the mouse goes on."""
        if self.mode in ("name", "position"):
            self._take()

    def leave(self) -> Request | None:
        """Quit, or ask first where something is not saved."""
        if not self.editor.changed:
            return Request("quit")
        self.mode = "leave"
        return None

    def _command(self, key: str) -> Request | None:
        editor = self.editor
        if key in _GO:
            return _GO[key]
        if key in _ARROWS:
            if editor.box is None:
                return _LOOSE_ARROWS[key]
            editor.nudge(*_ARROWS[key])
        elif key in ("n", "enter", "p"):
            if editor.box is None:
                self.message = "select a box first: click it"
            else:
                self._start("position" if key == "p" else "name")
        elif key == "g":
            self._start("jump")
        elif key == "s":
            return Request("save")
        elif key == "q":
            return self.leave()
        elif key in ("h", "?", "help"):
            self.mode = "help"
        else:
            self._change(key)
        return None

    def _change(self, key: str) -> None:
        editor = self.editor
        plain: dict[str, Callable[[], None]] = {
            "tab": editor.select_next,
            "escape": editor.let_go,
            "d": editor.delete,
            "delete": editor.delete,
            "erase": editor.delete,
            "o": editor.order,
        }
        if key in plain:
            plain[key]()
        elif key == "u" and not editor.undo():
            self.message = "nothing to undo"
        elif key == "r" and not editor.redo():
            self.message = "nothing to redo"

    def _leave(self, key: str) -> Request | None:
        if key == "q":
            return Request("quit")
        if key in ("s", "escape"):
            self.mode = "boxes"
        return Request("save", 1) if key == "s" else None

    def _start(self, mode: Mode) -> None:
        self.mode, self._shifted = mode, False
        self.text = self.editor.box.subject if mode == "name" and self.editor.box else ""

    def _type(self, key: str) -> Request | None:
        if key == "escape":
            self.mode = "boxes"
        elif key == "enter":
            return self._take()
        elif key == "erase":
            self.text = self.text[:-1]
        elif key == "tab":
            self.capitals = not self.capitals
        elif key == "shift":
            self._shifted = True
        elif len(key) == 1 and len(self.text) < _LONGEST:
            self._add(key)
        return None

    def _add(self, letter: str) -> None:
        if self.mode == "name" and letter in '_/\\<>:"|?*':
            self.message = f"a name can't hold {letter}; a hyphen can stand for it"
            return
        if self.mode == "position" and not letter.isdecimal():
            self.message = "a position is a number"
            return
        self.text += letter.upper() if self.capitals or self._shifted else letter
        self._shifted = False

    def _take(self) -> Request | None:
        mode, self.mode = self.mode, "boxes"
        text = self.text.strip()
        if mode == "name":
            self.editor.rename(text)
            self.editor.let_go()
        elif mode == "position" and text:
            self.editor.renumber(int(text))
        elif mode == "jump" and text:
            found = place(text)
            if found is None:
                self.message = f"'{text}' is no frame (1500) and no time (50s, 0:50, 1:02:03)"
            return found
        return None


def place(text: str) -> Request | None:
    """Return where `text` leads: a frame's number, seconds with an s, or (h:)m:s."""
    if _FRAME.fullmatch(text):
        return Request("frame", int(text))
    if found := _SECONDS.fullmatch(text.lower()):
        return Request("second", float(found[1]))
    if found := _CLOCK.fullmatch(text):
        hours, minutes, seconds = int(found[1] or 0), int(found[2]), float(found[3])
        return Request("second", 3600 * hours + 60 * minutes + seconds)
    return None
