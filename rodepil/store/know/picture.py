"""Features as pictures that a person can look at.

Shapes: T frames, C channels, H W pixels; pictures are (H, W, 3) uint8, BGR.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from rodepil.errors import FeatureError
from rodepil.store.views.base import Array, Row

Picture = npt.NDArray[np.uint8]

PAPER, INK, PALE, LINE = (255, 255, 255), (30, 30, 30), (225, 225, 225), (170, 80, 0)
FONT, FONT_SCALE, LINE_PX, GAP_PX, MARGIN_PX = cv2.FONT_HERSHEY_SIMPLEX, 0.42, 17, 4, 12
MIN_TILE_PX, MIN_WIDTH_PX = 96, 560
CURVE_PX = (640, 240)
SHEET_SHAPE = 1.5
"""A sheet of frames is about that much wider than high."""
STRIP_ROWS, CELL_PX, MAX_HEAT_PX = 16, 16, 960
PAIR_AXES, PICTURE_AXES, VECTORS_AXES = 5, 4, 2


@dataclass(frozen=True)
class Notes:
    """What is known of a feature beside its numbers.

    Parameters
    ----------
    tiles
        What to write below each frame or pair, in order; by default its number.
    units
        What the numbers of columns are, by name.
    fps
        Frames a second of the clip, where that is known.
    """

    tiles: Sequence[str] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    fps: float | None = None


def draw(row: Row, main: str, words: Sequence[str], notes: Notes | None = None) -> Picture:
    """Draw a feature under some lines of text: frames, a curve, or numbers as a heat map.

    Parameters
    ----------
    row
        The feature's arrays by column; those of a single number are written below the text.
    main
        The column to draw.
    words
        Lines of text.
    notes
        What is written beside it.

    Raises
    ------
    FeatureError
        Nothing is known that shows such an array.
    """
    array, notes = row[main], notes or Notes()
    if array.dtype == np.uint8 and array.ndim in {PICTURE_AXES, PAIR_AXES}:
        drawn = contact_sheet(array, notes.tiles)
    elif array.ndim == 1 and _is_curve(row, main):
        drawn = curve(array, _worded(main, notes), notes.fps)
    elif 1 <= array.ndim <= VECTORS_AXES:
        drawn = heat_map(array, _worded(main, notes))
    else:
        raise FeatureError(
            f"no picture is known of {array.dtype} {array.shape}; write it as .npy or .npz"
        )
    return under(drawn, [*words, *_numbers(row, notes)])


def _worded(name: str, notes: Notes) -> str:
    unit = notes.units.get(name, "")
    return f"{name}, {unit}" if unit else name


def _is_curve(row: Row, main: str) -> bool:
    """Say whether a vector is a course in time: it stands with numbers that sum it up."""
    return any(array.ndim == 0 for name, array in row.items() if name != main)


def _numbers(row: Row, notes: Notes) -> list[str]:
    """Return a line for each single number."""
    single = {name: float(array) for name, array in row.items() if array.ndim == 0}
    return [f"{name} {value:.5g} {notes.units.get(name, '')}" for name, value in single.items()]


def contact_sheet(frames: Array, notes: Sequence[str] = ()) -> Picture:
    """Lay frames out in rows, each pair side by side and framed.

    Parameters
    ----------
    frames
        (T, C, H, W) or, in pairs, (T, 2, C, H, W) uint8, range [0, 255]; C is 1 or 3 (RGB).
    notes
        What to write below each; by default its number.
    """
    pairs = frames if frames.ndim == PAIR_AXES else frames[:, None]
    said = list(notes) if len(notes) == len(pairs) else [str(at) for at in range(len(pairs))]
    wide = max(map(width_px, said)) + GAP_PX
    tiles = [_noted(np.hstack([bgr(one) for one in each]), note, wide)
             for each, note in zip(pairs, said, strict=True)]  # fmt: skip
    height, width = tiles[0].shape[:2]
    columns = _columns(len(tiles), height / width)
    rows = math.ceil(len(tiles) / columns)
    shape = (rows * (height + GAP_PX) - GAP_PX, columns * (width + GAP_PX) - GAP_PX, 3)
    sheet = np.full(shape, PAPER, dtype=np.uint8)
    for at, tile in enumerate(tiles):
        top, left = at // columns * (height + GAP_PX), at % columns * (width + GAP_PX)
        sheet[top : top + height, left : left + width] = tile
    return sheet


def _columns(tiles: int, steepness: float) -> int:
    """Return how many tiles stand in a row: a sheet for a screen, with few places left over."""
    ideal = max(1.0, math.sqrt(tiles * steepness * SHEET_SHAPE))
    choice = range(max(1, round(ideal / 1.5)), max(1, round(ideal * 1.5)) + 1)
    return min(min(choice, key=lambda columns: (-tiles % columns, abs(columns - ideal))), tiles)


def bgr(frame: Array) -> Picture:
    """Return (C, H, W) as BGR, small pictures enlarged pixel by pixel."""
    picture = frame.transpose(1, 2, 0)
    if picture.shape[2] == 1:
        picture = np.repeat(picture, 3, axis=2)
    factor = max(1, math.ceil(MIN_TILE_PX / picture.shape[0]))
    return np.ascontiguousarray(enlarged(picture[..., ::-1], factor, factor))


def enlarged(picture: Array, high_px: int, wide_px: int) -> Array:
    """Return each pixel as a block."""
    return picture.repeat(high_px, axis=0).repeat(wide_px, axis=1)


def _noted(tile: Picture, note: str, wide: int) -> Picture:
    """Write a note below a tile, so that no pixel is hidden; the tile is as wide as any note."""
    tile = _widened(tile, max(wide, tile.shape[1]))
    strip = np.full((LINE_PX, tile.shape[1], 3), PAPER, dtype=np.uint8)
    write(strip, note, (1, LINE_PX - 5))
    return np.vstack([tile, strip])


def curve(values: Array, name: str = "", fps: float | None = None) -> Picture:
    """Draw a course of numbers over their places, with the ends of both axes.

    Parameters
    ----------
    values
        (N,), a number for each frame from the second on.
    name
        What they are.
    fps
        Frames a second, for an axis of seconds.
    """
    width, height = CURVE_PX
    sheet = np.full((height, width, 3), PAPER, dtype=np.uint8)
    left, right, top, bottom = 56, width - 8, 10 + LINE_PX, height - 22
    cv2.rectangle(sheet, (left, top), (right, bottom), PALE, 1)
    finite = values[np.isfinite(values)]
    low, high = (min(0.0, float(finite.min())), float(finite.max())) if finite.size else (0.0, 1.0)
    span = high - low or 1.0
    x = np.linspace(left, right, max(len(values), 2))[: len(values)]
    y = bottom - (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) / span * (
        bottom - top
    )
    points = np.stack([x, y], axis=1).round().astype(np.int32)
    cv2.polylines(sheet, [points], isClosed=False, color=LINE, thickness=1, lineType=cv2.LINE_AA)
    write(sheet, name, (left, LINE_PX - 5))
    write(sheet, f"{high:.4g}", (2, top + 8))
    write(sheet, f"{low:.4g}", (2, bottom))
    _under_curve(sheet, len(values), (left, right), fps)
    return sheet


def _under_curve(sheet: Picture, count: int, ends: tuple[int, int], fps: float | None) -> None:
    """Write what the axis of a curve is, with its ends and its middle."""
    line, (left, right) = sheet.shape[0] - 6, ends
    for at in (0, (count - 1) // 2, count - 1):
        x = left + round((right - left) * at / max(count - 1, 1))
        # the first number is of the second frame
        text = f"{(at + 1) / fps:.2f} s" if fps else f"frame {at + 1}"
        before = 0 if at == 0 else width_px(text) // (1 if at == count - 1 else 2)
        write(sheet, text, (x - before, line))


def heat_map(values: Array, name: str = "") -> Picture:
    """Draw numbers as colours: a sequence with time from left to right, a vector in rows.

    Parameters
    ----------
    values
        (T, C), of which the first channel is on top, or (C,).
    name
        What they are.
    """
    table = values.T if values.ndim == VECTORS_AXES else _in_rows(values)
    table = table.astype(np.float64)
    finite = table[np.isfinite(table)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    scaled = (np.nan_to_num(table, nan=low, posinf=high, neginf=low) - low) / (high - low or 1.0)
    high_px, wide_px = (max(1, min(CELL_PX, MAX_HEAT_PX // length)) for length in table.shape)
    levels = enlarged((scaled * 255).round().astype(np.uint8), high_px, wide_px)
    colours = np.asarray(cv2.applyColorMap(levels, cv2.COLORMAP_VIRIDIS), dtype=np.uint8)
    colours[enlarged(~np.isfinite(table), high_px, wide_px)] = PALE
    said = [*_axes(values.shape, table.shape), f"{name}: dark {low:.4g}, bright {high:.4g}"]
    return _over(colours, said)


def _axes(shape: tuple[int, ...], drawn: tuple[int, ...]) -> list[str]:
    """Return how a heat map is to be read."""
    if len(shape) == VECTORS_AXES:
        return [
            f"left to right: windows 0 to {shape[0] - 1}, in time (the array's first axis)",
            f"top to bottom: channels 0 to {shape[1] - 1} (its second axis)",
        ]
    return [f"channels 0 to {shape[0] - 1}, {drawn[1]} a row, read as lines of text"]


def _over(picture: Picture, lines: Sequence[str]) -> Picture:
    """Put lines of text below a picture."""
    width = max(picture.shape[1], MIN_WIDTH_PX, *map(width_px, lines))
    foot = np.full((LINE_PX * len(lines), width, 3), PAPER, dtype=np.uint8)
    for at, line in enumerate(lines):
        write(foot, line, (0, LINE_PX * (at + 1) - 5))
    return np.vstack([_widened(picture, width), foot])


def _in_rows(values: Array) -> Array:
    """Return a vector in 16 rows, what is left over as no number."""
    rows = min(STRIP_ROWS, len(values))
    columns = math.ceil(len(values) / rows)
    table = np.full(rows * columns, np.nan)
    table[: len(values)] = values
    return table.reshape(rows, columns)


def under(drawn: Picture, words: Sequence[str]) -> Picture:
    """Put lines of text above a picture, and paper around it."""
    longest = max((width_px(line) for line in words), default=0)
    width = max(drawn.shape[1], longest, MIN_WIDTH_PX)
    head = np.full((LINE_PX * len(words) + GAP_PX, width, 3), PAPER, dtype=np.uint8)
    for at, line in enumerate(words):
        write(head, line, (0, LINE_PX * (at + 1) - 4))
    whole = np.vstack([head, _widened(drawn, width)])
    edge = (MARGIN_PX,) * 4
    return np.asarray(cv2.copyMakeBorder(whole, *edge, cv2.BORDER_CONSTANT, value=PAPER))


def _widened(picture: Picture, width: int) -> Picture:
    """Add paper to the right."""
    paper = np.full((picture.shape[0], width - picture.shape[1], 3), PAPER, dtype=np.uint8)
    return np.hstack([picture, paper])


def write(picture: Picture, text: str, at: tuple[int, int]) -> None:
    """Write a line of text; `at` is the left end of its base line, x and y."""
    cv2.putText(picture, _plain(text), at, FONT, FONT_SCALE, INK, 1, cv2.LINE_AA)


def width_px(text: str) -> int:
    """Return how wide a line of text is."""
    return int(cv2.getTextSize(_plain(text), FONT, FONT_SCALE, 1)[0][0])


def _plain(text: str) -> str:
    """Return what OpenCV can write: its letters are ASCII's."""
    return text.encode("ascii", "replace").decode()


def encoded(picture: Picture, suffix: str) -> bytes:
    """Return a picture in the format of a suffix, ``.png`` or ``.jpg``."""
    done, data = cv2.imencode(suffix, picture)
    if not done:
        raise FeatureError(f"the picture can't be written as {suffix}; take .png")
    return bytes(data)


def arrays_of(row: Mapping[str, Array]) -> dict[str, Array]:
    """Return copies of arrays, which outlive the shard."""
    return {name: np.array(array) for name, array in row.items()}
