"""Write a small network as ONNX without ONNX's own packages: a row of nodes and their weights.

B = 1, C channels, H W pixels

References
----------
The numbers of fields: onnx.proto of https://github.com/onnx/onnx. The operators: opset 13.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rodepil.data.region.wire import block, number

Array = npt.NDArray[np.float32] | npt.NDArray[np.int64]
OPSET, IR_VERSION = 13, 8
_FLOAT, _INT64 = 1, 7
_ATTRIBUTE_INT, _ATTRIBUTE_INTS = 2, 7


class OnnxGraph:
    """A network that is built node by node; each call returns the name of what it makes.

    Parameters
    ----------
    name
        The network's name.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[bytes] = []
        self._weights: list[bytes] = []

    def conv(
        self,
        given: str,
        weight: npt.NDArray[np.float32],
        bias: npt.NDArray[np.float32],
        *,
        stride: int = 1,
        padding: int = 0,
        dilation: int = 1,
    ) -> str:
        """Add a convolution of weight (out, in, k, k) and bias (out,)."""
        attributes: dict[str, int | list[int]] = {
            "kernel_shape": list(weight.shape[2:]),
            "strides": [stride] * 2,
            "pads": [padding] * 4,
            "dilations": [dilation] * 2,
            "group": 1,
        }
        inputs = [given, self.weight(weight), self.weight(bias)]
        return self.node("Conv", inputs, attributes)

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        attributes: dict[str, int | list[int]] | None = None,
        *,
        output: str | None = None,
    ) -> str:
        """Add a node with one output, named `output` or by its number."""
        name = output or f"{operator.lower()}_{len(self._nodes)}"
        parts = [block(1, one) for one in inputs]
        parts += [block(2, name), block(3, f"node_{len(self._nodes)}"), block(4, operator)]
        parts += [block(5, _attribute(key, value)) for key, value in (attributes or {}).items()]
        self._nodes.append(b"".join(parts))
        return name

    def weight(self, values: Array) -> str:
        """Add a constant, float32 or int64, and return its name."""
        name = f"weight_{len(self._weights)}"
        kind = _INT64 if values.dtype == np.int64 else _FLOAT
        little = np.ascontiguousarray(values, values.dtype.newbyteorder("<"))
        parts = [number(1, side) for side in values.shape]
        parts += [number(2, kind), block(8, name), block(9, little.tobytes())]
        self._weights.append(b"".join(parts))
        return name

    def to_bytes(
        self, given: tuple[str, Sequence[int]], made: tuple[str, Sequence[int]], producer: str
    ) -> bytes:
        """Return the file of the network.

        Parameters
        ----------
        given, made
            Name and shape of its input and of its output, both float32.
        producer
            Who made it.
        """
        graph = [block(1, node) for node in self._nodes]
        graph += [block(2, self._name)]
        graph += [block(5, weight) for weight in self._weights]
        graph += [block(11, _value_info(*given)), block(12, _value_info(*made))]
        opset = block(1, "") + number(2, OPSET)
        model = [number(1, IR_VERSION), block(2, producer), block(7, b"".join(graph))]
        return b"".join([*model, block(8, opset)])


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return block(1, name) + number(3, value) + number(20, _ATTRIBUTE_INT)
    listed = b"".join(number(8, one) for one in value)
    return block(1, name) + listed + number(20, _ATTRIBUTE_INTS)


def _value_info(name: str, shape: Sequence[int]) -> bytes:
    dimensions = b"".join(block(1, number(1, side)) for side in shape)
    tensor = number(1, _FLOAT) + block(2, dimensions)
    return block(1, name) + block(2, block(1, tensor))
