"""Curation beside only decoding, and beside FFmpeg's command line that makes the same clips."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import av

from rodepil.bench.rows import Row, more_is_better
from rodepil.cluster import cpu_count
from rodepil.config.settings import CurateSettings, SimulateSettings
from rodepil.data.curate import curate
from rodepil.data.fit import fit_box
from rodepil.data.sources import recordings_from_files
from rodepil.errors import VideoError
from rodepil.io import tables
from rodepil.io.progress import Progress
from rodepil.io.video import VideoReader
from rodepil.simulate import simulate

CAGES = 3
CAMERA_BIT_RATE = 2_000_000
CAMERA_KEY_FRAMES = 30
"""A camera of 640 x 480: about two megabits a second, a key frame a second."""

DECODING = "PyAV, decoding only"
FFMPEG = "ffmpeg command line"
Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Parameters
    ----------
    recordings
        Videos; each is divided into three cages side by side.
    simulated_s
        Length of the simulated recording that is measured besides; 0 leaves it out.
    repeats
        Rounds; their median counts.
    """

    recordings: tuple[Path, ...]
    simulated_s: float
    repeats: int


def bench_curate(plan: Plan, progress: Progress) -> list[Row]:
    """Measure every recording by turns; speeds are in frames of the recording a second.

    Every window is kept, so that all of them are encoded; a row more says how fast the project's
    own settings are, which drop windows in which nothing moves.

    Raises
    ------
    VideoError
        A recording can't be read, or FFmpeg's command line fails.
    """
    rows: list[Row] = []
    with TemporaryDirectory() as made:
        folder = Path(made)
        videos = list(plan.recordings)
        if plan.simulated_s:
            videos.insert(0, _like_a_camera(plan.simulated_s, folder, progress))
        rounds = len(videos) * plan.repeats
        with progress.task("curate beside others", rounds, "rounds") as advance:
            for number, video in enumerate(videos):
                rows += _bench(video, folder / str(number), plan.repeats, advance)
    return rows


def _bench(video: Path, folder: Path, repeats: int, advance: Callable[[float], None]) -> list[Row]:
    raw = folder / "raw"
    frames, boxes = _three_cages(video, raw)
    all_kept = CurateSettings(motion_min_share=0.0)
    calls: dict[str, Callable[[], object]] = {
        "all": partial(_curate, raw, all_kept, folder),
        DECODING: partial(_decode, video),
        "own": partial(_curate, raw, CurateSettings(), folder),
    }
    if shutil.which("ffmpeg"):
        calls[FFMPEG] = partial(_ffmpeg, video, boxes, all_kept, folder)
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            start = perf_counter()
            call()
            seconds[name].append(perf_counter() - start)
        advance(1)
    speed = {name: frames / median(times) for name, times in seconds.items()}
    kept, dropped = f"{video.stem}: every window kept", f"{video.stem}: still windows dropped"
    peers = [(kept, "all", DECODING), (dropped, "own", DECODING)]
    peers += [(kept, "all", FFMPEG)] if FFMPEG in speed else []
    return [
        more_is_better(name, speed[ours], "frames/s", peer, speed[peer])
        for name, ours, peer in peers
    ]


def _like_a_camera(duration_s: float, folder: Path, progress: Progress) -> Path:
    """Simulate a recording of three cages and encode it as cameras do."""
    settings = SimulateSettings(
        recordings=1, subjects=CAGES, cages_min=CAGES, cages_max=CAGES, duration_s=duration_s
    )
    simulate(settings, folder / "simulated", progress=progress)
    (simulated,) = (folder / "simulated" / "videos").glob("*.mp4")
    path = folder / "simulated_camera.mp4"
    with VideoReader(simulated) as reader, av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=settings.fps)
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = CAMERA_BIT_RATE
        stream.options = {"preset": "veryfast", "bf": "0", "g": str(CAMERA_KEY_FRAMES)}
        for frame in reader:
            if not frame.index:
                stream.width, stream.height = frame.size_px
            picture = frame.picture
            picture.pict_type = av.video.frame.PictureType.NONE
            picture.pts, picture.time_base = frame.index, Fraction(1, settings.fps)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def _three_cages(video: Path, raw: Path) -> tuple[int, list[Box]]:
    """Write a source of one recording; return its frames and its boxes, three side by side."""
    raw.mkdir(parents=True)
    recordings = recordings_from_files([video], raw).recordings
    (row,) = recordings.to_pylist()
    width, height = row["width_px"] // CAGES, row["height_px"]
    boxes = [(width * position, 0, width, height) for position in range(CAGES)]
    cages = [
        {
            "recording_id": row["recording_id"], "position": position, "subject_id": f"{position}",
            "x_px": x, "y_px": y, "width_px": w, "height_px": h,
        }
        for position, (x, y, w, h) in enumerate(boxes)
    ]  # fmt: skip
    tables.write("recordings", recordings, raw / "recordings.parquet")
    tables.write("cages", tables.from_rows("cages", cages), raw / "cages.parquet")
    tables.write("annotations", tables.from_rows("annotations", []), raw / "annotations.parquet")
    return row["n_frames"], boxes


def _curate(raw: Path, settings: CurateSettings, folder: Path) -> None:
    made = folder / "data"
    shutil.rmtree(made, ignore_errors=True)
    curate(raw, settings, made / "clips", made / "clips.parquet")


def _decode(video: Path) -> int:
    """Decode as PyAV's documentation has it: frame by frame, threads left to FFmpeg."""
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        return sum(1 for _ in container.decode(stream))


def _ffmpeg(video: Path, boxes: Sequence[Box], settings: CurateSettings, folder: Path) -> None:
    """Crop, scale, pad, resample, encode and cut as we do, with FFmpeg's command line."""
    made = folder / "ffmpeg"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    size, names = settings.size_px, range(len(boxes))
    split = f"[0:v]fps={settings.fps},split={len(boxes)}" + "".join(f"[s{name}]" for name in names)
    chains = [split]
    for name, box in enumerate(boxes):
        x, y, width, height = box
        target = fit_box(box, size, settings.fit).target
        chains.append(
            f"[s{name}]crop={width}:{height}:{x}:{y},"
            f"scale={target.width_px}:{target.height_px}:flags=bilinear,"
            f"pad={size}:{size}:{target.x_px}:{target.y_px}[c{name}]"
        )
    command = ["ffmpeg", "-nostdin", "-v", "error", "-i", str(video)]
    command += ["-filter_complex", ";".join(chains)]
    every_s = f"{settings.clip_duration_s:g}"
    for name in names:
        command += ["-map", f"[c{name}]", "-c:v", settings.codec, "-preset", "ultrafast"]
        command += ["-qp", str(settings.qp), "-bf", "0", "-threads", "1", "-pix_fmt", "yuv420p"]
        command += ["-force_key_frames", f"expr:gte(t,n_forced*{every_s})"]
        command += ["-f", "segment", "-segment_time", every_s, "-reset_timestamps", "1"]
        command += [str(made / f"{name}-%04d.avi")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the peer that is measured
    if done.returncode:
        raise VideoError(f"FFmpeg's command line fails on {video}: {done.stderr.strip()}")


def machine() -> dict[str, object]:
    """Return what the figures hang on besides the processor."""
    found = {"workers": cpu_count(), "av": av.__version__}
    if program := shutil.which("ffmpeg"):
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - as above
        found["ffmpeg"] = said.stdout.split("\n")[0]
    return found
