"""One batch with every fault: what can be curated is, and the rest is named with its remedy."""

from __future__ import annotations

import hashlib
import shutil
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rodepil.config.settings import CurateSettings
from rodepil.data.curate import FAILURES, CurateSummary, curate
from rodepil.io import tables
from tests.data.conftest import CAGES, Lab, film, numbered, read_numbers, seizure, steady
from tests.data.lab.conftest import write_film

Row = dict[str, object]
RATE = Fraction(30)
GOOD = "Käfig 3 日 nachts.mp4"


def shot(path: Path, offset: int = 0, codec: str = "libx264") -> Path:
    """Film four seconds whose numbers begin at `offset`."""
    return film(path, steady(RATE, 4.0), codec=codec, draw=lambda n: numbered(n + offset))


def shortened(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return path


def of_sound_alone(path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))


def joined(path: Path, *, second_px: tuple[int, int], starts: tuple[int, int]) -> None:
    """Write two films one behind the other, as some recorders do."""
    parts = [
        write_film(path.parents[1] / f"{path.stem}{n}.ts", 20, codec="libx264", start=start,
                   size_px=size_px).read_bytes()
        for n, (start, size_px) in enumerate(zip(starts, ((192, 128), second_px), strict=True))
    ]  # fmt: skip
    path.write_bytes(b"".join(parts))


REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    # The tables hold these as whole films: made by other means, or changed since.
    "no index.mp4": (lambda path: shortened(shot(path, 1)), "can't be opened as a video"),
    "cut off.mkv": (lambda path: shortened(shot(path, 2)), "the recordings table says 120"),
    "empty.mp4": (lambda path: path.touch(), "is empty (0 bytes)"),
    "sound.mkv": (of_sound_alone, "holds no video stream"),
    "resized.ts": (
        lambda path: joined(path, second_px=(96, 64), starts=(0, 100)),
        "the picture changes from (192, 128) to (96, 64) px at frame 20; cut the file there",
    ),
    "back.ts": (
        lambda path: joined(path, second_px=(192, 128), starts=(500, 0)),
        "the time of frame 20 lies before",
    ),
}


def lying_header(path: Path) -> None:
    data = bytearray(shot(path, 1000, "mpeg4").read_bytes())
    for mark, offset in ((b"avih", 8 + 16), (b"strh", 8 + 32)):
        struct.pack_into("<I", data, data.index(mark) + offset, 9999)
    path.write_bytes(data)


def without_key(path: Path) -> None:
    source = shot(path.parents[1] / path.name, 2000)
    with av.open(str(source)) as one, av.open(str(path), "w") as other:
        stream = other.add_stream_from_template(one.streams.video[0])
        for number, packet in enumerate(one.demux(video=0)):
            if packet.dts is not None and number >= 4:
                packet.stream = stream
                other.mux(packet)


def corrupt(path: Path) -> None:
    with av.open(str(shot(path, 3000))) as container:
        hit = [packet for packet in container.demux(video=0) if packet.size][90:94]
        spans = [(packet.pos, packet.size) for packet in hit if packet.pos is not None]
    data = bytearray(path.read_bytes())
    for place, size in spans:
        data[place : place + size] = bytes(size)
    path.write_bytes(data)


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a good film, films with a blemish, and films that can't be curated."""
    folder = tmp_path_factory.mktemp("made") / "videos"
    folder.mkdir()
    shot(folder / GOOD)
    lying_header(folder / "lies.avi")
    without_key(folder / "headless.mkv")
    corrupt(folder / "corrupt.mp4")
    shortened(shot(folder / "ended early.mkv", 4000))
    for name, (make, _) in REFUSED.items():
        make(folder / name)
    return folder


@pytest.fixture
def batch(lab: Lab, videos: Path) -> Lab:
    """Return a lab whose tables hold every film; those of `REFUSED` as if they were whole."""
    for video in videos.iterdir():
        if video.name not in REFUSED:
            shutil.copy(video, lab.raw)
    lab.fill()
    (whole,) = (row for row in rows_of(lab, "recordings") if row["path"] == GOOD)
    for name in REFUSED:
        path = Path(shutil.copy(videos / name, lab.raw))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        add(lab, whole | {"path": name, "sha256": digest}, path.stem)
    return lab


def rows_of(lab: Lab, name: str) -> list[Row]:
    read: list[Row] = tables.read(name, lab.raw / f"{name}.parquet").to_pylist()
    return read


def write(lab: Lab, name: str, rows: list[Row]) -> None:
    tables.write(name, tables.from_rows(name, rows), lab.raw / f"{name}.parquet")


def add(lab: Lab, recording: Row, name: str) -> None:
    """Add a recording of that name, with cages where the others have theirs."""
    named = {"recording_id": f"undated_{name}", "video_id": name, "session_id": None}
    cages = rows_of(lab, "cages")
    write(lab, "recordings", [*rows_of(lab, "recordings"), recording | named])
    own = [row | {"recording_id": f"undated_{name}"} for row in cages[:CAGES]]
    write(lab, "cages", [*cages, *own])


def run(lab: Lab, settings: CurateSettings) -> CurateSummary:
    return curate(lab.raw, settings, lab.clips_folder, lab.clips_table, processes=1)


