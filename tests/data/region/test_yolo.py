from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

from rodepil.data.region import Yolo
from rodepil.data.region.layout import Output, cells, layout_of, read_output
from rodepil.data.region.letterbox import bring_back, fit
from rodepil.data.region.onnx_read import input_size
from rodepil.data.region.onnx_write import OnnxGraph
from rodepil.data.region.wire import block, fields, number
from rodepil.errors import ModelError

SIZE = 96
CELLS = 12 * 12


def network(path: Path, table: npt.NDArray[np.float32]) -> Path:
    """Write a network whose output is always `table`, (1, rows, columns)."""
    graph = OnnxGraph("constant")
    zero = np.zeros((table.size // CELLS, 3, 8, 8), np.float32)
    nought = graph.conv("images", zero, np.zeros(len(zero), np.float32), stride=8)
    shaped = graph.node("Reshape", [nought, graph.weight(np.array(table.shape, np.int64))])
    graph.node("Add", [shaped, graph.weight(table)], output="output0")
    shape = [1, 3, SIZE, SIZE]
    path.write_bytes(graph.to_bytes(("images", shape), ("output0", table.shape), "test"))
    return path


def v8_table(rows: dict[int, list[float]], classes: int = 1) -> npt.NDArray[np.float32]:
    table = np.zeros((1, 4 + classes, CELLS), np.float32)
    for cell, values in rows.items():
        table[0, :, cell] = values
    return table


def v5_table(rows: dict[int, list[float]], classes: int = 1) -> npt.NDArray[np.float32]:
    table = np.zeros((1, 3 * CELLS, 5 + classes), np.float32)
    for cell, values in rows.items():
        table[0, cell] = values
    return table


def test_messages_are_those_of_protocol_buffers():
    text = "a name" * 40
    made = FieldDescriptorProto.FromString(block(1, text) + number(3, -7) + number(9, 300))
    assert (made.name, made.number, made.oneof_index) == (text, -7, 300)
    read = dict(fields(memoryview(made.SerializeToString())))
    assert bytes(read[1]).decode() == text  # type: ignore[arg-type]
    assert read[9] == 300


@pytest.mark.parametrize("data", [b"\x0a\x05ab", b"\xff" * 12, b"\x0b"])
def test_bytes_that_are_no_message_are_refused(data: bytes):
    with pytest.raises(ValueError, match=r"ends? behind|not end|of kind"):
        list(fields(memoryview(data)))


def test_a_convolution_written_as_onnx_is_that_of_opencv(tmp_path: Path):
    rng = np.random.default_rng(0)
    picture = rng.random((1, 3, SIZE, SIZE), np.float32)
    weight = rng.normal(size=(1, 3, 3, 3)).astype(np.float32)
    graph = OnnxGraph("one")
    made = graph.conv("images", weight, np.array([0.5], np.float32), padding=1)
    graph.node("Relu", [made], output="output0")
    shape = [1, 3, SIZE, SIZE]
    path = tmp_path / "one.onnx"
    path.write_bytes(graph.to_bytes(("images", shape), ("output0", [1, 1, SIZE, SIZE]), "test"))
    net = cv2.dnn.readNetFromONNX(str(path))
    net.setInput(picture)
    expected = 0.5 + sum(
        cv2.filter2D(picture[0, plane], -1, weight[0, plane], borderType=cv2.BORDER_CONSTANT)
        for plane in range(3)
    )
    assert np.abs(net.forward()[0, 0] - np.maximum(expected, 0)).max() < 1e-4
    assert input_size(path) == (SIZE, SIZE)


def test_the_layout_is_told_by_the_shape():
    assert cells((640, 640)) >= {8400, 6400}
    assert layout_of([(1, 84, 8400)], (640, 640)) == Output("v8", 80)
    assert layout_of([(1, 25200, 85)], (640, 640)) == Output("v5", 80)
    assert layout_of([(1, 5, 8400)], (640, 640)) == Output("v8", 1)
    assert layout_of([(1, 25200, 6)], (640, 640)) == Output("v5", 1)
    assert layout_of([(1, 5, 2100)], (320, 320)) == Output("v8", 1)


@pytest.mark.parametrize(
    "shapes",
    [
        [(1, 300, 6)],
        [(1, 8400, 84)],
        [(1, 84, 8399)],
        [(2, 84, 8400)],
        [(84, 8400)],
        [(1, 84, 8400), (1, 32, 160, 160)],
        [(1, 255, 80, 80), (1, 255, 40, 40), (1, 255, 20, 20)],
    ],
)
def test_an_unknown_output_is_refused_with_its_shape(shapes: list[tuple[int, ...]]):
    with pytest.raises(ModelError, match=r"640x640 px; wanted one output") as told:
        layout_of(shapes, (640, 640))
    assert all(str(shape) in str(told.value) for shape in shapes)


def test_a_file_of_an_unknown_output_is_refused(tmp_path: Path):
    path = network(tmp_path / "odd.onnx", np.zeros((1, CELLS, 7), np.float32))
    with pytest.raises(ModelError, match=r"shape \(1, 144, 7\) is not known"):
        Yolo(path)


@pytest.mark.parametrize("data", [b"", b"plain text, no network", b"\x08\x08"])
def test_a_file_that_is_no_network_is_refused(tmp_path: Path, data: bytes):
    (tmp_path / "bad.onnx").write_bytes(data)
    with pytest.raises(ModelError, match=r"bad\.onnx"):
        Yolo(tmp_path / "bad.onnx")
    with pytest.raises(ModelError, match="missing or empty"):
        Yolo(tmp_path / "missing.onnx")


def test_both_layouts_say_the_same_of_the_same_boxes():
    first, second = [40.0, 30.0, 20.0, 10.0], [10.0, 12.0, 8.0, 6.0]
    one = read_output(v8_table({3: [*first, 0.2, 0.7], 9: [*second, 0.5, 0.1]}, 2), Output("v8", 2))
    other = read_output(
        v5_table({3: [*first, 0.5, 0.4, 1.0], 9: [*second, 1.0, 0.5, 0.1]}, 2), Output("v5", 2)
    )
    for found, score in ((one, 0.7), (other, 0.5)):
        assert found.boxes[3].tolist() == [30, 25, 50, 35]
        assert found.boxes[9].tolist() == [6, 9, 14, 15]
        assert found.scores[[3, 9]] == pytest.approx([score, 0.5])


def test_only_the_asked_for_classes_count():
    table = v8_table({3: [40, 30, 20, 10, 0.9, 0.2]}, 2)
    assert read_output(table, Output("v8", 2), [1]).scores[3] == pytest.approx(0.2)
    with pytest.raises(ModelError, match=r"classes \[2\] are asked for, but the network has 2"):
        read_output(table, Output("v8", 2), [2])


@pytest.mark.parametrize("layout", ["v5", "v8"])
def test_boxes_come_back_to_the_frame_and_of_two_alike_the_better_stays(
    tmp_path: Path, layout: str
):
    # A frame of 192 x 96 lies in the input at half its size, 24 px from the top.
    boxes = {4: [48.0, 48.0, 20.0, 10.0], 5: [49.0, 48.0, 20.0, 10.0], 90: [10.0, 30.0, 8.0, 8.0]}
    scores = {4: 0.6, 5: 0.9, 90: 0.3}
    rows = {
        cell: [*box, scores[cell]] if layout == "v8" else [*box, 1.0, scores[cell]]
        for cell, box in boxes.items()
    }
    table = v8_table(rows) if layout == "v8" else v5_table(rows)
    yolo = Yolo(network(tmp_path / "net.onnx", table))
    assert yolo.size_px == (SIZE, SIZE)
    (found,) = yolo.find(np.zeros((1, 96, 192, 3), np.uint8))
    assert found.scores == pytest.approx([0.9, 0.3])
    assert found.boxes == pytest.approx(np.array([[78, 38, 118, 58], [12, 4, 28, 20]]))
    assert len(Yolo(tmp_path / "net.onnx", least_score=0.95).find(
        np.zeros((1, 96, 192, 3), np.uint8))[0].boxes) == 0  # fmt: skip


def test_a_network_that_gives_no_numbers_is_refused(tmp_path: Path):
    path = network(tmp_path / "nan.onnx", v8_table({3: [np.nan, 1, 1, 1, 0.9]}))
    with pytest.raises(ModelError, match="not finite"):
        Yolo(path).find(np.zeros((1, 96, 96, 3), np.uint8))


@pytest.mark.parametrize("size", [(200, 100), (50, 120), (96, 96)])
def test_a_letterboxed_box_is_brought_back(size: tuple[int, int]):
    width, height = size
    frame = np.zeros((height, width, 3), np.uint8)
    frame[height // 4 : height // 2, width // 4 : width // 2] = 255
    given, how = fit(frame, (SIZE, SIZE))
    assert given.shape == (SIZE, SIZE, 3)
    rows, columns = np.nonzero(given[..., 0] > 150)
    seen = np.array([[columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]], np.float32)
    expected = [width // 4, height // 4, width // 2, height // 2]
    back = bring_back(seen, how, size)[0]
    assert np.abs(back - expected).max() <= 1.5 / how.scale
