"""Open a video, and give its pictures in order with their times: one rule for all who read."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av

from rodepil.errors import VideoError

UNTIMED = frozenset({"h264", "hevc", "vvc", "mjpeg", "obu"})
"""Bare streams without a container: FFmpeg invents 25 frames a second for them."""

# These containers hold no presentation times: FFmpeg guesses them, wrongly behind B-frames, while
# the decoding times that it counts are right but for a constant.
_WITHOUT_TIMES = frozenset({"avi"})
# Behind a damaged key frame a decoder gives some frames out of order; more than that is no damage.
_LATE_S = 1


def open_video(path: Path, *, timed: bool = False) -> av.container.InputContainer:
    """Open a file that holds a video stream.

    Parameters
    ----------
    path
        A video file.
    timed
        Whether its times matter.

    Raises
    ------
    VideoError
        It is missing, empty, can't be read, is no video, holds sound alone, or holds no times
        where they matter.
    """
    if not path.is_file():
        raise VideoError(
            f"{path} is not there; bring it back, or, where a table names it, withdraw it "
            "('rodepil import forget')"
        )
    try:
        if path.stat().st_size == 0:
            raise VideoError(f"{path} is empty (0 bytes); copy it again from the camera")
        container = av.open(str(path), metadata_errors="replace")
    except OSError as error:
        raise failed(path, error) from error
    except av.FFmpegError as error:
        raise VideoError(
            f"{path} can't be opened as a video ({error.strerror}); it may be cut off, damaged or "
            "no video. Copy it again from the camera, or leave it out"
        ) from error
    problem = None
    if not container.streams.video:
        problem = "holds no video stream; give the file with the pictures"
    elif timed and UNTIMED & _names(container):
        problem = (
            "is a bare stream that does not say how fast its frames follow; write it anew with "
            f"its true rate R (ffmpeg -framerate R -i {path.name} -c copy NEW.mp4)"
        )
    if problem is not None:
        container.close()
        raise VideoError(f"{path} {problem}")
    return container


def failed(path: Path, error: OSError) -> VideoError:
    """Return what to raise where not the video but what it lies on is at fault."""
    return VideoError(
        f"{path} can't be read: the disk or the network failed, or you lack the right to "
        f"({error.strerror or error}); mend that and run the same command again"
    )


class Pictures:
    """Decodes a stream in order; broken packets are skipped and counted.

    Parameters
    ----------
    container
        An open video; its first video stream is taken.
    path
        Its file.
    """

    def __init__(self, container: av.container.InputContainer, path: Path) -> None:
        self.skipped_packets = 0
        """Packets that did not decode so far."""
        self.flagged_packets = 0
        """Packets so far that the container knows to be damaged, whether they decode or not."""
        self.first_is_key: bool | None = None
        """Whether the first packet holds a key frame; known once that was read."""
        self._container, self._path = container, path
        self._stream = container.streams.video[0]

    def __iter__(self) -> Iterator[av.VideoFrame]:
        """Yield pictures from where the container stands.

        Raises
        ------
        VideoError
            The disk or the network failed.
        """
        for packet in self._packets():
            try:
                yield from self._stream.codec_context.decode(packet)
            except av.FFmpegError:
                self.skipped_packets += 1

    def _packets(self) -> Iterator[av.Packet[av.VideoStream] | None]:
        """Yield packets, then None so that the decoder gives what it still holds."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except OSError as error:
                raise failed(self._path, error) from error
            except av.FFmpegError:
                self.skipped_packets += 1
                yield None
                return
            if self.first_is_key is None and packet.size:
                self.first_is_key = bool(packet.is_keyframe)
            self.flagged_packets += packet.is_corrupt
            yield packet


class Stamps:
    """Tells the times of pictures, in units of the time base, in the order they are decoded.

    Parameters
    ----------
    container, path
        As for `Pictures`.
    """

    def __init__(self, container: av.container.InputContainer, path: Path) -> None:
        stream = container.streams.video[0]
        rate = stream.average_rate or stream.base_rate
        self.base = Fraction(stream.time_base or 1)
        """Seconds of a unit."""
        self.late_frames = 0
        """Pictures that came up to a second behind a later one."""
        self._path = path
        self._step = 1 / (Fraction(rate) * self.base) if rate else Fraction(1)
        self._by_order = bool(_WITHOUT_TIMES & _names(container))
        self._last: int | Fraction | None = None

    def forget(self) -> None:
        """Take the next picture wherever it stands, as behind a jump."""
        self._last = None

    def of(self, picture: av.VideoFrame, index: int | None) -> int | Fraction | None:
        """Return a picture's time, the next step where it has none; None for one to pass over.

        Parameters
        ----------
        picture
            The next that decodes.
        index
            Its number, where that is known, to name it by.

        Raises
        ------
        VideoError
            It lies more than a second before that of the picture ahead of it.
        """
        stamp: int | Fraction | None = picture.dts if self._by_order else picture.pts
        last = self._last
        if stamp is None:
            stamp = 0 if last is None else last + self._step
        if last is not None and stamp < last:
            if (last - stamp) * self.base > _LATE_S:
                which = "a frame" if index is None else f"frame {index}"
                raise VideoError(
                    f"{self._path}: the time of {which} lies before that of the frame ahead of it; "
                    "write the file anew with FFmpeg (ffmpeg -i FILE -c copy NEW.mkv)"
                )
            self.late_frames += 1
            return None
        self._last = stamp
        return stamp


def _names(container: av.container.InputContainer) -> set[str]:
    return set(container.format.name.split(","))
