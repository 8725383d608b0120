"""What is wrong with files is said by name with a remedy, and the rest of the batch goes on."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from rodepil.config.imports import RecordingImportSettings
from rodepil.data.lab.taking import ImportedRecordings
from rodepil.io.video import frames
from tests.data.lab.conftest import Film, take

PLAIN = RecordingImportSettings()
Row = dict[str, object]


def imported(path: Path, film: Film) -> tuple[Row | None, str, ImportedRecordings]:
    """Import a faulty file beside a good one; return its row, and what is said of it."""
    good = film("good/one.mp4", 5)
    made = take([path, good], path.parent / "into", PLAIN)
    held = {Path(row["path"]).name: row for row in made.recordings.to_pylist()}
    assert good.name in held
    said = [*made.notes, *made.failures.column("message").to_pylist()]
    mine = [line for line in said if str(path) in line]
    assert len(mine) == len(said)
    return held.get(path.name), "\n".join(mine), made


def decodes(path: Path) -> int:
    """Return how many frames PyAV decodes, broken packets passed over."""
    count = 0
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            try:
                count += len(packet.decode())
            except av.FFmpegError:
                continue
    return count


def headless(source: Path, packets: int) -> Path:
    """Copy a video without its first packets, as a camera that starts amid a group writes it."""
    path = source.with_name(f"headless{source.suffix}")
    with av.open(str(source)) as one, av.open(str(path), "w") as other:
        stream = other.add_stream_from_template(one.streams.video[0])
        for number, packet in enumerate(one.demux(video=0)):
            if packet.dts is not None and number >= packets:
                packet.stream = stream
                other.mux(packet)
    return path


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mkv", "libx264"), ("a.avi", "mjpeg"), ("a.mts", "libx264"), ("a.webm", "libvpx-vp9"),
     ("a.mkv", "libx265"), ("a.avi", "mpeg4")],
)  # fmt: skip
def test_of_a_file_cut_off_what_decodes_is_taken(film: Film, name: str, codec: str):
    path = film(name, 60, codec=codec, size_px=(192, 128))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    row, _, _ = imported(path, film)
    assert row is not None
    assert row["n_frames"] == decodes(path)
    assert 20 <= int(str(row["n_frames"])) < 60


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mov", "mpeg4"), ("a.ts", "libx264"), ("a.mkv", "libx264")],
)
def test_damage_is_counted_and_said(film: Film, name: str, codec: str):
    path = film(name, 100, codec=codec, size_px=(192, 128))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 400] = bytes(400)
    path.write_bytes(data)
    row, said, _ = imported(path, film)
    assert row is not None
    assert int(str(row["damaged_packets"])) >= 1
    assert f"{path} ({row['damaged_packets']} damaged packets)" in said
    assert "Copy it again" in said
    assert row["n_frames"] == sum(1 for _ in frames(path))
    assert row["duration_s"] == pytest.approx(4.0, abs=0.05)  # holes are not closed


def test_an_mp4_cut_off_ahead_of_its_index_is_refused(film: Film):
    path = film("cut off.mp4", 30)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    row, said, _ = imported(path, film)
    assert row is None
    assert "can't be opened as a video" in said
    assert "Copy it again from the camera" in said


def test_a_header_that_lies_of_its_frames_is_said_and_not_believed(film: Film):
    path = film("lies.avi", 20)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):
        struct.pack_into("<I", data, data.index(mark) + offset, 9999)
    path.write_bytes(data)
    row, said, _ = imported(path, film)
    assert row is not None
    assert (row["n_frames"], row["declared_frames"]) == (20, 9999)
    assert "(9999 told, 20 decoded)" in said


@pytest.mark.parametrize("content", [b"", b"no video" * 200])
def test_empty_files_and_other_files_are_refused(film: Film, tmp_path: Path, content: bytes):
    path = tmp_path / "Käfig 3 nachts.mp4"
    path.write_bytes(content)
    row, said, _ = imported(path, film)
    assert row is None
    assert "py it again from the camera" in said


def test_a_file_with_sound_alone_is_refused(film: Film, tmp_path: Path):
    path = tmp_path / "sound.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    row, said, _ = imported(path, film)
    assert row is None
    assert "no video stream; give the file with the pictures" in said


@pytest.mark.parametrize("suffix", ["ts", "mpg"])
def test_a_picture_that_changes_its_size_is_refused(film: Film, tmp_path: Path, suffix: str):
    codec = "libx264" if suffix == "ts" else "mpeg2video"
    path = tmp_path / f"both.{suffix}"
    first = film(f"1.{suffix}", 10, codec=codec)
    second = film(f"2.{suffix}", 10, codec=codec, start=100, size_px=(96, 64))
    path.write_bytes(first.read_bytes() + second.read_bytes())
    row, said, _ = imported(path, film)
    assert row is None
    assert "changes from (64, 48) to (96, 64) px" in said
    assert "cut the file there" in said


def test_times_that_go_back_are_refused(film: Film, tmp_path: Path):
    path = tmp_path / "back.ts"
    first = film("1.ts", 10, codec="libx264", start=500)
    path.write_bytes(first.read_bytes() + film("2.ts", 10, codec="libx264").read_bytes())
    row, said, _ = imported(path, film)
    assert row is None
    assert "time of frame 10 lies before" in said
    assert "write the file anew with FFmpeg" in said


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "libx264"), ("a.mkv", "libx265"), ("a.webm", "libvpx-vp9"), ("a.ts", "libx264"),
     ("a.mov", "mpeg4")],
)  # fmt: skip
def test_without_a_key_frame_at_the_start_the_first_that_decodes_is_taken(
    film: Film, name: str, codec: str
):
    path = headless(film(name, 40, codec=codec), 4)
    row, said, _ = imported(path, film)
    assert row is not None
    assert row["first_is_key"] is False
    assert row["n_frames"] == sum(1 for _ in frames(path))
    assert 10 <= int(str(row["n_frames"])) <= 36
    assert "begins without a key frame" in said
    times = [time_s for time_s, _ in frames(path)]
    assert times[0] == 0


def test_a_variable_rate_is_said_and_followed(film: Film, tmp_path: Path):
    source, path = film("even.mkv", 20), tmp_path / "uneven.mkv"
    with av.open(str(source)) as one, av.open(str(path), "w") as other:
        stream = other.add_stream_from_template(one.streams.video[0])
        for packet in one.demux(video=0):
            if packet.dts is not None:
                late = 200 if packet.pts >= 400 else 0  # ms
                packet.pts, packet.dts = packet.pts + late, packet.dts + late
                packet.stream = stream
                other.mux(packet)
    row, said, _ = imported(path, film)
    assert row is not None
    assert row["duration_s"] == pytest.approx(1.0, abs=0.002)
    assert "frames in uneven steps" in said
    assert "(0.04 to 0.24 s a frame)" in said


def test_every_fault_at_once_leaves_the_good_files(film: Film, tmp_path: Path):
    for number in range(4):
        (tmp_path / "cam").mkdir(exist_ok=True)
        (tmp_path / "cam" / f"broken {number}.avi").write_bytes(b"RIFF" + bytes(number))
        film(f"cam/whole {number}.mkv", 5)
    made = take([tmp_path / "cam"], tmp_path / "into", PLAIN)
    assert made.recordings.column("recording_id").to_pylist() == [
        f"undated_whole {number}" for number in range(4)
    ]
    assert made.failures.num_rows == 4
    assert str(made).count("refused: ") == 4
