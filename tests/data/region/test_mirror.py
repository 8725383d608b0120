from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from rodepil.data.region.masks import mask_of
from rodepil.data.region.mirror import SIDES, Side, agreement, agreements, find_walls
from tests.data.region.conftest import Cage, Image


def walled(
    floor: Image, side: Side, depth: int, shine: float
) -> tuple[Image, npt.NDArray[np.bool_]]:
    """Add a wall at a side that mirrors the floor by `shine`; return the film and the wall."""
    turned = {
        "left": floor,
        "right": floor[:, :, ::-1],
        "top": floor.transpose(0, 2, 1),
        "bottom": floor[:, ::-1].transpose(0, 2, 1),
    }[side]
    rng = np.random.default_rng(depth)
    plastic = 104 + rng.normal(0, 6, (1, turned.shape[1], depth))
    noise = rng.normal(0, 2.4, (len(turned), turned.shape[1], depth))
    wall = (1 - shine) * plastic + shine * turned[:, :, :depth][:, :, ::-1] + noise
    film = np.concatenate([np.clip(wall, 0, 255).astype(np.uint8), turned], axis=2)
    truth = np.zeros(film.shape[1:], bool)
    truth[:, :depth] = True
    if side == "right":
        return film[:, :, ::-1].copy(), truth[:, ::-1]
    if side in ("top", "bottom"):
        film, truth = film.transpose(0, 2, 1), truth.T
    if side == "bottom":
        film, truth = film[:, ::-1], truth[::-1]
    return film.copy(), truth


@pytest.mark.parametrize(
    ("side", "depth", "shine"),
    [("left", 20, 0.6), ("right", 40, 0.4), ("top", 40, 0.6), ("bottom", 20, 0.4)],
)
def test_a_mirroring_wall_is_masked_where_it_is(
    cages: list[Cage], side: Side, depth: int, shine: float
):
    for cage in cages[:2]:
        film, truth = walled(cage.floor, side, depth, shine)
        walls = find_walls(film)
        assert [wall.side for wall in walls] == [side]
        mask = mask_of(walls, (film.shape[2], film.shape[1])) > 0
        assert (mask & truth).sum() / (mask | truth).sum() > 0.95


def test_a_wall_that_mirrors_nothing_is_not_masked(cages: list[Cage]):
    for cage, side in zip(cages, SIDES, strict=True):
        film, _ = walled(cage.floor, side, 20, 0.0)
        assert find_walls(film) == []


def test_a_floor_to_the_edge_is_not_masked(cages: list[Cage]):
    assert [find_walls(cage.floor) for cage in cages] == [[]] * len(cages)


def test_a_reflection_that_comes_later_is_no_mirror(cages: list[Cage]):
    film, truth = walled(cages[0].floor, "left", 20, 0.6)
    delayed = film.copy()
    delayed[1:, truth] = film[:-1, truth]
    assert find_walls(delayed) == []


def test_agreement_is_the_correlation_of_reflected_pixels():
    rng = np.random.default_rng(0)
    fine = rng.normal(size=(5, 3, 16)).astype(np.float32)
    depth, beside, lag = 6, 2, 1
    pairs = [
        (fine[time, row, column], fine[time + lag, row, 2 * depth - 1 - column])
        for time in range(4)
        for row in range(3)
        for column in range(depth - beside)
    ]
    one, other = np.array(pairs, np.float64).T
    expected = (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())
    assert agreement(fine, depth, beside, lag) == pytest.approx(expected, abs=1e-6)


def test_a_cage_in_which_nothing_moves_has_no_mirror():
    assert find_walls(np.full((8, 80, 80), 90, np.uint8)) == []


def test_all_depths_at_once_agree_as_each_by_itself():
    fine = np.random.default_rng(1).normal(size=(6, 5, 40)).astype(np.float32)
    depths = range(5, 21)
    expected = [agreement(fine, depth, 3) for depth in depths]
    assert agreements(fine, depths, 3) == pytest.approx(expected, abs=1e-5)
