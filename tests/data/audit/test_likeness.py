"""The same film is found however it was copied; other film of the same cage is not."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from rodepil.config.settings import AuditSettings
from rodepil.data.audit import likeness
from rodepil.data.audit.likeness import fingerprint, grouped, near_duplicates
from rodepil.data.audit.measure import measure
from rodepil.io.video import frames
from tests.audit_films import Film, encode, item, walk

LEAST = AuditSettings().duplicate_likeness_min


def fingerprint_of(path: Path) -> bytes | None:
    found = measure(item(path))["fingerprint"]
    assert found is None or isinstance(found, bytes)
    return found


def pairs_of(prints: list[bytes | None]) -> set[tuple[int, int]]:
    pairs, whole = near_duplicates(prints, LEAST)
    assert whole
    return {(pair.first, pair.second) for pair in pairs}


def scaled(film: Film, side: int) -> Film:
    return np.stack([cv2.resize(one, (side, side)) for one in film]).astype(np.uint8)


@pytest.fixture(scope="module")
def walks(tmp_path_factory: pytest.TempPathFactory) -> list[bytes | None]:
    """Thirty films of one cage, each with a walk of its own."""
    folder = tmp_path_factory.mktemp("walks")
    return [fingerprint_of(encode(folder / f"{k}.mkv", walk(k))) for k in range(30)]


def test_other_film_of_the_same_cage_is_no_copy(walks: list[bytes | None]) -> None:
    assert pairs_of(walks) == set()


@pytest.mark.parametrize(
    "copy",
    ["re-encoded", "mirrored", "shifted", "cropped", "brighter", "half the rate", "smaller", "all"],
)
def test_a_copy_is_found(copy: str, walks: list[bytes | None], tmp_path: Path) -> None:
    film, fps, crf = walk(7, frames=310), 30, 18
    if copy in {"shifted", "all"}:
        film = film[9:]
    if copy in {"cropped", "all"}:
        film = film[:, 2:-2, 2:-2]
    if copy in {"mirrored", "all"}:
        film = film[:, :, ::-1]
    if copy in {"re-encoded", "all"}:
        crf = 32
    if copy == "brighter":
        film = (film * 1.08).astype(np.uint8)
    if copy == "half the rate":
        film, fps = film[::2], 15
    if copy == "smaller":
        film = scaled(film, 64)
    film = film[: 10 * fps]
    path = encode(tmp_path / "copy.mkv", film, fps=fps, crf=crf)
    assert pairs_of([*walks, fingerprint_of(path)]) == {(7, 30)}


def test_clips_of_a_real_animal_are_told_apart_and_a_mirrored_copy_is_found(
    real_videos: Path,
) -> None:
    film = np.stack(
        [
            cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
            for _, picture in frames(
                real_videos / "mouse_openfield_640x480_30fps.mp4", pixel_format="gray"
            )
        ]
    ).astype(np.uint8)
    clips = [film[start : start + 300] for start in range(0, len(film) - 299, 300)]
    clips.append(clips[2][:, :, ::-1])
    prints = [fingerprint(clip, np.arange(300) / 30) for clip in clips]
    assert len(clips) == 8
    assert pairs_of(prints) == {(2, 7)}


def test_what_does_not_change_or_is_too_short_is_compared_with_nothing() -> None:
    still = np.full((300, 32, 32), 100, np.uint8)
    assert fingerprint(still, np.arange(300) / 30) is None
    moving = np.random.default_rng(0).integers(0, 255, (30, 32, 32)).astype(np.uint8)
    assert fingerprint(moving, np.arange(30) / 30) is None
    assert near_duplicates([None, None], LEAST) == ([], True)


def test_pairs_join_to_groups() -> None:
    assert grouped([(4, 1), (2, 3), (9, 4)]) == [[1, 4, 9], [2, 3]]


def test_of_too_many_alike_the_most_alike_are_compared_in_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    random = np.random.default_rng(0)
    coarse = random.normal(1, 0.3, (300, 40)).astype(np.float32)
    coarse /= np.linalg.norm(coarse, axis=1, keepdims=True)
    alike = coarse.astype(np.float64) @ coarse.T
    every = [(alike[i, j], i, j) for i in range(300) for j in range(i + 1, 300)]
    wanted = sorted((one for one in every if one[0] >= likeness.COARSE_MIN), reverse=True)
    assert len(wanted) > 30_000
    monkeypatch.setattr(likeness, "BLOCK", 64)
    found, whole = likeness._candidates(coarse)
    assert whole
    assert {(pair.first, pair.second) for pair in found} == {(i, j) for _, i, j in wanted}
    monkeypatch.setattr(likeness, "MOST_CANDIDATES", 500)
    found, whole = likeness._candidates(coarse)
    assert not whole
    assert len(found) == 500
    assert {(pair.first, pair.second) for pair in found[:450]} <= {
        (i, j) for _, i, j in wanted[:500]
    }
