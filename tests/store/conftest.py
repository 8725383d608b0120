"""Real clips, encoded without loss, so that every stored pixel can be foretold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from rodepil.io import tables

Video = npt.NDArray[np.uint8]
Encode = Callable[..., None]


def encode(path: Path, video: Video, codec: str = "ffv1", pix_fmt: str = "bgr0") -> None:
    """Encode (F, H, W, 3) RGB frames."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = video.shape[1:3]
        stream.pix_fmt = pix_fmt
        for image in video:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def noise(seed: int, frames: int = 30, height: int = 48, width: int = 48) -> Video:
    """Return frames of which no two are alike."""
    shape = (frames, height, width, 3)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


class ClipFolder:
    """A folder of clips with their manifest, as curation leaves them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.videos: dict[str, Video] = {}
        self.rows: dict[str, dict[str, object]] = {}

    def add(self, number: int, video: Video) -> Path:
        """Encode a clip, or encode it anew, and enter it in the manifest."""
        clip_id, path = f"c{number:03}", self.root / "clips" / f"c{number:03}.avi"
        encode(path, video)
        self.videos[clip_id] = video
        self.rows[clip_id] = {
            "clip_id": clip_id, "recording_id": f"r{number % 3}", "subject_id": f"rat{number % 4}",
            "position": 1, "date": "Jan-14-2019", "video_id": f"M{number % 3}",
            "start_frame": number * 30, "end_frame": number * 30 + 30, "start_s": float(number),
            "duration_s": 1.0, "label": number // 4 % 2, "kept": True, "path": f"clips/{path.name}",
            "fps": "30", "n_frames": len(video), "width_px": 48, "height_px": 48,
        }  # fmt: skip
        self.sign(clip_id)
        return path

    def sign(self, clip_id: str) -> None:
        """Enter the digest of a clip's bytes as they are."""
        data = (self.root / str(self.rows[clip_id]["path"])).read_bytes()
        self.rows[clip_id]["sha256"] = hashlib.sha256(data).hexdigest()

    @property
    def clips(self) -> pa.Table:
        """The manifest."""
        return tables.from_rows("clips", self.rows.values())


@pytest.fixture
def folder(tmp_path: Path) -> ClipFolder:
    """Sixteen clips of four subjects in three recordings."""
    made = ClipFolder(tmp_path / "data")
    for number in range(16):
        made.add(number, noise(number))
    return made


@pytest.fixture(name="encode")
def encode_fixture() -> Encode:
    """Return the function that encodes frames."""
    return encode


def contents(store: Path) -> dict[str, bytes]:
    """Return every finished file of a store with its bytes."""
    return {
        str(path.relative_to(store)): path.read_bytes()
        for path in sorted(store.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


@pytest.fixture(name="contents")
def contents_fixture() -> Callable[[Path], dict[str, bytes]]:
    """Return the function that reads a store whole."""
    return contents
