"""The encoding of protocol buffers, as far as ONNX files need it.

A message is a row of fields: a key (number and kind of the field) and a value. Numbers are
varints, seven bits a byte, the lowest first; everything else is a length and so many bytes.

References
----------
https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from collections.abc import Iterator

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_MORE = 0x80
_LONGEST_VARINT = 10
_WORD = 1 << 64


def number(field: int, value: int) -> bytes:
    """Return a field that holds an integer; a negative one as its two's complement of 64 bits."""
    return _varint(field << 3 | _VARINT) + _varint(value % _WORD)


def block(field: int, value: bytes | str) -> bytes:
    """Return a field that holds bytes, a text or another message."""
    data = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | _BYTES) + _varint(len(data)) + data


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yield number and value of each field of a message.

    Raises
    ------
    ValueError
        The bytes are no message, or they end too early.
    """
    at = 0
    while at < len(message):
        key, at = _read_varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _read_varint(message, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, at = _read_varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            msg = f"a field of kind {kind}"
            raise ValueError(msg)
        if at + length > len(message):
            msg = "a field that ends behind the file"
            raise ValueError(msg)
        yield key >> 3, message[at : at + length]
        at += length


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= _MORE:
        out.append(value % _MORE | _MORE)
        value //= _MORE
    out.append(value)
    return bytes(out)


def _read_varint(message: memoryview, at: int) -> tuple[int, int]:
    """Return the number that starts at `at`, and where it ends."""
    value = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte % _MORE) << 7 * place
        if byte < _MORE:
            return value, at + place + 1
    msg = "a number that does not end"
    raise ValueError(msg)
