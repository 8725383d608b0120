"""What an ONNX file says of its input, which OpenCV does not tell.

References
----------
The numbers of fields: onnx.proto of https://github.com/onnx/onnx.
"""

from __future__ import annotations

from pathlib import Path

from rodepil.data.region.wire import fields
from rodepil.errors import ModelError

_GRAPH, _INITIALIZER, _INPUT = 7, 5, 11
_TENSOR_NAME = 8
_DIMENSIONS = 4


def input_size(path: Path) -> tuple[int, int] | None:
    """Return width and height of a network's input in pixels.

    Parameters
    ----------
    path
        The ONNX file, with one input (1, 3, height, width).

    Returns
    -------
    tuple or None
        None where the file leaves a side open.

    Raises
    ------
    ModelError
        The file is missing or no ONNX file, or its input is no picture.
    """
    if not path.is_file() or not path.stat().st_size:
        raise ModelError(f"{path} is missing or empty; give the ONNX file of a detector")
    try:
        inputs = _inputs(path.read_bytes())
    except ValueError as error:
        raise ModelError(
            f"{path} is no ONNX file ({error}); export the detector as ONNX"
        ) from error
    if len(inputs) != 1 or len(inputs[0]) != _DIMENSIONS or inputs[0][1] not in (0, 3):
        raise ModelError(
            f"{path}: the inputs have the shapes {inputs}; wanted one of (1, 3, height, width)"
        )
    height, width = inputs[0][2:]
    return (width, height) if min(width, height) > 0 else None


def _inputs(data: bytes) -> list[tuple[int, ...]]:
    """Return the shape of each input that is no weight; 0 where a side is open."""
    graph = _one(memoryview(data), _GRAPH)
    weights = {_text(part, _TENSOR_NAME) for part in _all(graph, _INITIALIZER)}
    found = [part for part in _all(graph, _INPUT) if _text(part, 1) not in weights]
    return [_shape(part) for part in found]


def _shape(value_info: memoryview) -> tuple[int, ...]:
    """Return a shape: value_info.type.tensor_type.shape.dim[].dim_value."""
    shape = _one(_one(_one(value_info, 2), 1), 2)
    sides = []
    for dimension in _all(shape, 1):
        values = [value for key, value in fields(dimension) if key == 1]
        sides.append(values[0] if values and isinstance(values[0], int) else 0)
    return tuple(sides)


def _all(message: memoryview, field: int) -> list[memoryview]:
    return [
        value for key, value in fields(message) if key == field and isinstance(value, memoryview)
    ]


def _one(message: memoryview, field: int) -> memoryview:
    found = _all(message, field)
    if not found:
        msg = f"its field {field} is missing"
        raise ValueError(msg)
    return found[0]


def _text(message: memoryview, field: int) -> str:
    return bytes(next(iter(_all(message, field)), memoryview(b""))).decode(errors="replace")
