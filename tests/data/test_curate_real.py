"""Real recordings of rodents, 15 and 30.0003 fps among them, become clips that show the same.

The videos are not part of the project. They lie in the folder that RODEPIL_REAL names, or in
shared/real beside the project. Where CI is set, missing videos fail the tests.
"""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import pytest

from rodepil.config.settings import CurateSettings
from rodepil.data.curate import CurateSummary, curate
from rodepil.data.sources import recordings_from_files
from rodepil.io import tables
from tests.data.conftest import Lab

REAL = Path(os.environ.get("RODEPIL_REAL", Path(__file__).parents[3] / "shared" / "real"))
ARENA = "mouse_arena_640x480_30fps.mp4"
OPEN_FIELD = "mouse_openfield_640x480_30fps.mp4"
THREE_BOXES = "three_boxes_1350x360_15fps.mp4"

# Rate, whole windows of 10 s, and boxes (left, top, width, height) of each.
WHAT = {
    ARENA: (Fraction(30), 2, [(0, 0, 640, 480)]),
    OPEN_FIELD: (Fraction(1_000_000, 33_333), 3, [(0, 0, 640, 480)]),
    THREE_BOXES: (Fraction(15), 5, [(0, 0, 450, 360), (450, 0, 450, 360), (900, 0, 450, 360)]),
}
SIDE = 224
SHORTENED_S = {ARENA: 21.0, OPEN_FIELD: 32.0}
"""Of the long ones the beginning is enough."""


def real_video(name: str) -> Path:
    path = REAL / name
    if not path.is_file():
        reason = f"{path} is missing; set RODEPIL_REAL to the folder with the real videos"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def beginning(source: Path, target: Path, duration_s: float) -> None:
    """Copy the first packets of a video as they are."""
    with av.open(str(source)) as read, av.open(str(target), "w") as written:
        stream = read.streams.video[0]
        copy = written.add_stream_from_template(stream)
        for packet in read.demux(stream):
            if packet.pts is None or packet.pts * packet.time_base >= duration_s:
                break
            packet.stream = copy
            written.mux(packet)


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Lab, CurateSummary]:
    """Return the three videos as a lab, curated: one whole cage each, or three boxes."""
    lab = Lab(tmp_path_factory.mktemp("real"))
    lab.raw.mkdir()
    for name, duration_s in SHORTENED_S.items():
        beginning(real_video(name), lab.raw / name, duration_s)
    paths = [*(lab.raw / name for name in SHORTENED_S), real_video(THREE_BOXES)]
    found = recordings_from_files(paths, lab.raw).recordings
    tables.write("recordings", found, lab.raw / "recordings.parquet")
    cages = [
        {
            "recording_id": recording_id,
            "position": position,
            "subject_id": f"mouse-{number}-{position}",
            "x_px": x,
            "y_px": y,
            "width_px": width,
            "height_px": height,
        }
        for number, (path, recording_id) in enumerate(
            zip(paths, found.column("recording_id").to_pylist(), strict=True)
        )
        for position, (x, y, width, height) in enumerate(WHAT[path.name][2])
    ]
    tables.write("cages", tables.from_rows("cages", cages), lab.raw / "cages.parquet")
    lab.annotate([])
    settings = CurateSettings(motion_min_share=0.0)
    return lab, curate(lab.raw, settings, lab.clips_folder, lab.clips_table, processes=1)


def rows_of(curated: tuple[Lab, CurateSummary], name: str) -> list[dict[str, object]]:
    """Return the manifest's rows of one video."""
    video_id = Path(name).stem.replace("_", "-")
    return [row for row in curated[1].clips.to_pylist() if row["video_id"] == video_id]


def read_grey(path: Path) -> npt.NDArray[np.uint8]:
    """Read all frames with OpenCV, (T, H, W)."""
    capture = cv2.VideoCapture(str(path))
    read: list[npt.NDArray[np.uint8]] = []
    while True:
        found, picture = capture.read()
        if not found:
            return np.stack(read)
        read.append(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8))


@pytest.mark.parametrize("name", WHAT)
def test_every_whole_window_of_every_box_is_a_clip(curated: tuple[Lab, CurateSummary], name: str):
    rate, windows, boxes = WHAT[name]
    rows = rows_of(curated, name)
    assert [(row["start_s"], row["position"]) for row in rows] == [
        (10.0 * window, position) for window in range(windows) for position in range(len(boxes))
    ]
    assert all(row["kept"] for row in rows)
    recordings = tables.read("recordings", curated[0].raw / "recordings.parquet").to_pylist()
    assert [Fraction(row["fps"]) for row in recordings if row["path"].endswith(name)] == [rate]


def test_every_clip_is_exactly_300_frames_at_30_fps(curated: tuple[Lab, CurateSummary]):
    clips = sorted(curated[0].clips_folder.glob("*.avi"))
    assert len(clips) == 2 + 3 + 15
    for clip in clips:
        with av.open(str(clip)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == (SIDE, SIDE)
            assert stream.average_rate == 30
            stamps = [picture.pts or 0 for picture in container.decode(stream)]
        assert [stamp - stamps[0] for stamp in stamps] == list(range(300))
        assert cv2.VideoCapture(str(clip)).get(cv2.CAP_PROP_FPS) == 30.0


@pytest.mark.parametrize("name", WHAT)
def test_clips_show_the_box_whole_upright_and_in_the_order_of_time(
    curated: tuple[Lab, CurateSummary], name: str
):
    rate, _, boxes = WHAT[name]
    shortened = curated[0].raw / name
    source = read_grey(shortened if shortened.exists() else real_video(name))
    times_s = [index / rate for index in range(len(source))]
    for row in rows_of(curated, name):
        x, y, width, height = boxes[int(str(row["position"]))]
        clip = read_grey(curated[0].clips_table.parent / str(row["path"]))
        high = round(height * SIDE / width / 2) * 2
        top = (SIDE - high) // 4 * 2
        assert clip[:, : max(0, top - 2)].max(initial=0) < 8
        first = round(float(str(row["start_s"])) * 30)
        for slot in range(0, 300, 29):
            at_s = Fraction(first + slot, 30)
            index = min(range(len(source)), key=lambda i: (abs(times_s[i] - at_s), i))
            shown = clip[slot, top : top + high].astype(np.float32)
            errors = {}
            for other in (index - 6, index, index + 6):
                if 0 <= other < len(source):
                    box = source[other, y : y + height, x : x + width]
                    small = cv2.resize(box, (SIDE, high), interpolation=cv2.INTER_AREA)
                    errors[other] = float(np.square(shown - small).mean())
            assert errors[index] < 40  # under 6.3 grey levels of 255 in the root of the mean
            assert errors[index] <= min(errors.values()) + 0.5
