"""The benchmark of curation compares what is alike: the same frames, clips and encoder settings."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from rodepil.bench import curate as bench
from rodepil.config.settings import CurateSettings
from rodepil.errors import VideoError
from rodepil.io.progress import Silent
from tests.data.conftest import film, steady

SETTINGS = CurateSettings(motion_min_share=0.0)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a recording of 21 s at 30 fps, three cages side by side."""
    folder = tmp_path_factory.mktemp("video")
    return film(folder / "Feb-1-2019_M2U00244.mp4", steady(Fraction(30), 21.0))


def clips_in(folder: Path) -> list[tuple[int, int, int, int]]:
    """Return frames, width, height and mean grey of every clip, in order of names."""
    found = []
    for path in sorted(folder.glob("*.avi")):
        with av.open(str(path)) as container:
            grey = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
        found.append((len(grey), *grey[0].shape, round(float(np.mean(grey)))))
    return found


def test_ffmpegs_command_line_makes_the_same_clips(video: Path, tmp_path: Path):
    frames, boxes = bench._three_cages(video, tmp_path / "raw")
    assert frames == 630
    bench._curate(tmp_path / "raw", SETTINGS, tmp_path)
    bench._ffmpeg(video, boxes, SETTINGS, tmp_path)
    ours, theirs = (clips_in(tmp_path / name) for name in ("data/clips", "ffmpeg"))
    whole = [clip for clip in theirs if clip[0] == 300]  # it writes the last second as well
    assert len(ours) == len(whole) == 2 * 3
    # The same pictures, up to a scaler's rounding: frames are numbered by how bright they are.
    assert {clip[:3] for clip in ours} == {clip[:3] for clip in whole}
    assert sorted(clip[3] for clip in ours) == pytest.approx(sorted(c[3] for c in whole), abs=1)


def test_every_frame_is_decoded_by_the_peer(video: Path):
    assert bench._decode(video) == 630


def test_a_row_for_each_peer_and_setting(video: Path):
    rows = bench.bench_curate(bench.Plan((video,), 0, 1), Silent())
    assert [row.peer for row in rows] == [bench.DECODING, bench.DECODING, bench.FFMPEG]
    assert all(row.value > 0 for row in rows)
    assert all(row.ratio == pytest.approx(row.value / row.peer_value) for row in rows)


def test_the_simulated_recording_is_encoded_as_a_camera_does(tmp_path: Path):
    path = bench._like_a_camera(30.0, tmp_path, Silent())
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert (stream.width, stream.height, stream.average_rate) == (640, 480, 30)
    assert len(packets) == 900
    assert sum(packet.is_keyframe for packet in packets) >= 30
    assert sum(packet.size for packet in packets) * 8 / 30 == pytest.approx(2e6, rel=0.4)


def test_what_ffmpeg_says_is_passed_on(tmp_path: Path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(VideoError, match=r"command line fails on .*broken\.mp4(.|\n)*Invalid data"):
        bench._ffmpeg(broken, [(0, 0, 64, 64)], SETTINGS, tmp_path)
