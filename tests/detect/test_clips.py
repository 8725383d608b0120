from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from rodepil.config.settings import FeatureSettings, ModelSettings
from rodepil.detect.clips import predict_clips
from rodepil.errors import ModelError, SourceError, TrainingError
from rodepil.io import tables
from rodepil.io.progress import Advance
from rodepil.io.video import write_clip
from rodepil.models.card import ModelCard, save_model
from rodepil.models.registry import build
from rodepil.store import FeatureStore, Manifest, training_view

FRAMES, SIZE_PX = 4, 32
FEATURES = FeatureSettings(frames=FRAMES, size_px=SIZE_PX)
MODEL = ModelSettings(width=24, depth=2, heads=2, patch_px=8)
MEAN, STD = (0.4, 0.45, 0.5), (0.2, 0.225, 0.25)
Frames = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def moving(n: int, height_px: int = SIZE_PX, width_px: int = SIZE_PX, seed: int = 0) -> Frames:
    """A coloured square that wanders over noise, (n, H, W, 3)."""
    generator = np.random.default_rng(seed)
    frames = generator.integers(0, 90, (n, height_px, width_px, 3), dtype=np.uint8)
    x, y = generator.integers(0, 20, 2)
    for index, frame in enumerate(frames):
        top, left = (y + index // 3) % (height_px - 8), (x + index) % (width_px - 8)
        frame[top : top + 8, left : left + 8] = generator.integers(120, 255, 3)
    return frames


def encode(path: Path, frames: Frames, fps: Fraction, codec: str, pixels: str) -> Path:
    with av.open(str(path), "w") as container:
        stream = cast("av.VideoStream", container.add_stream(codec, rate=fps))
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixels
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def lossless(path: Path, frames: Frames) -> Path:
    return encode(path, frames, Fraction(30), "ffv1", "bgr0")


def random_model() -> nn.Module:
    """A network all of whose weights matter: a new one reads no motion yet."""
    model = build(MODEL, FEATURES, classes=2, seed=3)
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                scale = 3 / parameter[0].numel() ** 0.5
                parameter.copy_(scale * torch.randn(parameter.shape, generator=generator))
    return model.eval()


def card(**changes: object) -> ModelCard:
    base = ModelCard(
        model=MODEL, features=FEATURES, mean=MEAN, std=STD, data="noise", trial_id="0123"
    )
    return base.model_copy(update=changes)


@pytest.fixture(scope="module")
def network() -> nn.Module:
    return random_model()


@pytest.fixture
def save(tmp_path: Path, network: nn.Module) -> Callable[..., Path]:
    """A function that writes the model under a card with changes, and gives its path."""

    def write(**changes: object) -> Path:
        path = tmp_path / "model.safetensors"
        save_model(path, network, card(**changes))
        return path

    return write


def score_by_hand(network: nn.Module, picked: Frames) -> float:
    """Score frames (T, H, W, 3) of the model's size with nothing of the project but the network."""
    unit = picked.astype(np.float64) / 255
    ready = ((unit - np.array(MEAN)) / np.array(STD)).transpose(0, 3, 1, 2)[None]
    with torch.inference_mode():
        logits = network(torch.tensor(ready, dtype=torch.float32))[0].double().numpy()
    odds = np.exp(logits - logits.max())
    return float(odds[1] / odds.sum())


def decode_by_hand(path: Path) -> Frames:
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def sample_by_hand(frames: Frames) -> Frames:
    """The frames that hold the centres of equal parts of the clip."""
    return np.stack([frames[int((i + 0.5) * len(frames) / FRAMES)] for i in range(FRAMES)])


@pytest.mark.parametrize(
    ("name", "n", "fps", "codec", "pixels"),
    [
        ("a.avi", 60, Fraction(30), "ffv1", "bgr0"),
        ("b.avi", 29, Fraction(29), "mpeg4", "yuv420p"),
        ("c.mp4", 31, Fraction(30000, 1001), "libx264", "yuv420p"),
        ("d.mkv", 15, Fraction(15), "libx264", "yuv444p"),
        ("e.avi", 3, Fraction(25), "mjpeg", "yuvj420p"),
    ],
)
def test_a_score_is_that_of_a_forward_pass_by_hand(
    *, name: str, n: int, fps: Fraction, codec: str, pixels: str,
    tmp_path: Path, network: nn.Module, save: Callable[..., Path],
) -> None:  # fmt: skip
    clip = encode(tmp_path / name, moving(n), fps, codec, pixels)
    (row,) = predict_clips([clip], save(), device="cpu").to_pylist()
    picked = sample_by_hand(decode_by_hand(clip))
    wanted = score_by_hand(network, picked)
    assert abs(wanted - score_by_hand(network, picked[::-1])) > 1e-3, "time must matter here"
    assert row["score"] == pytest.approx(wanted, abs=1e-6)
    assert row["predicted"] == int(wanted >= 0.5)
    assert row["clip_id"] == hashlib.sha256(clip.read_bytes()).hexdigest()[:16]
    assert (row["path"], row["error"]) == (clip.as_posix(), None)


def test_a_frame_that_is_not_square_is_set_whole_in_the_middle_of_black(
    tmp_path: Path, network: nn.Module, save: Callable[..., Path]
) -> None:
    wide = moving(12, height_px=24, width_px=32)
    square = np.zeros((12, 32, 32, 3), dtype=np.uint8)
    square[:, 4:28] = wide
    clips = [lossless(tmp_path / "wide.avi", wide), lossless(tmp_path / "square.avi", square)]
    one, other = predict_clips(clips, save(), device="cpu").column("score").to_pylist()
    assert one == other
    assert one == pytest.approx(score_by_hand(network, sample_by_hand(square)), abs=1e-6)


def test_a_curated_clip_scores_as_its_stored_feature(
    tmp_path: Path, network: nn.Module, save: Callable[..., Path]
) -> None:
    path = tmp_path / "clips" / "Feb-1-2019_M2U00244_3_70-3_0-300_N_0.avi"
    path.parent.mkdir()
    write_clip(path, moving(30, 64, 64), Fraction(30))
    row = {
        "clip_id": "c", "recording_id": "r", "subject_id": "70-3", "position": 3, "label": 0,
        "date": "Feb-1-2019", "video_id": "M2U00244", "start_frame": 0, "end_frame": 30,
        "start_s": 0.0, "duration_s": 1.0, "kept": True, "n_frames": 30, "fps": "30",
        "path": path.relative_to(tmp_path).as_posix(), "width_px": 64, "height_px": 64,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
    }  # fmt: skip
    clips = tables.from_rows("clips", [row])
    store = FeatureStore(tmp_path / "store")
    store.materialize([training_view(FEATURES)], Manifest(clips, tmp_path), processes=1)
    (stored,) = store.rows("frames", ["c"])
    wanted = score_by_hand(network, stored["frames"].transpose(0, 2, 3, 1))
    (score,) = predict_clips([path], save(), device="cpu").column("score").to_pylist()
    assert score == pytest.approx(wanted, abs=1e-6)


def test_a_bad_clip_is_a_row_and_the_rest_goes_on(
    tmp_path: Path, save: Callable[..., Path]
) -> None:
    good = lossless(tmp_path / "good.avi", moving(8))
    whole = encode(tmp_path / "whole.mp4", moving(40), Fraction(30), "libx264", "yuv420p")
    bad = {
        "words.avi": b"this is no video",
        "empty.mp4": b"",
        "torn.mp4": whole.read_bytes()[:200],
    }
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    order = ["words.avi", "good.avi", "gone.avi", "empty.mp4", "torn.mp4", "whole.mp4"]
    scores = predict_clips([tmp_path / name for name in order], save(), device="cpu", batch_size=2)
    rows = {Path(row["path"]).name: row for row in scores.to_pylist()}
    assert list(rows) == order
    for name in ("words.avi", "gone.avi", "empty.mp4", "torn.mp4"):
        assert name in rows[name]["error"]
        assert (rows[name]["score"], rows[name]["predicted"]) == (None, None)
    assert rows["good.avi"]["error"] is None
    assert rows["whole.mp4"]["error"] is None
    assert tables.check("scores", scores) is not None
    assert Path(rows["good.avi"]["path"]) == good


def test_order_is_kept_and_batches_change_nothing(
    tmp_path: Path, save: Callable[..., Path]
) -> None:
    clips = [lossless(tmp_path / f"{9 - i}.avi", moving(6 + i, seed=i)) for i in range(7)]
    model = save()
    alone = {
        clip.as_posix(): predict_clips([clip], model, device="cpu").column("score")[0].as_py()
        for clip in clips
    }
    assert len(set(alone.values())) == len(clips)
    for batch_size in (1, 3, 16):
        table = predict_clips(clips, model, device="cpu", batch_size=batch_size)
        assert table.column("path").to_pylist() == list(alone)
        assert table.column("score").to_pylist() == pytest.approx(list(alone.values()), abs=1e-6)


def test_a_folder_is_searched_by_name_and_only_for_videos(
    tmp_path: Path, save: Callable[..., Path]
) -> None:
    folder = tmp_path / "clips"
    (folder / "0").mkdir(parents=True)
    names = ["b.avi", "0/a.avi", "0/C.AVI"]
    for seed, name in enumerate(names):
        lossless(tmp_path / "made.avi", moving(5, seed=seed)).rename(folder / name)
    (folder / "notes.txt").write_text("no clip")
    shutil.copy(folder / "b.avi", folder / ".b.tmp.avi")
    table = predict_clips([folder, folder / "0" / "a.avi"], save(), device="cpu")
    found = [Path(path).relative_to(folder).as_posix() for path in table.column("path").to_pylist()]
    assert found == ["0/C.AVI", "0/a.avi", "b.avi", "0/a.avi"]
    assert table.column("clip_id")[1] == table.column("clip_id")[3]


def test_the_cards_threshold_decides(tmp_path: Path, save: Callable[..., Path]) -> None:
    clips = [lossless(tmp_path / f"{seed}.avi", moving(6, seed=seed)) for seed in range(4)]
    scores = predict_clips(clips, save(), device="cpu").column("score").to_pylist()
    threshold = sorted(scores)[2]
    table = predict_clips(clips, save(threshold=threshold), device="cpu")
    assert table.column("predicted").to_pylist() == [int(score >= threshold) for score in scores]
    assert sum(table.column("predicted").to_pylist()) == 2


def test_a_control_of_one_frame_is_shown_one_frame(
    tmp_path: Path, network: nn.Module, save: Callable[..., Path]
) -> None:
    frames = moving(16)
    clip = lossless(tmp_path / "a.avi", frames)
    still = np.repeat(sample_by_hand(frames)[FRAMES // 2][None], FRAMES, axis=0)
    (score,) = predict_clips([clip], save(control="static"), device="cpu").column("score")
    assert score.as_py() == pytest.approx(score_by_hand(network, still), abs=1e-6)


def test_the_folder_of_a_trial_is_a_model(tmp_path: Path, save: Callable[..., Path]) -> None:
    clip = lossless(tmp_path / "a.avi", moving(6))
    model = save()
    trial = tmp_path / "results" / "trials" / "0123456789abcdef"
    trial.mkdir(parents=True)
    shutil.copy(model, trial / "model.safetensors")
    assert predict_clips([clip], trial, device="cpu") == predict_clips([clip], model, device="cpu")


class Told:
    """A progress that writes down what it is told."""

    def __init__(self) -> None:
        self.total, self.done = 0.0, 0.0

    @contextmanager
    def task(self, name: str, total: float, unit: str) -> Iterator[Advance]:
        assert (name, unit) == ("score clips", "clips")
        self.total = total

        def advance(amount: float) -> None:
            self.done += amount

        yield advance


def test_progress_counts_every_clip(tmp_path: Path, save: Callable[..., Path]) -> None:
    clips = [lossless(tmp_path / "a.avi", moving(5)), tmp_path / "gone.avi", tmp_path / "a.avi"]
    told = Told()
    predict_clips(clips, save(), device="cpu", batch_size=2, progress=told)
    assert (told.total, told.done) == (3, 3)


def test_a_model_that_is_not_there_is_said_before_any_clip_is_read(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no model at .*gone\.safetensors"):
        predict_clips([tmp_path / "unread.avi"], tmp_path / "gone.safetensors", device="cpu")
    with pytest.raises(ModelError, match=r"results/trials"):
        predict_clips([tmp_path / "unread.avi"], tmp_path, device="cpu")


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "weights.safetensors"
    foreign.write_bytes(b"\x80\x04 not safe")
    with pytest.raises(ModelError, match=r"weights\.safetensors"):
        predict_clips([tmp_path / "unread.avi"], foreign, device="cpu")


def test_nothing_to_score_is_an_error(tmp_path: Path, save: Callable[..., Path]) -> None:
    with pytest.raises(SourceError, match="no clip was given"):
        predict_clips([], save(), device="cpu")
    (tmp_path / "bare").mkdir()
    with pytest.raises(SourceError, match="bare holds no video"):
        predict_clips([tmp_path / "bare"], save(), device="cpu")


def test_a_device_that_is_not_there_is_named(tmp_path: Path, save: Callable[..., Path]) -> None:
    clip = lossless(tmp_path / "a.avi", moving(5))
    with pytest.raises(TrainingError, match="abacus"):
        predict_clips([clip], save(), device="abacus")


def test_the_table_is_the_scores_table_also_when_every_clip_fails(
    tmp_path: Path, save: Callable[..., Path]
) -> None:
    table = predict_clips([tmp_path / "gone.avi"], save(), device="cpu")
    assert isinstance(table, pa.Table)
    assert table.schema == tables.schema("scores")
    assert table.column("score").null_count == 1
