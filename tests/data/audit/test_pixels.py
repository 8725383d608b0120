"""What is measured of pictures, against pictures whose values are known."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from rodepil.data.audit.measure import measure
from rodepil.data.audit.pixels import noise_of, picture_of, repeated_share, sharpness_of
from tests.audit_films import encode, floor, item, walk


def test_noise_of_known_spread_is_found_and_edges_of_things_are_none() -> None:
    random = np.random.default_rng(0)
    slope = np.linspace(60, 180, 256)[None].repeat(256, 0)
    assert noise_of(slope.astype(np.uint8)) < 1
    for sigma in (2.0, 5.0, 12.0):
        noisy = np.clip(slope + random.normal(0, sigma, slope.shape), 0, 255).round()
        assert noise_of(noisy.astype(np.uint8)) == pytest.approx(sigma, rel=0.1)


def test_blurring_lowers_sharpness() -> None:
    sharp = np.random.default_rng(1).integers(0, 255, (64, 64)).astype(np.uint8)
    soft = cv2.GaussianBlur(sharp, (0, 0), 2).astype(np.uint8)
    assert sharpness_of(soft) < sharpness_of(sharp) / 4
    laplacian = cv2.Laplacian(sharp, cv2.CV_64F)
    assert sharpness_of(sharp) == pytest.approx(laplacian.std(), rel=1e-4)


def test_bars_of_a_letterboxed_file_are_measured_to_the_pixel(tmp_path: Path) -> None:
    film = np.full((40, 96, 80), 16, np.uint8)
    film[:, 12:84, 4:76] = walk(1, frames=40)[:, :72, :72]
    found = measure(item(encode(tmp_path / "bars.mkv", film)))
    assert found["bars_y_share"] == pytest.approx(24 / 96)
    assert found["bars_x_share"] == pytest.approx(8 / 80)
    assert found["border_level"] == pytest.approx(0, abs=2)


def test_a_clip_without_bars_has_none_and_a_black_one_neither(tmp_path: Path) -> None:
    for name, film in (("bright", walk(1, frames=30)), ("black", np.full((30, 64, 64), 16))):
        found = measure(item(encode(tmp_path / f"{name}.mkv", film.astype(np.uint8))))
        assert (found["bars_x_share"], found["bars_y_share"]) == (0, 0)


def test_a_bar_counts_from_the_edge_alone() -> None:
    picture = np.full((64, 64), 120, np.uint8)
    picture[:, 30:34] = 16
    assert picture_of([picture]).width_px == 64


@pytest.mark.parametrize("grey", [0, 64, 200, 255])
def test_brightness_is_in_grey_levels(tmp_path: Path, grey: int) -> None:
    y = round(16 + grey * 219 / 255)
    film = np.full((20, 64, 64), y, np.uint8)
    found = measure(item(encode(tmp_path / "flat.mkv", film, codec="ffv1")))
    assert found["brightness"] == pytest.approx((y - 16) * 255 / 219)
    assert found["contrast"] == 0
    assert found["noise"] == 0
    assert found["border_level"] == pytest.approx((y - 16) * 255 / 219)


def test_contrast_and_colour_are_those_of_the_picture(tmp_path: Path) -> None:
    film = np.full((20, 64, 64), 60, np.uint8)
    film[:, :, 32:] = 160
    found = measure(item(encode(tmp_path / "half.mkv", film, codec="ffv1", chroma=(131, 124))))
    assert found["contrast"] == pytest.approx(50 * 255 / 219)
    assert found["colour"] == pytest.approx(5)


def test_frames_that_repeat_are_counted_behind_an_encoder_too(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    film = np.stack([np.roll(floor(), (2 * k, k), (0, 1)) for k in range(300)])
    film = np.clip(film + random.normal(0, 1, film.shape), 16, 235).astype(np.uint8)
    slow = np.arange(300) * 29 // 30
    for codec, filled in (("libx264", film[slow]), ("mpeg4", film[slow])):
        found = measure(item(encode(tmp_path / f"{codec}.avi", filled, codec=codec)))
        assert found["repeated_share"] == pytest.approx(np.mean(np.diff(slow) == 0), abs=0.008)
        found = measure(item(encode(tmp_path / f"{codec}-whole.avi", film, codec=codec)))
        assert found["repeated_share"] == pytest.approx(0, abs=0.004)


def test_a_clip_in_which_nothing_moves_repeats_all_its_frames() -> None:
    assert repeated_share(np.zeros(10)) == 1
    assert repeated_share(np.zeros(0)) == 0


def test_what_the_file_says_is_read_from_the_file(tmp_path: Path) -> None:
    path = encode(tmp_path / "Käfig 1.avi", walk(1, frames=29), fps=29, codec="mpeg4")
    found = measure(item(path))
    wanted = {"fps": 29.0, "frames": 29, "duration_s": 1.0, "width_px": 96, "height_px": 96}
    wanted |= {"codec": "mpeg4", "container": "avi", "pixel_format": "yuv420p"}
    assert {name: found[name] for name in wanted} == wanted
    assert found["size_bytes"] == path.stat().st_size


def test_of_a_long_file_a_part_is_decoded_and_the_declared_length_is_told(tmp_path: Path) -> None:
    path = encode(tmp_path / "long.avi", walk(1, frames=250), fps=10, codec="mpeg4")
    found = measure(item(path))
    assert found["frames"] == 250
    held = found["fingerprint"]
    assert isinstance(held, bytes)
    assert len(held) == 64 + 20 * 5 * 64


@pytest.mark.parametrize("slower", [1, 2, 3, 6])
def test_film_of_a_lower_rate_that_was_filled_up_has_as_many_repeats(
    tmp_path: Path, slower: int
) -> None:
    film = np.stack([np.roll(floor(), (2 * k, k), (0, 1)) for k in range(240 // slower)])
    filled = np.repeat(film, slower, axis=0)
    found = measure(item(encode(tmp_path / "filled.mkv", filled)))
    assert found["repeated_share"] == pytest.approx(1 - 1 / slower, abs=0.02)


@pytest.mark.parametrize("moving", [9, 45, 90])
def test_a_short_burst_of_motion_makes_no_repeats_of_the_rest(moving: int) -> None:
    random = np.random.default_rng(3)
    changes = random.uniform(0.8, 1.2, 299)
    changes[120 : 120 + moving] *= 40
    assert repeated_share(changes) == pytest.approx(0, abs=0.01)
