"""A recording in pieces that look as curated clips do, cage by cage, in one pass.

Each piece is drawn, encoded and decoded exactly as curation makes a clip and the store reads it:
what a network sees of a recording is then what it saw of clips in training, to the last bit. The
last piece is shorter where the recording ends.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from rodepil.config.settings import CurateSettings
from rodepil.data.cages import Cage
from rodepil.data.fit import flat_chroma
from rodepil.data.recorder import Recorder, write_window
from rodepil.data.resample import resample
from rodepil.data.windows import cut, fill_end
from rodepil.io.clip_frames import ClipFrame, clip_frames
from rodepil.io.video import DecodedFrame, VideoReader, planes
from rodepil.io.video import end_of as frame_end


@dataclass
class Seen:
    """What a pass over a recording saw so far.

    Parameters
    ----------
    frames
        Frames that decoded.
    end_s
        When the last one ends, seconds from the first.
    fps
        Frames a second that the container declares, 1 where it says nothing.
    """

    frames: int = 0
    end_s: Fraction = Fraction(0)
    fps: Fraction = Fraction(1)


@dataclass(frozen=True)
class Piece:
    """Up to a clip's length of a recording.

    Parameters
    ----------
    number
        Which, from 0.
    frames
        Frames at the clips' rate, 1 or more; only the last piece has fewer than a clip.
    in_gap
        Whether frames stand further apart in it than ``max_gap_s``; the nearest is shown there.
    recorders
        The cages' frames.
    """

    number: int
    frames: int
    in_gap: bool
    recorders: Sequence[Recorder]

    def clips(self, folder: Path, settings: CurateSettings) -> Iterator[Iterator[ClipFrame]]:
        """Yield the frames of each cage, as those of a curated clip; their file is in `folder`."""
        path = folder / "piece.avi"
        for recorder in self.recorders:
            canvases = recorder.take().canvases[: self.frames]
            write_window(canvases, path, settings)
            yield clip_frames(path, Fraction(settings.fps))


def pieces(
    video: Path, cages: Sequence[Cage], settings: CurateSettings, seen: Seen
) -> Generator[Piece]:
    """Decode a video once and yield its pieces; each must be used up before the next.

    Parameters
    ----------
    video
        The file.
    cages
        Boxes within its frame.
    settings
        Rate, size, fit and codec of clips, as in the curation of what a model learned from.
    seen
        Is told what came.

    Raises
    ------
    VideoError
        The video can't be read, or nothing of it decodes.
    """
    recorders = [Recorder(cage, settings) for cage in cages]
    number, frames, in_gap = 0, 0, False
    with VideoReader(video) as reader:
        seen.fps = reader.declared_fps or Fraction(1)
        with closing(_watched(reader, seen)) as watched:
            shown = fill_end(resample(watched, settings.fps, seen.fps), settings)
            for part in cut(shown, settings):
                if part.window != number:
                    yield Piece(number, frames, in_gap, recorders)
                    number, in_gap = part.window, False
                pictured = flat_chroma(planes(part.frame.picture))
                for recorder in recorders:
                    recorder.add(pictured, part.slot, part.count)
                frames, in_gap = part.slot + part.count, in_gap or part.in_gap
    if frames:
        yield Piece(number, frames, in_gap, recorders)


def _watched(reader: VideoReader, seen: Seen) -> Generator[DecodedFrame]:
    before: DecodedFrame | None = None
    for frame in reader:
        seen.frames, seen.end_s = frame.index + 1, frame_end(frame, before, seen.fps)
        before = frame
        yield frame
