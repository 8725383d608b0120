"""What the output of a YOLO network means, told by its shape.

N places, C classes

Two layouts are in use. YOLOv5's is (1, N, 5 + C): centre x and y, width, height, how surely
something is there, and the classes; three boxes a cell. YOLOv8's is (1, 4 + C, N): the same
without the fifth, columns for rows; one box a cell. How many cells there are follows from the
input's size, so that an output that only looks like one of them is not taken for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from rodepil.data.region.found import Boxes, Found
from rodepil.errors import ModelError

Layout = Literal["v5", "v8"]
_STRIDES = (4, 8, 16, 32, 64, 128)
_LARGEST_FIRST_STRIDE = 16
_ANCHORS = 3
_DIMENSIONS = 3
_LEAST_V5, _LEAST_V8 = 6, 5


class Output(NamedTuple):
    """An output's layout, and how many classes it has."""

    layout: Layout
    classes: int


def cells(size_px: tuple[int, int]) -> set[int]:
    """Return how many cells networks of usual strides have for an input of (width, height)."""
    counts = [(size_px[0] // stride) * (size_px[1] // stride) for stride in _STRIDES]
    return {
        sum(counts[first : last + 1])
        for first, stride in enumerate(_STRIDES)
        if stride <= _LARGEST_FIRST_STRIDE
        for last in range(first, len(_STRIDES))
    }


def layout_of(shapes: Sequence[Sequence[int]], size_px: tuple[int, int]) -> Output:
    """Tell the layout of a network's outputs.

    Parameters
    ----------
    shapes
        The shape of each output.
    size_px
        The input's width and height.

    Raises
    ------
    ModelError
        There are several outputs, or the shape is of neither layout.
    """
    known = cells(size_px)
    if len(shapes) == 1 and len(shapes[0]) == _DIMENSIONS and shapes[0][0] == 1:
        _, rows, columns = shapes[0]
        if columns >= _LEAST_V5 and rows % _ANCHORS == 0 and rows // _ANCHORS in known:
            return Output("v5", columns - 5)
        if rows >= _LEAST_V8 and columns in known:
            return Output("v8", rows - 4)
    wide, high = size_px
    shown = ", ".join(str(tuple(shape)) for shape in shapes)
    raise ModelError(
        f"the detector's output of shape {shown} is not known for an input of {wide}x{high} px; "
        "wanted one output: (1, 3*cells, 5+classes) as YOLOv5 gives it, or (1, 4+classes, cells) "
        "as YOLOv8 does, without non-maximum suppression within. Export the network so"
    )


def read_output(
    output: npt.NDArray[np.float32], how: Output, classes: Sequence[int] | None = None
) -> Found:
    """Return all boxes of an output, before suppression.

    Parameters
    ----------
    output
        What the network gave, of the shape that `how` was told from.
    how
        Its layout.
    classes
        Which classes count; by default all.

    Returns
    -------
    Found
        (N, 4) float32 left, top, right, bottom in pixels of the input; scores (N,): the best
        class', for v5 times how surely something is there.

    Raises
    ------
    ModelError
        A class is asked for that the network does not have.
    """
    rows = output[0] if how.layout == "v5" else output[0].T
    first = 5 if how.layout == "v5" else 4
    wanted = range(how.classes) if classes is None else classes
    if not wanted or not set(wanted) <= set(range(how.classes)):
        raise ModelError(
            f"classes {[*wanted]} are asked for, but the network has {how.classes}, counted from "
            "0; name some of these"
        )
    scores = rows[:, [first + index for index in wanted]].max(axis=1)
    if how.layout == "v5":
        scores = scores * rows[:, 4]
    return Found(_corners(rows[:, :4]), np.asarray(scores, np.float32))


def _corners(boxes: Boxes) -> Boxes:
    """Return centre and size (N, 4) as left, top, right, bottom."""
    half = boxes[:, 2:] / 2
    corners = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
    return np.asarray(corners, np.float32)
