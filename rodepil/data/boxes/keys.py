"""What a key of an OpenCV window means, on every backend that OpenCV's wheels have.

Qt's window gives letters without their case; a Shift that comes as a key of its own, or Tab,
says that capitals are meant. Letters of Latin-1 come as negative numbers.
"""

from __future__ import annotations

from typing import Literal

Key = Literal[
    "enter", "escape", "erase", "delete", "tab", "shift", "left", "right", "up", "down", "home",
    "end", "page up", "page down", "help",
]  # fmt: skip

NO_KEY = -1
_LATIN_1 = 256
_SPECIAL: dict[int, Key] = {
    8: "erase", 9: "tab", 10: "enter", 13: "enter", 27: "escape", 127: "delete",
    # X11 with Qt or GTK.
    65288: "erase", 65289: "tab", 65293: "enter", 65307: "escape", 65421: "enter", 65535: "delete",
    65360: "home", 65361: "left", 65362: "up", 65363: "right", 65364: "down", 65365: "page up",
    65366: "page down", 65367: "end", 65470: "help", 65505: "shift", 65506: "shift",
    65429: "home", 65430: "left", 65431: "up", 65432: "right", 65433: "down", 65434: "page up",
    65435: "page down", 65436: "end", 65439: "delete",
    # Windows.
    2162688: "page up", 2228224: "page down", 2293760: "end", 2359296: "home", 2424832: "left",
    2490368: "up", 2555904: "right", 2621440: "down", 3014656: "delete", 7340032: "help",
    # macOS.
    63232: "up", 63233: "down", 63234: "left", 63235: "right", 63272: "delete", 63273: "home",
    63275: "end", 63276: "page up", 63277: "page down",
}  # fmt: skip


def meaning(code: int) -> Key | str | None:
    """Return the name of a special key, the character of any other, or None.

    Parameters
    ----------
    code
        What ``cv2.waitKeyEx`` gave.
    """
    if code in _SPECIAL:
        return _SPECIAL[code]
    letter = code + _LATIN_1 if -_LATIN_1 // 2 <= code < NO_KEY else code
    if 0 <= letter < _LATIN_1 and chr(letter).isprintable():
        return chr(letter).lower() if code < 0 else chr(letter)
    return None
