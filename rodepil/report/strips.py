"""Rows of pictures, one below the other, under what each is.

Shapes: n pictures a row, H W pixels; a sheet is (H, W, 3) uint8, BGR.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rodepil.report.seen import Strip
from rodepil.store.know.picture import (
    GAP_PX,
    LINE_PX,
    MIN_WIDTH_PX,
    PAPER,
    Picture,
    bgr,
    under,
    width_px,
    write,
)

BETWEEN_PX = 10


def sheet_of(strips: Sequence[Strip], heads: Sequence[str], words: Sequence[str]) -> Picture:
    """Draw rows of pictures under some lines of text.

    Parameters
    ----------
    strips
        The rows, of n pictures each.
    heads
        What stands above each of the n pictures of the first row.
    words
        What the sheet is; lines too long for it are broken.
    """
    rows = [_row(strip) for strip in strips]
    width = max(MIN_WIDTH_PX, *(row.shape[1] for row in rows))
    drawn = []
    for at, (strip, row) in enumerate(zip(strips, rows, strict=True)):
        drawn += [_text(broken(strip.words, width), width), _paper(GAP_PX // 2, width)]
        if at == 0:
            drawn.append(_heads(heads, bgr(strip.pictures[0].numpy()).shape[1], width))
        drawn += [_as_wide(row, width), _paper(BETWEEN_PX, width)]
    lines = [part for line in words for part in broken(line, width)]
    return under(np.vstack(drawn), lines)


def broken(text: str, wide_px: int) -> list[str]:
    """Return a text in lines of at most that width, broken between words."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and width_px(longer) > wide_px:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _row(strip: Strip) -> Picture:
    """Lay pictures side by side, and after them what their colours mean."""
    tiles = [bgr(picture.numpy()) for picture in strip.pictures]
    if strip.legend is not None:
        tiles.append(_as_high(bgr(strip.legend.numpy()), tiles[0].shape[0]))
    gap = np.full((tiles[0].shape[0], GAP_PX, 3), PAPER, dtype=np.uint8)
    spaced = [part for tile in tiles for part in (tile, gap)]
    return np.hstack(spaced[:-1])


def _heads(heads: Sequence[str], tile_px: int, width: int) -> Picture:
    strip = _paper(LINE_PX, width)
    for at, head in enumerate(heads):
        write(strip, head, (at * (tile_px + GAP_PX), LINE_PX - 5))
    return strip


def _text(lines: Sequence[str], width: int) -> Picture:
    strip = _paper(LINE_PX * len(lines), width)
    for at, line in enumerate(lines):
        write(strip, line, (0, LINE_PX * (at + 1) - 5))
    return strip


def _paper(height: int, width: int) -> Picture:
    return np.full((height, width, 3), PAPER, dtype=np.uint8)


def _as_wide(picture: Picture, width: int) -> Picture:
    return np.hstack([picture, _paper(picture.shape[0], width - picture.shape[1])])


def _as_high(picture: Picture, height: int) -> Picture:
    """Add paper below; what is higher stays."""
    return np.vstack([picture, _paper(max(0, height - picture.shape[0]), picture.shape[1])])
