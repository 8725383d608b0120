"""Files of features: taken as they are, or refused with what is wrong and what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rodepil.errors import FeatureError
from rodepil.io.sequences import SequenceForm, read_sequence

FORM = SequenceForm(fps=30.0, window_frames=16, stride_frames=4, width=24)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rat 7.npy"


def features(windows: int = 72, width: int = 24) -> np.ndarray:
    return np.random.default_rng(windows).normal(size=(windows, width)).astype(np.float32)


@pytest.mark.parametrize("dtype", ["float32", "float16", "float64", ">f4"])
def test_numbers_come_as_float32_whatever_floats_they_were(path: Path, dtype: str) -> None:
    given = features().astype(dtype)
    np.save(path, given)
    read = read_sequence(path, FORM, 10.0)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, given.astype(np.float32))


def test_an_array_in_fortran_order_is_read_by_its_indices(path: Path) -> None:
    given = features()
    np.save(path, np.asfortranarray(given))
    read = read_sequence(path, FORM, 10.0)
    assert read.flags.c_contiguous
    np.testing.assert_array_equal(read, given)


@pytest.mark.parametrize(
    ("fps", "window", "stride", "duration_s"),
    [(30.0, 16, 4, 10.0), (25.0, 16, 8, 7.3), (30.0, 64, 8, 12.0), (15.0, 1, 1, 2.0)],
)
def test_windows_are_counted_as_they_slide(
    path: Path, fps: float, window: int, stride: int, duration_s: float
) -> None:
    form = SequenceForm(fps, window, stride, 24)
    starts, start = [], 0
    while start + window <= round(duration_s * fps):
        starts.append(start)
        start += stride
    np.save(path, features(len(starts)))
    assert len(read_sequence(path, form, duration_s)) == len(starts)
    np.save(path, features(len(starts) + 2))
    with pytest.raises(FeatureError, match=f"{duration_s:g} s at {fps:g} fps have {len(starts)} "):
        read_sequence(path, form, duration_s)


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        (36, "a stride of 8"),  # (300 - 16) // 8 + 1
        (143, "a stride of 2"),  # (300 - 16) // 2 + 1
        (75, "a window of 4 frames"),  # (300 - 4) // 4 + 1
        (59, "24.8 frames a second"),  # (58 * 4 + 16) / 10
    ],
)
def test_an_error_says_under_what_grid_so_many_windows_fit(
    path: Path, windows: int, said: str
) -> None:
    np.save(path, features(windows))
    with pytest.raises(FeatureError, match=said):
        read_sequence(path, FORM, 10.0)


@pytest.mark.parametrize("windows", [71, 72, 73])
def test_a_frame_more_or_less_of_the_video_does_no_harm(path: Path, windows: int) -> None:
    np.save(path, features(windows))
    assert read_sequence(path, FORM, 10.0).shape == (windows, 24)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (features().T, "transposed"),
        (features(72, 23), "width 23, wanted 24"),
        (features()[None], r"shape \(1, 72, 24\), wanted \(T, 24\)"),
        (features()[0], r"shape \(24,\), wanted \(T, 24\)"),
        (features(0), "is empty"),
        (features().astype(np.int64), "holds int64, wanted float32"),
        (features().astype(np.complex64), "holds complex64, wanted float32"),
        (features().astype(str), "wanted float32"),
        (np.where(np.arange(24) == 5, np.nan, features()), "72 values .* window 0, place 5"),
        (features().astype(np.float64) * 1e300, "no finite float32"),
    ],
)
def test_what_is_no_sequence_is_refused(path: Path, given: np.ndarray, said: str) -> None:
    np.save(path, given)
    with pytest.raises(FeatureError, match=said) as raised:
        read_sequence(path, FORM, 10.0)
    assert str(path) in str(raised.value)


def test_without_a_width_a_transposed_file_is_told_by_its_length(path: Path) -> None:
    form = SequenceForm(30.0, 16, 4)
    np.save(path, features(72, 500).T)
    with pytest.raises(FeatureError, match="transposed"):
        read_sequence(path, form, 10.0)
    np.save(path, features(72, 500))
    assert read_sequence(path, form, 10.0).shape == (72, 500)


def test_a_clip_shorter_than_a_window_is_said_to_be_so(path: Path) -> None:
    np.save(path, features(1))
    with pytest.raises(FeatureError, match=r"0\.5 s is 15 frames at 30 fps, shorter than one win"):
        read_sequence(path, FORM, 0.5)


def test_missing_torn_and_foreign_files_are_refused_and_nothing_is_run(path: Path) -> None:
    with pytest.raises(FeatureError, match="is not there"):
        read_sequence(path, FORM)
    path.write_bytes(b"")
    with pytest.raises(FeatureError, match="no array of numbers"):
        read_sequence(path, FORM)
    path.write_text("1.5, 2.5\n", encoding="utf-8")
    with pytest.raises(FeatureError, match="it holds no array, or Python objects"):
        read_sequence(path, FORM)
    np.save(path, features())
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FeatureError, match="no array of numbers"):
        read_sequence(path, FORM)
    np.save(path, np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(FeatureError, match="no array of numbers"):
        read_sequence(path, FORM)
    with path.open("wb") as stream:
        np.savez(stream, a=features())
    with pytest.raises(FeatureError, match="several arrays"):
        read_sequence(path, FORM)


class Trap:
    """Would end the test if what a file holds were unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return pytest.fail, ("a pickle was run",)
