from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import av
import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from rodepil.config.settings import FeatureSettings
from rodepil.errors import FeatureError, VideoError
from rodepil.io.picking import count_packets
from rodepil.io.sampling import uniform_indices
from rodepil.store import registry, views
from rodepil.store.views import FrameView, view_of

Encode = Callable[..., None]


def noise(frames: int, height: int, width: int) -> np.ndarray:
    shape = (frames, height, width, 3)
    return np.random.default_rng(7).integers(0, 256, shape, dtype=np.uint8)


@pytest.mark.parametrize(
    ("n_frames", "n", "by_hand"),
    [
        (300, 16, [9, 28, 46, 65, 84, 103, 121, 140, 159, 178, 196, 215, 234, 253, 271, 290]),
        (10, 2, [2, 7]),
        (5, 1, [2]),
        (4, 4, [0, 1, 2, 3]),
        (2, 4, [0, 0, 1, 1]),
        (1, 3, [0, 0, 0]),
    ],
)
def test_frames_are_taken_at_the_centres_of_equal_parts(
    n_frames: int, n: int, by_hand: list[int]
) -> None:
    assert uniform_indices(n_frames, n).tolist() == by_hand


@pytest.mark.parametrize(("n_frames", "n"), [(0, 4), (4, 0)])
def test_no_frame_can_be_sampled_of_nothing(n_frames: int, n: int) -> None:
    with pytest.raises(ValueError, match="both want 1 or more"):
        uniform_indices(n_frames, n)


@pytest.mark.parametrize(("frames", "size_px"), [(4, 48), (7, 24), (16, 20), (40, 64)])
def test_a_clip_without_loss_gives_the_very_frames(
    tmp_path: Path, encode: Encode, frames: int, size_px: int
) -> None:
    video = noise(30, 48, 48)
    encode(tmp_path / "clip.avi", video)
    got = FrameView(frames=frames, size_px=size_px).decode(tmp_path / "clip.avi", 30)
    assert got.shape == (frames, 3, size_px, size_px)
    assert got.dtype == np.uint8
    for i in range(frames):
        frame = video[int((i + 0.5) * 30 / frames)]
        resized = cv2.resize(frame, (size_px, size_px), interpolation=cv2.INTER_AREA)
        assert np.array_equal(got[i], resized.transpose(2, 0, 1))


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mjpeg"])
def test_frames_are_those_that_opencv_decodes(tmp_path: Path, encode: Encode, codec: str) -> None:
    rows, columns = np.mgrid[0:96, 0:96]
    shades = [np.stack([rows + i, columns + 2 * i, rows + columns], -1) for i in range(40)]
    video = np.asarray(shades, dtype=np.uint8)
    path = tmp_path / "clip.avi"
    encode(path, video, codec=codec, pix_fmt="yuvj420p" if codec == "mjpeg" else "yuv420p")
    reader = cv2.VideoCapture(str(path))
    seen = []
    while (step := reader.read())[0]:
        seen.append(cv2.cvtColor(step[1], cv2.COLOR_BGR2RGB))
    reader.release()
    assert len(seen) == 40
    got = FrameView(frames=8, size_px=96).decode(path, 40)
    for i, number in enumerate([2, 7, 12, 17, 22, 27, 32, 37]):
        difference = np.abs(got[i].transpose(1, 2, 0).astype(int) - seen[number])
        assert difference.mean() < 2


def test_a_frame_that_is_not_square_is_whole_and_in_proportion(
    tmp_path: Path, encode: Encode
) -> None:
    video = noise(6, 32, 64)
    encode(tmp_path / "wide.avi", video)
    got = FrameView(frames=1, size_px=32).decode(tmp_path / "wide.avi")[0].transpose(1, 2, 0)
    assert np.array_equal(got[8:24], cv2.resize(video[3], (32, 16), interpolation=cv2.INTER_AREA))
    assert not got[:8].any()
    assert not got[24:].any()


def test_without_a_count_the_clip_is_sampled_over_what_decodes(
    tmp_path: Path, encode: Encode
) -> None:
    video = noise(30, 48, 48)
    encode(tmp_path / "clip.avi", video)
    view = FrameView(frames=3, size_px=48)
    assert np.array_equal(
        view.decode(tmp_path / "clip.avi"), view.decode(tmp_path / "clip.avi", 30)
    )


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
    assert count_packets(path) == 25
    got = FrameView(frames=2, size_px=48).decode(path)
    assert got.mean(axis=(1, 2, 3)) == pytest.approx([8 * 15, 8 * 25], abs=3)


@pytest.mark.parametrize("stated", [29, 31])
def test_a_clip_that_decodes_to_another_number_of_frames_is_refused(
    tmp_path: Path, encode: Encode, stated: int
) -> None:
    encode(tmp_path / "clip.avi", noise(30, 48, 48))
    with pytest.raises(FeatureError, match=rf"clip\.avi decodes to 30 frames, wanted {stated}"):
        FrameView(frames=4, size_px=48).decode(tmp_path / "clip.avi", stated)


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "clip.avi").write_bytes(b"not a video" * 100)
    with pytest.raises(VideoError, match=r"clip\.avi can't be opened as a video"):
        FrameView().decode(tmp_path / "clip.avi", 300)
    with pytest.raises(VideoError, match=r"none\.avi is not there"):
        FrameView().decode(tmp_path / "none.avi")
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
    with pytest.raises(VideoError, match=r"sound\.wav holds no video"):
        FrameView().decode(tmp_path / "sound.wav")


def test_a_key_is_the_digest_of_content_settings_code_and_decoder() -> None:
    def digest(*parts: object) -> str:
        text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    codec, scale = (
        ".".join(str(number) for number in av.library_versions[name])
        for name in ("libavcodec", "libswscale")
    )
    libraries = (
        f"av {av.__version__}, cv2 {cv2.__version__}, libavcodec {codec}, libswscale {scale}"
    )
    identity = digest("frames", {"frames": 8, "size_px": 112}, 1, libraries)[:16]
    view = FrameView(frames=8, size_px=112)
    assert view.identity() == identity
    assert view.key("ab" * 32) == digest("ab" * 32, identity)[:32]


def test_another_setting_code_version_or_clip_gives_another_key() -> None:
    class Newer(FrameView):
        code_version: ClassVar[int] = 2

    class Redecoded(FrameView):
        def made_with(self) -> str:
            return "another decoder"

    views_at_hand = [
        FrameView(frames=16, size_px=64),
        FrameView(frames=8, size_px=64),
        FrameView(frames=16, size_px=32),
        Newer(frames=16, size_px=64),
        Redecoded(frames=16, size_px=64),
    ]
    keys = {view.key(sha) for view in views_at_hand for sha in ("0" * 64, "1" * 64)}
    assert len(keys) == 10


def test_settings_of_a_view_are_frozen_and_checked() -> None:
    with pytest.raises(ValidationError):
        FrameView(frames=0)
    with pytest.raises(ValidationError):
        FrameView(frame=8)  # type: ignore[call-arg] # the point


def test_the_projects_settings_choose_the_view() -> None:
    view = view_of(FeatureSettings(view="frames", frames=8, size_px=32))
    assert view == FrameView(frames=8, size_px=32)
    assert view.shape == (8, 3, 32, 32)


def test_a_view_is_found_by_its_name_and_no_two_share_one() -> None:
    assert registry.kind_of("frames") is views.FrameView
    with pytest.raises(
        FeatureError, match=r"no view is named 'flow'; set features.view to one of \['frames'\]"
    ):
        registry.kind_of("flow")
    with pytest.raises(ValueError, match="two views are named 'frames'"):
        registry.register(FrameView)