def clips_of(lab: Lab, summary: CurateSummary, name: str) -> Iterator[tuple[Row, list[int]]]:
    """Yield the kept rows of a recording, and the numbers that their clips show."""
    for row in summary.clips.to_pylist():
        if row["video_id"] == name and row["kept"]:
            read = read_numbers(lab.clips_table.parent / row["path"])
            assert {cage for _, cage in read} == {row["position"]}
            yield row, [number for number, _ in read]


def test_films_that_fail_are_named_and_all_others_curated(batch: Lab, small: CurateSettings):
    summary = run(batch, small)
    failed = {row["item"]: row for row in summary.failures.to_pylist()}
    assert sorted(failed) == sorted(REFUSED)
    for name, (_, says) in REFUSED.items():
        assert failed[name]["error"] == "VideoError"
        assert str(batch.raw / name) in failed[name]["message"]
        assert says in failed[name]["message"]
    assert tables.read("failures", batch.clips_folder / FAILURES).equals(summary.failures)

    whole = [list(range(60)), list(range(60, 120))]
    expected = {
        Path(GOOD).stem: [(k, numbers) for k, numbers in enumerate(whole)],
        "lies": [(k, [1000 + n for n in numbers]) for k, numbers in enumerate(whole)],
        # Key frames stand every 40 frames: the first that decodes is number 40.
        "headless": [(0, list(range(2040, 2100)))],
        "ended early": [(0, list(range(4000, 4060)))],
    }
    for name, windows in expected.items():
        found = [
            (round(float(str(row["start_s"]))) // 2, row["position"], row["label"], numbers)
            for row, numbers in clips_of(batch, summary, name)
        ]
        # Nobody annotated a seizure of these cages: every window is a negative.
        assert found == [(k, cage, 0, numbers) for k, numbers in windows for cage in range(CAGES)]
    damage = {row["video_id"]: row["damaged_packets"] for row in rows_of(batch, "recordings")}
    assert int(str(damage["corrupt"])) > 0
    # The damage lies in the second window; it stays in its place, and the first is exact.
    corrupted = [row for row in summary.clips.to_pylist() if row["video_id"] == "corrupt"]
    assert [row["start_s"] for row in corrupted] == [0.0] * CAGES + [2.0] * CAGES
    first = [numbers for row, numbers in clips_of(batch, summary, "corrupt") if not row["start_s"]]
    assert first == [list(range(3000, 3060))] * CAGES


def test_rows_that_cannot_be_are_named_and_all_others_curated(lab: Lab, small: CurateSettings):
    for number in range(4):
        shot(lab.raw / f"{number}.mp4", 1000 * number)
    lab.fill([
        seizure("undated_0", 1, 0.0, 1.5),
        seizure("undated_gone", 0, 0.0, 1.0),
        seizure("undated_3", 0, 3.0, 2.0),
    ])  # fmt: skip
    cages = rows_of(lab, "cages")
    cages[CAGES]["x_px"] = 150  # the first of recording 1, 64 px wide in 192
    write(lab, "cages", cages)
    first = rows_of(lab, "recordings")[0]
    shutil.copy(lab.raw / "0.mp4", lab.raw / "twin.mp4")
    add(lab, first | {"path": "twin.mp4"}, "twin")
    summary = run(lab, small)
    failed = {row["item"]: (row["error"], row["message"]) for row in summary.failures.to_pylist()}
    says = {
        "1.mp4": ("CageError", "x=150 y=0 64x128 px is outside the frame of 192x128 px"),
        "3.mp4": ("AnnotationError", "its end does not lie after its start"),
        "annotations.parquet": ("AnnotationError", "undated_gone: annotation 2"),
        "twin.mp4": ("SourceError", "0.mp4 and twin.mp4"),
    }
    assert sorted(failed) == sorted(says)
    for item, (error, text) in says.items():
        assert failed[item][0] == error
        assert text in failed[item][1]
        assert "Mend the " in failed[item][1]
    labels = [
        (row["video_id"], row["start_s"], row["position"])
        for row in summary.clips.to_pylist()
        if row["label"] == 1
    ]
    assert labels == [("0", 0.0, 1)]
    assert {row["video_id"] for row in summary.clips.to_pylist()} == {"0", "2"}
    assert summary.kept == 2 * 2 * CAGES


def test_what_failed_is_curated_when_it_is_mended_and_leaves_the_list(
    lab: Lab, small: CurateSettings
):
    for number in range(2):
        shot(lab.raw / f"{number}.mp4", 1000 * number)
    lab.fill()
    cages = rows_of(lab, "cages")
    before = run(lab, small)
    write(lab, "cages", [row | {"y_px": 9} if i == 0 else row for i, row in enumerate(cages)])
    shorter = small.model_copy(update={"clip_duration_s": 1.0})
    assert run(lab, shorter).failures.num_rows == 1
    names = {clip.name for clip in lab.clips_folder.glob("*.avi")}
    # Clips of the one that failed are kept for when it is mended; of the other only the new ones.
    assert {name for name in names if "_0_" in name[:10]} >= {
        Path(str(row["path"])).name for row in before.clips.to_pylist() if row["video_id"] == "0"
    }
    assert not list(lab.clips_folder.glob("undated_1_*_0-60_*"))
    write(lab, "cages", cages)
    again = run(lab, small)
    assert again.clips.equals(before.clips)
    assert tables.read("failures", lab.clips_folder / FAILURES).num_rows == 0
