"""What simulate writes, that a seed decides all of it, and what stands already."""

from __future__ import annotations

import hashlib
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rodepil.config.settings import SimulateSettings
from rodepil.errors import SourceError
from rodepil.io.progress import Advance
from rodepil.simulate import simulate


def _bytes(folder: Path) -> dict[str, bytes]:
    paths = [*folder.glob("videos/*.mp4"), *folder.glob("*.parquet")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_every_recording_is_a_640x480_video_of_exactly_the_frames_its_row_says(
    simulated: Any, settings: SimulateSettings
) -> None:
    rows = simulated.recordings.to_pylist()
    assert len(rows) == settings.recordings
    for row in rows:
        decoded = simulated.frames[row["recording_id"]]
        assert len(decoded) == row["n_frames"] == 960
        assert {frame.shape for frame in decoded} == {(480, 640)}
        assert (row["fps"], row["duration_s"], row["codec"]) == ("30/1", 32.0, "h264")
        assert row["recording_id"] == f"{row['date']}_{row['video_id']}"


def test_a_row_holds_the_digest_of_a_file_beside_the_table(simulated: Any) -> None:
    for row in simulated.recordings.to_pylist():
        content = (simulated.folder / row["path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["sha256"]


def test_frames_are_moving_pictures_of_modest_noise(simulated: Any) -> None:
    frames = next(iter(simulated.frames.values()))
    rack = np.stack([frame[:3] for frame in frames[:90]]).astype(float)
    assert 0.1 < rack.std(axis=0).mean() < 4.0
    assert np.stack(frames[::60]).std(axis=0).max() > 20


@pytest.fixture
def two(tmp_path: Path) -> tuple[SimulateSettings, Path]:
    """Two short recordings of few frames."""
    short = SimulateSettings(
        seed=3, subjects=2, recordings=2, cages_min=1, cages_max=1, duration_s=30.0, fps=5
    )
    simulate(short, tmp_path / "first", processes=1)
    return short, tmp_path / "first"


def test_the_same_seed_gives_the_same_bytes_however_many_are_made_at_a_time(
    two: tuple[SimulateSettings, Path], tmp_path: Path
) -> None:
    settings, folder = two
    simulate(settings, tmp_path / "second", processes=2)
    assert _bytes(tmp_path / "second") == _bytes(folder)


def test_a_recording_that_was_torn_is_made_again_and_the_others_are_kept(
    two: tuple[SimulateSettings, Path],
) -> None:
    settings, folder = two
    before = _bytes(folder)
    torn, whole = sorted(folder.glob("videos/*.mp4"))
    torn.write_bytes(torn.read_bytes()[:1000])
    (folder / "recordings.parquet").unlink()
    stamp = whole.stat().st_mtime_ns
    simulate(settings, folder, processes=1)
    assert _bytes(folder) == before
    assert whole.stat().st_mtime_ns == stamp


def test_a_recording_whose_description_was_never_written_is_made_again(
    two: tuple[SimulateSettings, Path],
) -> None:
    settings, folder = two
    before = _bytes(folder)
    stopped = next(folder.glob("parts/*.json"))
    stopped.unlink()
    simulate(settings, folder, processes=1)
    assert _bytes(folder) == before
    assert stopped.is_file()


def test_another_seed_gives_other_recordings_and_leaves_nothing_behind(
    two: tuple[SimulateSettings, Path], tmp_path: Path
) -> None:
    settings, folder = two
    old = {path.read_bytes() for path in folder.glob("videos/*.mp4")}
    other = settings.model_copy(update={"seed": 4})
    simulate(other, folder, processes=1)
    simulate(other, tmp_path / "fresh", processes=1)
    assert _bytes(folder) == _bytes(tmp_path / "fresh")
    assert old.isdisjoint(path.read_bytes() for path in folder.glob("videos/*.mp4"))


def test_a_recording_that_can_not_be_made_is_named_and_no_table_is_written(tmp_path: Path) -> None:
    settings = SimulateSettings(subjects=2, recordings=1, cages_min=2, cages_max=2, duration_s=30.0)
    (tmp_path / "videos").write_text("a file where a folder should be")
    with pytest.raises(SourceError, match=r"1 of 1 recordings could not be made.*M2U"):
        simulate(settings, tmp_path, processes=1)
    assert not (tmp_path / "recordings.parquet").exists()


def test_progress_is_told_of_every_recording(two: tuple[SimulateSettings, Path]) -> None:
    settings, folder = two
    told: list[tuple[object, ...]] = []

    class Listener:
        def task(self, *task: object) -> AbstractContextManager[Advance]:
            told.append(task)
            return nullcontext(lambda amount: told.append((amount,)))

    simulate(settings, folder, progress=Listener(), processes=1)
    assert told == [("simulate", 2, "recording"), (1,), (1,)]
