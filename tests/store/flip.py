"""Flip the bits of a shard, one after the other, and read it each time, in a process of its own.

``python flip.py SHARD BITS`` flips so many bits of every byte. It prints the shard's bytes, and how
many flips were found, how many changed nothing that is read, and how many did something else, with
some of these.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa

from rodepil.errors import DamagedFeature
from rodepil.store.shards import Shard

What = list[tuple[pa.RecordBatch, dict[str, bytes]]]


def read(path: Path) -> What:
    """Return all that a shard holds, as Arrow data and as bytes of arrays, checked first."""
    shard, rows = Shard(path), []
    for row in range(len(shard.keys)):
        shard.check(row)
        arrays = {
            name: repr((array.dtype, array.shape)).encode() + array.tobytes()
            for name, array in shard.arrays(row).items()
        }
        rows.append((shard.batch(row), arrays))
    return rows


def same(one: What, two: What) -> bool:
    """Say whether what was read is the same, validity and types included."""
    return len(one) == len(two) and all(
        first.schema.equals(second.schema)
        and first.to_pylist() == second.to_pylist()
        and [column.null_count for column in second.columns] == [0] * first.num_columns
        and first_arrays == second_arrays
        for (first, first_arrays), (second, second_arrays) in zip(one, two, strict=True)
    )


def main(path: Path, bits: int) -> None:
    """Flip each bit, read, and flip it back."""
    whole = bytearray(path.read_bytes())
    expected = read(path)
    found = harmless = 0
    wrong = []
    with path.open("r+b", buffering=0) as stream:
        for position, value in enumerate(whole):
            for bit in ((position + each) % 8 for each in range(bits)):
                stream.seek(position)
                stream.write(bytes([value ^ 1 << bit]))
                try:
                    got = read(path)
                except DamagedFeature:
                    found += 1
                    continue
                except Exception as error:  # noqa: BLE001 - every other error is a fault to be told
                    wrong.append((position, bit, repr(error)))
                    continue
                if same(expected, got):
                    harmless += 1
                else:
                    wrong.append((position, bit, "changed"))
            stream.seek(position)
            stream.write(bytes([value]))
    sys.stdout.write(f"{len(whole)} {found} {harmless} {len(wrong)} {wrong[:20]}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
