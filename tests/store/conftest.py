"""Real clips, encoded without loss, so that every stored pixel can be foretold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import uuid4

import av
import cv2
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from rodepil.io import tables
from rodepil.store.features import FeatureStore
from rodepil.store.materialize import Manifest
from rodepil.store.remote import RemotePlace
from rodepil.store.views.frames import FrameView

Video = npt.NDArray[np.uint8]
Encode = Callable[..., None]
KEYS = {"AWS_ACCESS_KEY_ID": "tests-own-key", "AWS_SECRET_ACCESS_KEY": "tests-own-secret"}


VIEW = FrameView(frames=4, size_px=32)


def encode(
    path: Path, video: Video, codec: str = "ffv1", pix_fmt: str = "bgr0", rate: Fraction | int = 30
) -> None:
    """Encode (F, H, W, 3) RGB frames, or (F, H, W) lightness."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = "rgb24" if video.ndim == 4 else "gray"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = video.shape[1:3]
        stream.pix_fmt = pix_fmt
        for image in video:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format=pixels)))
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
        """The table "clips"."""
        return tables.from_rows("clips", self.rows.values())

    @property
    def manifest(self) -> Manifest:
        """The clips with their folder."""
        return Manifest(self.clips, self.root)

    def remove(self, clip_id: str) -> Path:
        """Remove a clip's file and return where it lay."""
        path = self.root / str(self.rows[clip_id]["path"])
        path.unlink()
        return path


@pytest.fixture
def folder(tmp_path: Path) -> ClipFolder:
    """Sixteen clips of four subjects in three recordings."""
    made = ClipFolder(tmp_path / "data")
    for number in range(16):
        made.add(number, noise(number))
    return made


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """An empty store with four clips to a shard."""
    return FeatureStore(tmp_path / "store", shard_clips=4)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The clips that this process opens to decode, by their names, as they come."""
    names: list[str] = []
    opens = av.open

    def noted(file: str, *rest: Any, **named: Any) -> Any:
        names.append(Path(file).stem)
        return opens(file, *rest, **named)

    monkeypatch.setattr(av, "open", noted)
    return names


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


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """Return the address of a server that speaks S3."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - few tests want it

    running = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"http://{host}:{port}"
    running.stop()


@pytest.fixture
def environment(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what a user of S3 sets."""
    for name, value in (KEYS | {"AWS_DEFAULT_REGION": "us-east-1"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def s3(environment: None) -> Iterator[Any]:
    """Return another client of the server."""
    import boto3  # noqa: PLC0415

    del environment
    with closing(boto3.client("s3")) as client:
        yield client


@pytest.fixture
def bucket(s3: Any) -> str:
    """Return the name of an empty bucket."""
    name = f"lab-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    return name


@pytest.fixture(params=["s3", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> RemotePlace:
    """Return an empty place on each kind of file system: Arrow's own, and fsspec's."""
    name = request.getfixturevalue("bucket") if request.param == "s3" else uuid4().hex
    return RemotePlace(f"{request.param}://{name}/a store", tmp_path / "cache", 10**9)


def reference(video: Video) -> Video:
    """What VIEW makes of a lossless clip, by OpenCV alone."""
    chosen = [video[int((i + 0.5) * len(video) / 4)] for i in range(4)]
    resized = [cv2.resize(frame, (32, 32), interpolation=cv2.INTER_AREA) for frame in chosen]
    return np.stack(resized).transpose(0, 3, 1, 2)
