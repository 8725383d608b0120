"""Stored frames, held against frames resized by OpenCV from what was encoded without loss."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from rodepil.errors import FeatureError
from rodepil.io.clip_frames import measure_span
from rodepil.store.decode import decode_one
from rodepil.store.views.frames import FrameView
from tests.store.conftest import Video, encode, noise


def made(path: Path, view: FrameView) -> Video:
    """Decode a clip of which nothing is known, and return what the view stores."""
    pixels: Video = decode_one(path, view)["frames"]
    return pixels


def resized(video: Video, numbers: list[int], size_px: int) -> Video:
    """Return frames of (F, H, W, 3) as OpenCV resizes them, (N, 3, size_px, size_px)."""
    frames = [
        cv2.resize(video[number], (size_px, size_px), interpolation=cv2.INTER_AREA)
        for number in numbers
    ]
    return np.stack(frames).transpose(0, 3, 1, 2)


@pytest.fixture(scope="module")
def video() -> Video:
    return noise(7)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, video: Video) -> Path:
    path = tmp_path_factory.mktemp("clips") / "clip.avi"
    encode(path, video)
    return path


@pytest.mark.parametrize(("frames", "size_px"), [(4, 48), (7, 24), (16, 20), (40, 64)])
def test_a_clip_without_loss_gives_the_very_frames(
    clip: Path, video: Video, frames: int, size_px: int
) -> None:
    got = made(clip, FrameView(frames=frames, size_px=size_px))
    numbers = [int((i + 0.5) * 30 / frames) for i in range(frames)]
    assert (got.shape, got.dtype) == ((frames, 3, size_px, size_px), np.uint8)
    assert np.array_equal(got, resized(video, numbers, size_px))


@pytest.mark.parametrize("gap", [1, 5, 12, 29])
@pytest.mark.parametrize("frames", [4, 16, 40])
def test_a_native_pair_is_a_frame_and_the_one_a_gap_later(
    clip: Path, video: Video, frames: int, gap: int
) -> None:
    got = made(clip, FrameView(frames=frames, size_px=16, pairs="native", gap=gap))
    # near the end a pair begins where its second frame is the clip's last
    first = [min(int((i + 0.5) * 30 / frames), 29 - gap) for i in range(frames)]
    assert got.shape == (frames, 2, 3, 16, 16)
    assert np.array_equal(got[:, 0], resized(video, first, 16))
    assert np.array_equal(got[:, 1], resized(video, [number + gap for number in first], 16))


@pytest.mark.parametrize(
    ("frames", "by_hand"),
    [
        (3, [0, 5, 15, 25]),  # a step is 10 frames; 5 - 10 lies before the clip
        (16, [0, 0, 2, 4, 6, 8, 10, 12, 14, 15, 17, 19, 21, 23, 25, 27, 29]),
        (1, [0, 15]),
    ],
)
def test_sampled_pairs_store_one_frame_ahead(
    clip: Path, video: Video, frames: int, by_hand: list[int]
) -> None:
    got = made(clip, FrameView(frames=frames, size_px=24, pairs="sampled"))
    assert got.shape == (frames + 1, 3, 24, 24)
    assert np.array_equal(got, resized(video, by_hand, 24))


@pytest.mark.parametrize("pairs", ["none", "native", "sampled"])
def test_a_grey_view_holds_the_very_lightness(tmp_path: Path, pairs: str) -> None:
    video = noise(3)[..., 0]
    encode(tmp_path / "clip.mkv", video, pix_fmt="gray")
    view = FrameView.model_validate(
        {"frames": 5, "size_px": 24, "colour": "grey", "pairs": pairs, "gap": 4}
    )
    numbers = {
        "none": [3, 9, 15, 21, 27],
        "native": [3, 7, 9, 13, 15, 19, 21, 25, 25, 29],
        "sampled": [0, 3, 9, 15, 21, 27],
    }[pairs]
    frames = [cv2.resize(video[n], (24, 24), interpolation=cv2.INTER_AREA) for n in numbers]
    got = made(tmp_path / "clip.mkv", view)
    assert got.shape == view.columns["frames"].fixed
    assert np.array_equal(got.reshape(-1, 24, 24), np.stack(frames))


@pytest.mark.parametrize(("colour", "pixel_format"), [("rgb", "rgb24"), ("grey", "gray")])
@pytest.mark.parametrize(
    ("codec", "pix_fmt"), [("ffv1", "yuv420p"), ("mpeg4", "yuv420p"), ("mjpeg", "yuvj420p")]
)
def test_the_bytes_are_ffmpegs_and_opencvs_to_the_last_bit(
    tmp_path: Path, codec: str, pix_fmt: str, colour: str, pixel_format: str
) -> None:
    # Whoever changes the view, and with it this test, raises its code_version.
    path = tmp_path / "clip.avi"
    encode(path, noise(6), codec=codec, pix_fmt=pix_fmt)
    with av.open(str(path)) as container:
        whole = [
            picture.to_ndarray(format=pixel_format).reshape(48, 48, -1)
            for picture in container.decode(video=0)
        ]
    small = [cv2.resize(image, (20, 20), interpolation=cv2.INTER_AREA) for image in whole]
    view = FrameView.model_validate({"frames": 30, "size_px": 20, "colour": colour})
    got = made(path, view).transpose(0, 2, 3, 1)
    assert np.array_equal(got, np.stack(small).reshape(got.shape))


@pytest.mark.parametrize(("length", "gap"), [(1, 1), (5, 5), (5, 9)])
def test_a_clip_shorter_than_the_gap_has_no_native_pair(
    tmp_path: Path, length: int, gap: int
) -> None:
    encode(tmp_path / "clip.avi", noise(1, length))
    view = FrameView(frames=2, size_px=16, pairs="native", gap=gap)
    with pytest.raises(
        FeatureError, match=rf"of {length} frames has no two frames {gap} apart; set a smaller gap"
    ):
        made(tmp_path / "clip.avi", view)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_a_clip_shorter_than_the_view_repeats_frames(tmp_path: Path, length: int) -> None:
    video = noise(2, length)
    encode(tmp_path / "clip.avi", video)
    numbers = [int((i + 0.5) * length / 4) for i in range(4)]
    for pairs, wanted in (("none", numbers), ("sampled", [numbers[0], *numbers])):
        view = FrameView.model_validate({"frames": 4, "size_px": 48, "pairs": pairs})
        assert np.array_equal(made(tmp_path / "clip.avi", view), resized(video, wanted, 48))


def test_packets_that_do_not_decode_count_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "clip.mkv"
    shades = [np.full((48, 48, 3), 8 * i, np.uint8) for i in range(30)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"g": "10", "bf": "0"})
        assert isinstance(stream, av.VideoStream)
        stream.height = stream.width = 48
        stream.pix_fmt = "yuv420p"
        images = [av.VideoFrame.from_ndarray(shade, format="rgb24") for shade in shades]
        packets = [packet for image in [*images, None] for packet in stream.encode(image)]
        for packet in packets[5:]:  # the first key frame is lost, and five frames hang on it
            container.mux(packet)
    assert measure_span(path).n_frames == 25
    got = made(path, FrameView(frames=2, size_px=48))
    assert got.mean(axis=(1, 2, 3)) == pytest.approx([8 * 15, 8 * 25], abs=3)


@pytest.mark.parametrize(
    "wrong", [{"frames": 0}, {"size_px": -1}, {"colour": "red"}, {"pairs": "both"}, {"gap": 0}]
)
def test_settings_are_checked(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        FrameView.model_validate(wrong)
    with pytest.raises(ValidationError):
        FrameView(frame=8)  # type: ignore[call-arg] # the point
