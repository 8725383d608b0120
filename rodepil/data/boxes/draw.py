"""Cages drawn on a recording of a source folder, and saved for its camera where that is wanted."""

from __future__ import annotations

from pathlib import Path

from rodepil.data.boxes.check import overlaps
from rodepil.data.boxes.editor import Editor
from rodepil.data.boxes.keep import (
    boxes_of,
    cages_from,
    complaint,
    find_recording,
    put_cages,
    read_cages,
    read_recordings,
    same_camera,
)
from rodepil.data.boxes.look import Moment
from rodepil.data.boxes.session import Session
from rodepil.data.boxes.take import spread_cages
from rodepil.data.boxes.window import CageWindow, need_display
from rodepil.data.cages import Cage
from rodepil.data.recordings import Recording
from rodepil.errors import CageError
from rodepil.io.video_look import VideoLook


def draw_cages(
    folder: Path, name: str, moment: Moment, *, camera: bool = False, rename: bool = False
) -> list[str]:
    """Open a recording's window and return what was saved, one line each.

    Parameters
    ----------
    folder
        The source's folder.
    name
        The recording, as `find_recording` takes it.
    moment
        The frame to begin with.
    camera
        Save the boxes for the other recordings of the camera as well.
    rename
        With `camera`: replace the names that those have already.

    Raises
    ------
    CageError
        The recording is unknown, does not say its camera, or no window can be opened.
    VideoError
        It can't be read.
    """
    recordings = read_recordings(folder)
    recording = find_recording(recordings, name, folder)
    if camera:
        same_camera(recordings, recording)  # a missing camera is said before anything is drawn
    need_display()
    size = recording.width_px, recording.height_px
    editor = Editor(size, boxes_of(read_cages(folder), recording.recording_id))
    saver = _Saver(folder, recordings, recording, camera=camera, rename=rename)
    with VideoLook(folder / recording.path) as video:
        look = moment.look(video)
        shown = look.image().shape[1::-1]
        if shown != size:
            raise CageError(
                f"{recording.path} shows {shown[0]}x{shown[1]} px, its recording's row says "
                f"{size[0]}x{size[1]}; import the recording again"
            )
        title = f"cages of {recording.recording_id}"
        window = CageWindow(title, video, recording.frame_rate, Session(editor), saver.save)
        window.run(look)
    return saver.told


class _Saver:
    """Puts drawn boxes into the folder, and remembers what it did."""

    def __init__(
        self,
        folder: Path,
        recordings: list[Recording],
        recording: Recording,
        *,
        camera: bool,
        rename: bool,
    ) -> None:
        self._folder, self._recordings, self._recording = folder, recordings, recording
        self._camera, self._rename = camera, rename
        self.told: list[str] = ["nothing was saved"]

    def save(self, editor: Editor) -> str:
        """Save the boxes and say so in one line."""
        own = self._recording.recording_id
        cages = cages_from(editor.boxes, own)
        problem = complaint(cages, self._recording) if cages else None
        if problem:
            raise CageError(problem)
        new: dict[str, list[Cage]] = {own: cages}
        notes: list[str] = []
        if self._camera:
            there: dict[str, list[Cage]] = {}
            for cage in read_cages(self._folder):
                there.setdefault(cage.recording_id, []).append(cage)
            spread, notes = spread_cages(
                [self._recording], self._recordings, new, there, rename=self._rename, named={}
            )
            new |= spread
        put_cages(self._folder, new)
        others = f", and for {len(new) - 1} more of its camera" if self._camera else ""
        line = f"saved {len(cages)} cages of {own}{others}"
        overlapping = overlaps(cages)
        self.told = [f"{line}, in {self._folder / 'cages.parquet'}", *notes, *overlapping]
        return f"{line}. {overlapping[0]}" if overlapping else line
