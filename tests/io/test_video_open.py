"""All who read a video open it alike, and tell its frames and times alike."""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from rodepil.data.lab.journal import ProbeJournal
from rodepil.data.lab.register import probe_many
from rodepil.errors import VideoError
from rodepil.io import video_read
from rodepil.io.clip_frames import clip_frames, measure_span
from rodepil.io.declared import read_declared
from rodepil.io.video import VideoReader, probe
from rodepil.io.video_look import VideoLook
from rodepil.io.video_open import open_video
from tests.data.lab.conftest import write_film
from tests.io.conftest import Encode, lose_second_key

READERS: dict[str, Callable[[Path], object]] = {
    "probe": probe,
    "look": lambda path: VideoLook(path).last(),
    "declared": read_declared,
    "count": measure_span,
    "pick": lambda path: list(clip_frames(path)),
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_metadata_that_is_no_utf_8_hinders_no_one(tmp_path: Path, reader: Callable[[Path], object]):
    path = write_film(tmp_path / "a.mkv", 5, metadata={"title": "QQQQQQ"})
    path.write_bytes(path.read_bytes().replace(b"QQQQQQ", b"K\xe4fig3"))
    with pytest.raises(UnicodeDecodeError), av.open(str(path)):
        pass
    assert reader(path)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "is not there"), (b"", r"is empty \(0 bytes\)"), (b"text " * 99, "can't be opened as")],
)
def test_what_can_not_be_opened_is_said_alike(
    tmp_path: Path, reader: Callable[[Path], object], content: bytes | None, says: str
):
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(VideoError, match=says):
        reader(path)


@pytest.mark.parametrize(
    ("form", "codec"), [("h264", "libx264"), ("hevc", "libx265"), ("mjpeg", "mjpeg")]
)
def test_a_bare_stream_has_no_times_and_is_refused_with_the_command_that_gives_them(
    tmp_path: Path, form: str, codec: str
):
    boxed, path = write_film(tmp_path / "a.mkv", 12, codec=codec, rate=30), tmp_path / "a b.264"
    with av.open(str(boxed)) as one, av.open(str(path), "w", format=form) as other:
        stream = other.add_stream_from_template(one.streams.video[0])
        for packet in one.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                other.mux(packet)
    with pytest.raises(VideoError, match=r"ffmpeg -framerate R -i a b\.264 -c copy NEW\.mp4"):
        probe(path)
    with pytest.raises(VideoError, match="bare stream"):
        VideoLook(path)
    assert measure_span(path).n_frames > 5  # where times are nothing it is read


def test_a_look_counts_and_times_frames_as_the_reader_does(encode: Encode):
    path = encode("a.mp4", 150)
    lose_second_key(path)
    with VideoReader(path) as reader:
        read = [(frame.index, frame.time_s) for frame in reader]
        assert reader.late_frames > 0
    with VideoLook(path) as video:
        seen = [video.at(Fraction(0))]
        while (look := video.after(seen[-1])) is not seen[-1]:
            seen.append(look)
    assert [(look.index, look.time_s) for look in seen] == read


class Breaking:
    """A container on a disk that fails after some packets."""

    def __init__(self, container: av.container.InputContainer) -> None:
        self._container = container

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def demux(self, stream: av.VideoStream) -> Iterator[av.Packet[av.VideoStream]]:
        for number, packet in enumerate(self._container.demux(stream)):
            if number == 5:
                raise av.error.OSError(errno.EIO, "Input/output error", "a.mp4")
            yield packet


def test_a_disk_that_fails_amid_a_file_is_no_damage_and_not_remembered(
    encode: Encode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path, noted = encode("a.mp4", 20), tmp_path / "noted.jsonl"
    with monkeypatch.context() as patched:
        patched.setattr(
            video_read, "open_video", lambda path, **how: Breaking(open_video(path, **how))
        )
        (failure,) = probe_many([path], journal=ProbeJournal(noted), processes=1).failures
    assert failure["error"] == "SourceError"
    assert "the disk or the network failed" in str(failure["message"])
    assert "Input/output error" in str(failure["message"])
    (facts,) = probe_many([path], journal=ProbeJournal(noted), processes=1).facts
    assert (facts.n_frames, facts.damaged_packets) == (20, 0)
