"""Tags: what looks like text in a cage's box and stays still."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from rodepil.data.boxes.look import find_tags
from rodepil.data.boxes.tag import Grey, find_text, still_picture
from rodepil.data.cages import Cage
from rodepil.data.recordings import Recording
from rodepil.io.video_look import VideoLook
from rodepil.simulate.scene import TAG_PX, cage_boxes, make_scene

ARENA = "mouse_arena_640x480_30fps.mp4", 640, 480, 30, 333
OPEN_FIELD = "mouse_openfield_640x480_30fps.mp4", 640, 480, 30, 77
THREE_BOXES = "three_boxes_1350x360_15fps.mp4", 1350, 360, 15, 55
BOXES = {
    ARENA: [(0, 0, 640, 480), (90, 20, 440, 430)],
    OPEN_FIELD: [(0, 0, 640, 480), (20, 30, 600, 440)],
    THREE_BOXES: [(0, 0, 450, 360), (450, 0, 450, 360), (900, 0, 450, 360), (0, 0, 1350, 360)],
}
PLAIN_GROUND = {ARENA: (260, 300), OPEN_FIELD: (200, 330), THREE_BOXES: (90, 240)}
"""Where a tag can hang in each: left and base line."""


def grey_frames(real_videos: Path, which: tuple[str, int, int, int, int]) -> list[Grey]:
    """Read frames spread over a real recording, with OpenCV's seeks."""
    capture = cv2.VideoCapture(str(real_videos / which[0]))
    frames: list[Grey] = []
    for part in range(7):
        capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * which[4] * part / 7)
        done, picture = capture.read()
        assert done
        one_cage = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[:, :640]
        frames.append(one_cage.astype(np.uint8))
    return frames


def label(
    frame: Grey, at: tuple[int, int], scale: float, ink: int, plate: int | None
) -> tuple[Grey, tuple[int, int, int, int]]:
    """Return a frame with a tag, and the tag's place."""
    thick = max(1, round(2 * scale))
    (width, height), _ = cv2.getTextSize("70-3", cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    tagged, (x, y) = frame.copy(), at
    if plate is not None:
        cv2.rectangle(tagged, (x - 8, y - height - 8), (x + width + 8, y + 10), plate, -1)
    cv2.putText(tagged, "70-3", at, cv2.FONT_HERSHEY_SIMPLEX, scale, ink, thick, cv2.LINE_AA)
    return tagged, (x, y - height, width, height)


def overlapping(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> bool:
    return all(
        one[axis] < other[axis] + other[axis + 2] and other[axis] < one[axis] + one[axis + 2]
        for axis in (0, 1)
    )


@pytest.mark.parametrize("which", BOXES)
def test_real_cages_without_tags_are_left_in_peace(
    real_videos: Path, which: tuple[str, int, int, int, int]
):
    name, width, height, fps, duration_s = which
    recording = Recording(
        "r", name, "", "undated", "r", str(fps), fps * duration_s, duration_s, width, height, "h264"
    )
    cages = [Cage("r", number, str(number), *box) for number, box in enumerate(BOXES[which])]
    assert find_tags(real_videos, recording, cages) == []


@pytest.mark.parametrize("which", BOXES)
def test_a_label_is_found_in_real_cages_at_every_size_and_polarity(
    real_videos: Path, which: tuple[str, int, int, int, int]
):
    frames = grey_frames(real_videos, which)
    for scale in (0.5, 0.8, 1.2, 2.0):
        for ink, plate in ((0, 255), (220, 70), (0, None)):
            tagged = [label(frame, PLAIN_GROUND[which], scale, ink, plate) for frame in frames]
            found = find_text(*still_picture([frame for frame, _ in tagged]))
            places = [place for place in found if overlapping(place, tagged[0][1])]
            assert len(places) == len(found) == 1, (scale, ink, plate, found)


def test_text_that_moves_is_no_tag(real_videos: Path):
    frames = grey_frames(real_videos, ARENA)
    moving = [
        label(frame, (20 + 80 * number, 250), 1.0, 0, 255)[0] for number, frame in enumerate(frames)
    ]
    assert find_text(*still_picture(moving)) == []


def test_bars_of_a_cage_are_no_text():
    bars = np.full((240, 320), 150, np.uint8)
    bars[:, 20::14] = bars[:, 21::14] = bars[:, 22::14] = 40
    mesh = bars.copy()
    mesh[20::14] = mesh[21::14] = 40
    still = np.ones(bars.shape, bool)
    assert find_text(bars, still) == []
    assert find_text(mesh, still) == []


def test_tags_of_simulated_racks_are_found_and_boxes_that_leave_them_out_are_not_blamed():
    dice = np.random.default_rng(3)
    boxes = cage_boxes(range(1, 7), dice)
    names = ["70-3", "61-2", "5-14", "70-4", "12-1", "33-9"]
    whole = make_scene(boxes, names, dice).bare
    found = find_text(whole, np.ones(whole.shape, bool))
    tags = [(box.x_px, box.y_px - TAG_PX, box.width_px, TAG_PX) for box in boxes]
    assert len(found) == len(tags)
    assert [sum(overlapping(place, tag) for place in found) for tag in tags] == [1] * len(tags)
    for box in boxes:
        part = box.of(whole)
        assert find_text(part, np.ones(part.shape, bool)) == []


def test_the_warning_says_where_and_which_side_to_move(real_videos: Path, tmp_path: Path):
    import av  # noqa: PLC0415 - only to make the recording

    with (
        VideoLook(real_videos / THREE_BOXES[0]) as video,
        av.open(str(tmp_path / "tagged.mp4"), "w") as written,
    ):
        stream = written.add_stream("libx264", rate=15)
        stream.width, stream.height, stream.pix_fmt = 1350, 360, "yuv420p"
        for number in range(0, 40, 4):
            grey = cv2.cvtColor(video.at(Fraction(number)).image(), cv2.COLOR_BGR2GRAY)
            tagged, _ = label(grey.astype(np.uint8), (470, 340), 0.8, 0, 255)
            picture = av.VideoFrame.from_ndarray(tagged, format="gray")
            written.mux(stream.encode(picture.reformat(format="yuv420p")))
        written.mux(stream.encode(None))
    recording = Recording(
        "r", "tagged.mp4", "", "undated", "r", "15", 10, 10 / 15, 1350, 360, "h264"
    )
    cages = [Cage("r", 1, "a", 0, 0, 450, 360), Cage("r", 2, "b", 450, 0, 450, 360)]
    found = find_tags(tmp_path, recording, cages)
    assert len(found) == 1
    assert "position 2 ('b')" in found[0]
    assert "end the box before y=3" in found[0]
    assert "heuristic" in found[0]
