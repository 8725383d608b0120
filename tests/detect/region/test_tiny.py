from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from rodepil.data.region.found import overlap
from rodepil.detect.region import Yolo
from rodepil.detect.region.learn import Lessons, cells_of, loss_of, train
from rodepil.detect.region.pictures import Pictures, make_pictures
from rodepil.detect.region.tiny import CELLS, SIZE_PX, TinyDetector, save_onnx


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return make_pictures(3, 2)


@pytest.fixture(scope="module")
def trained(pictures: Pictures) -> TinyDetector:
    return train(pictures, Lessons(steps=160))


@pytest.fixture(scope="module")
def weights(trained: TinyDetector, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tiny") / "tiny.onnx"
    save_onnx(path, trained)
    return path


def test_it_is_tiny():
    assert sum(weight.numel() for weight in TinyDetector().parameters()) < 50_000


def test_opencv_gives_what_torch_gives(trained: TinyDetector, weights: Path, pictures: Pictures):
    given = torch.from_numpy(pictures.pixels[::90, None]).expand(-1, 3, -1, -1).float() / 255
    net = cv2.dnn.readNetFromONNX(str(weights))
    with torch.inference_mode():
        expected = trained(given).numpy()
    for one, other in zip(given.numpy(), expected, strict=True):
        net.setInput(one[None])
        assert net.forward().shape == (1, 5, CELLS * CELLS)
        assert np.abs(net.forward()[0] - other).max() < 1e-4


def test_it_finds_most_rats_that_it_never_saw(weights: Path):
    new = make_pictures(4, 1)
    there = ~np.isnan(new.boxes[:, 0])
    frames = np.repeat(new.pixels[there][::3, ..., None], 3, axis=3)
    truths = new.boxes[there][::3]
    found = Yolo(weights, least_score=0.05).find(frames)
    ious = [
        float(overlap(one.boxes[:1], truth)[0]) if len(one.boxes) else 0.0
        for one, truth in zip(found, truths, strict=True)
    ]
    assert np.mean(np.array(ious) > 0.5) > 0.5


def test_the_same_lessons_give_the_same_network(pictures: Pictures):
    one, other = (train(pictures, Lessons(steps=2)).state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_pictures_show_the_rat_in_its_box(pictures: Pictures):
    there = ~np.isnan(pictures.boxes[:, 0])
    assert 0.9 < there.mean() < 1
    boxes = pictures.boxes[there]
    assert boxes.min() >= -1
    assert boxes.max() <= SIZE_PX + 1
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    same = make_pictures(3, 2, every_s=0.5)
    assert (same.pixels == pictures.pixels).all()


def test_the_cells_near_the_middle_learn_the_box():
    boxes = torch.tensor([[20.0, 30, 40, 50], [float("nan")] * 4])
    expected = [
        abs((column + 0.5) * 8 - 30) < 12 and abs((row + 0.5) * 8 - 40) < 12
        for row in range(12)
        for column in range(12)
    ]
    cells = cells_of(boxes)
    assert cells[0].tolist() == expected
    assert not cells[1].any()


def test_a_perfect_answer_costs_next_to_nothing():
    boxes = torch.tensor([[20.0, 30, 40, 50], [float("nan")] * 4])
    output = torch.full((2, 5, CELLS * CELLS), 1e-6)
    output[0, :4] = torch.tensor([30.0, 40, 20, 20])[:, None]
    output[0, 4, cells_of(boxes)[0]] = 1 - 1e-6
    assert float(loss_of(output, boxes)) < 1e-3
    output[0, 0] += 10
    assert float(loss_of(output, boxes)) > 0.1
