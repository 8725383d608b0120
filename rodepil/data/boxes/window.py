"""The window in which cages are drawn: OpenCV's, with mouse and keyboard."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction

import cv2

from rodepil.data.boxes.canvas import Canvas
from rodepil.data.boxes.editor import Editor
from rodepil.data.boxes.keys import NO_KEY, meaning
from rodepil.data.boxes.picture import Image
from rodepil.data.boxes.session import Request, Session
from rodepil.errors import CageError, RodepilError, VideoError
from rodepil.io.video_look import Look, VideoLook

WAIT_MS = 20
_CLICK_PX = 3
_EDGE_PX = 6
_FLAGS = cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL
_REFUSED = "NOT SAVED"
_TRY = "import cv2; cv2.namedWindow('rodepil'); cv2.waitKey(1)"

Save = Callable[[Editor], str]
"""Saves the boxes and says what it did; raises a CageError where they can't be saved."""


def need_display() -> None:
    """Open a window in a process of its own, since a missing display ends the process.

    Raises
    ------
    CageError
        No window can be opened here.
    """
    done = subprocess.run(  # noqa: S603 - this interpreter, with code of this module
        [sys.executable, "-c", _TRY], capture_output=True, check=False, timeout=120
    )
    if done.returncode:
        raise CageError(
            "no window can be opened here: there is no display, or OpenCV was built without one. "
            "Run it at a screen, or through 'ssh -X', or write the boxes into a sheet and run "
            "'rodepil cages import CSV'"
        )


class CageWindow:
    """Shows a recording and lets its cages be drawn; `run` ends when the user quits.

    Parameters
    ----------
    title
        What stands over the window.
    video
        The recording.
    fps
        Its frames a second, for frames that are named by number.
    session
        The keyboard's mode and the boxes.
    save
        Called when the user saves.
    """

    def __init__(
        self, title: str, video: VideoLook, fps: Fraction, session: Session, save: Save
    ) -> None:
        self._title, self._video, self._fps = title, video, fps
        self._session, self._save = session, save
        self._done = False
        self._held = False
        self._stale = True

    def run(self, look: Look) -> None:
        """Show the frame `look`, follow mouse and keys, and return when the user has quit."""
        self._show_frame(look)
        self._canvas = Canvas(self._frame.shape[1], self._frame.shape[0])
        self._open()
        try:
            while not self._done:
                self._paint()
                self._take_keys()
                self._fit()
        finally:
            cv2.destroyAllWindows()

    def _show_frame(self, look: Look) -> None:
        self._look, self._stale = look, True
        self._frame: Image = look.image()

    def _open(self) -> None:
        cv2.namedWindow(self._title, _FLAGS)
        cv2.resizeWindow(self._title, *self._canvas.size_px)
        cv2.setMouseCallback(self._title, self._mouse)
        self._stale = True

    def _paint(self) -> None:
        if self._stale:
            image = self._canvas.paint(self._frame, self._session, self._where())
            cv2.imshow(self._title, image)
            state = " - not saved" if self._session.editor.changed else ""
            state = " - refused" if self._session.message.startswith(_REFUSED) else state
            cv2.setWindowTitle(self._title, f"{self._title} - {self._where()}{state}")
            self._stale = False

    def _fit(self) -> None:
        """Follow a window that was resized; a closed one comes back to ask, once."""
        if not self._visible():
            asked = self._session.mode == "leave"
            self._done = asked or self._session.leave() is not None
            if not self._done:
                self._open()
            return
        _, _, width, height = cv2.getWindowImageRect(self._title)
        if self._canvas.resize(width, height):
            self._stale = True

    def _visible(self) -> bool:
        try:
            return bool(cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1)
        except cv2.error:  # with its last window Qt's whole interface is gone
            return False

    def _where(self) -> str:
        seconds = float(self._look.time_s)
        index = self._look.index
        number = f"frame {index}" if index is not None else f"frame ~{round(seconds * self._fps)}"
        minutes, rest = divmod(seconds, 60)
        hours, minutes = divmod(int(minutes), 60)
        return f"{number}   {hours}:{minutes:02d}:{rest:06.3f}"

    def _take_keys(self) -> None:
        """Take all keys that wait, before anything is painted: OpenCV holds one alone."""
        code = cv2.waitKeyEx(WAIT_MS)
        while code != NO_KEY and not self._done:
            key = meaning(code)
            if key is not None:
                self._stale = True
                request = self._session.key(key)
                if request is not None:
                    self._follow(request)
            code = cv2.waitKeyEx(1)

    def _follow(self, request: Request) -> None:
        if request.what == "quit":
            self._done = True
        elif request.what == "save":
            saved = self._try_save()
            self._done = saved and bool(request.amount)
        else:
            try:
                self._show_frame(self._go(request))
            except VideoError as error:  # the boxes stay, whatever becomes of the file
                self._session.message = str(error)

    def _try_save(self) -> bool:
        problems = self._session.editor.problems()
        if problems:
            self._session.message = f"{_REFUSED}: {'; '.join(problems)}"
            return False
        try:
            self._session.message = self._save(self._session.editor)
        except (RodepilError, OSError) as error:
            self._session.message = f"{_REFUSED}: {error}"
            return False
        self._session.editor.mark_saved()
        return True

    def _go(self, request: Request) -> Look:
        amount = Fraction(request.amount)
        if request.what == "step":
            return self._video.after(self._look) if amount > 0 else self._video.before(self._look)
        if request.what == "frame":
            return self._video.at((amount + Fraction(1, 4)) / self._fps)
        if request.what == "end":
            return self._video.last()
        return self._video.at(amount + (self._look.time_s if request.what == "skip" else 0))

    def _mouse(self, event: int, x: int, y: int, flags: int, data: object) -> None:
        """Turn the mouse's events into the editor's; they come while the window waits for keys."""
        del flags, data
        if self._session.mode not in ("boxes", "name", "position"):
            return
        editor, scale = self._session.editor, self._canvas.scale
        point = self._canvas.to_frame(x, y)
        if event == cv2.EVENT_LBUTTONDOWN:
            self._session.stop_typing()
            self._held = True
            editor.press(point, _EDGE_PX / scale)
        elif event == cv2.EVENT_LBUTTONUP and self._held:
            self._held = False
            self._session.drawn(editor.release(point, slack_px=_CLICK_PX / scale))
        elif event == cv2.EVENT_MOUSEMOVE and self._held:
            editor.drag(point)
        else:
            return
        self._stale = True
