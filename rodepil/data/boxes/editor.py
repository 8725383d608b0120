"""Boxes under a hand: drawn, moved, resized, named and numbered, each step undone and redone.

No window is needed: points are pixels of the upright frame, whoever they come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rodepil.data.cages import SMALLEST_PX
from rodepil.io.names import is_part

Point = tuple[int, int]
Side = Literal[-1, 0, 1]
_STEPS_KEPT = 500


@dataclass(frozen=True)
class Box:
    """A cage's box: left, top, width and height in pixels; a name may still be wanting."""

    x: int
    y: int
    width: int
    height: int
    position: int
    subject: str = ""

    @property
    def right(self) -> int:
        """The first column behind the box."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first row below the box."""
        return self.y + self.height

    def holds(self, point: Point) -> bool:
        """Say whether `point` lies in the box."""
        return self.x <= point[0] < self.right and self.y <= point[1] < self.bottom


@dataclass(frozen=True)
class _Grip:
    """What the mouse holds: since where, which sides of the box follow it, and the box before."""

    start: Point
    sides: tuple[Side, Side] | None
    before: Box | None


class Editor:
    """The boxes of one frame and everything that a hand does to them.

    Parameters
    ----------
    size_px
        Width and height of the upright frame; no box leaves it.
    boxes
        What is there already.
    """

    def __init__(self, size_px: tuple[int, int], boxes: Sequence[Box] = ()) -> None:
        self.size_px = size_px
        self.selected: int | None = None
        self._boxes = self._saved = tuple(boxes)
        self._undo: list[tuple[Box, ...]] = []
        self._redo: list[tuple[Box, ...]] = []
        self._grip: _Grip | None = None
        self._live: Box | None = None

    @property
    def boxes(self) -> tuple[Box, ...]:
        """The boxes, that under the mouse as it would become."""
        if self._live is None:
            return self._boxes
        if self._grip is not None and self._grip.before is None:
            return (*self._boxes, self._live)
        return self._with(self._live)

    @property
    def changed(self) -> bool:
        """Whether something differs from what was saved."""
        return self._boxes != self._saved

    @property
    def box(self) -> Box | None:
        """The selected box."""
        return None if self.selected is None else self._boxes[self.selected]

    def mark_saved(self) -> None:
        """Take the boxes as they stand for saved."""
        self._saved = self._boxes

    def press(self, point: Point, reach_px: float = 6) -> None:
        """Take hold: of the selected box's edge, of a box, or of the empty frame to draw one.

        Parameters
        ----------
        point
            Where, in pixels of the frame.
        reach_px
            How near to an edge is on it.
        """
        sides = self._edge(point, reach_px)
        if sides is None:
            self.selected = self._under(point)
        self._grip = _Grip(point, sides, self.box)

    def drag(self, point: Point) -> None:
        """Follow the mouse to `point` while it is held."""
        grip = self._grip
        if grip is None:
            return
        if grip.before is None:
            self._live = self._between(grip.start, point)
        elif grip.sides is None:
            dx, dy = point[0] - grip.start[0], point[1] - grip.start[1]
            self._live = self._moved(grip.before, dx, dy)
        else:
            self._live = self._resized(grip.before, grip.sides, point)

    def release(self, point: Point, *, slack_px: float = 0) -> Literal["drawn", "small"] | None:
        """Let go at `point`, and say whether a box was drawn, or one too small to be meant.

        Parameters
        ----------
        point
            Where, in pixels of the frame.
        slack_px
            A box that was moved by no more stays where it was: a click is no move.
        """
        self.drag(point)
        grip, live = self._grip, self._live
        self._grip = self._live = None
        if grip is None or live is None:
            return None
        far = max(abs(point[0] - grip.start[0]), abs(point[1] - grip.start[1]))
        if grip.before is not None:
            if far > slack_px:
                self._commit(self._with(live))
            return None
        if min(live.width, live.height) < SMALLEST_PX:
            return "small" if far > slack_px else None
        self._commit((*self._boxes, live))
        self.selected = len(self._boxes) - 1
        return "drawn"

    def let_go(self) -> None:
        """Forget what the mouse holds, and select nothing."""
        self._grip = self._live = self.selected = None

    def select_next(self) -> None:
        """Select the box after the selected one."""
        if self._boxes:
            self.selected = 0 if self.selected is None else (self.selected + 1) % len(self._boxes)

    def rename(self, subject: str) -> None:
        """Name the rat in the selected box."""
        if self.box:
            self._commit(self._with(replace(self.box, subject=subject.strip())))

    def renumber(self, position: int) -> None:
        """Give the selected box a position; a box that has it takes the selected one's."""
        box = self.box
        if not box:
            return
        changed = [
            replace(other, position=box.position) if other.position == position else other
            for other in self._boxes
        ]
        changed[self._boxes.index(box)] = replace(box, position=position)
        self._commit(tuple(changed))

    def order(self) -> None:
        """Give all boxes new numbers from 1: rows from the top, in a row from the left."""
        rows: list[list[Box]] = []
        for box in sorted(self._boxes, key=lambda box: box.y + box.height / 2):
            row = rows[-1] if rows else []
            if row and box.y + box.height / 2 < row[0].bottom:
                row.append(box)
            else:
                rows.append([box])
        ordered = [box for row in rows for box in sorted(row, key=lambda box: box.x)]
        numbers = {box: number for number, box in enumerate(ordered, start=1)}
        self._commit(tuple(replace(box, position=numbers[box]) for box in self._boxes))

    def nudge(self, dx: int, dy: int) -> None:
        """Move the selected box by so many pixels."""
        if self.box:
            self._commit(self._with(self._moved(self.box, dx, dy)))

    def delete(self) -> None:
        """Delete the selected box."""
        if self.box:
            self._commit(tuple(box for box in self._boxes if box is not self.box))
            self.selected = None

    def undo(self) -> bool:
        """Go back one step; say whether there was one."""
        return self._go(self._undo, self._redo)

    def redo(self) -> bool:
        """Take back the last undo; say whether there was one."""
        return self._go(self._redo, self._undo)

    def problems(self) -> list[str]:
        """Say what keeps the boxes from being saved, one line each."""
        found = [
            f"box {box.position} has no name: click it, press n, type the rat"
            if not box.subject
            else f"'{box.subject}' can't name a rat: no underscore, slash or one of <>:\"|?*"
            for box in self._boxes
            if not is_part(box.subject)
        ]
        for what, values in (
            ("position", [str(box.position) for box in self._boxes]),
            ("rat", [box.subject for box in self._boxes if box.subject]),
        ):
            twice = sorted({value for value in values if values.count(value) > 1})
            found += [f"{what} {value} stands twice: press p or n to change one" for value in twice]
        places = [(box.x, box.y, box.width, box.height) for box in self._boxes]
        if len(set(places)) < len(places):
            found.append("two boxes lie on each other exactly: delete one")
        return found

    def _commit(self, boxes: tuple[Box, ...]) -> None:
        if boxes != self._boxes:
            self._undo = [*self._undo[-_STEPS_KEPT:], self._boxes]
            self._redo.clear()
            self._boxes = boxes

    def _go(self, source: list[tuple[Box, ...]], target: list[tuple[Box, ...]]) -> bool:
        if not source:
            return False
        self.let_go()
        target.append(self._boxes)
        self._boxes = source.pop()
        return True

    def _with(self, changed: Box) -> tuple[Box, ...]:
        return tuple(
            changed if index == self.selected else box for index, box in enumerate(self._boxes)
        )

    def _under(self, point: Point) -> int | None:
        """Return the smallest box under `point`, so that one within another can be reached."""
        under = [index for index, box in enumerate(self._boxes) if box.holds(point)]
        return min(under, key=lambda i: self._boxes[i].width * self._boxes[i].height, default=None)

    def _edge(self, point: Point, reach_px: float) -> tuple[Side, Side] | None:
        """Return which sides of the selected box are near: -1 left or top, 1 right or bottom."""
        box = self.box
        if box is None:
            return None
        (x, y), near = point, reach_px
        if not (box.x - near <= x < box.right + near and box.y - near <= y < box.bottom + near):
            return None
        along = _near_side(x, box.x, box.right, near)
        down = _near_side(y, box.y, box.bottom, near)
        return (along, down) if along or down else None

    def _between(self, start: Point, end: Point) -> Box:
        """Return the box between two points, both within it."""
        (left, right), (top, bottom) = (
            sorted(min(max(value, 0), limit - 1) for value in pair)
            for pair, limit in zip(zip(start, end, strict=True), self.size_px, strict=True)
        )
        return Box(left, top, right - left + 1, bottom - top + 1, self._free_position())

    def _moved(self, box: Box, dx: int, dy: int) -> Box:
        width, height = self.size_px
        return replace(
            box,
            x=min(max(box.x + dx, 0), width - box.width),
            y=min(max(box.y + dy, 0), height - box.height),
        )

    def _resized(self, box: Box, sides: tuple[Side, Side], point: Point) -> Box:
        width, height = self.size_px
        left, right = _stretched(box.x, box.right, sides[0], point[0], width)
        top, bottom = _stretched(box.y, box.bottom, sides[1], point[1], height)
        return replace(box, x=left, y=top, width=right - left, height=bottom - top)

    def _free_position(self) -> int:
        taken = {box.position for box in self._boxes}
        return next(number for number in range(1, len(taken) + 2) if number not in taken)


def _near_side(value: int, low: int, high: int, reach: float) -> Side:
    if min(abs(value - low), abs(value - high)) > reach:
        return 0
    return -1 if abs(value - low) <= abs(value - high) else 1


def _stretched(low: int, high: int, side: Side, to: int, limit: int) -> tuple[int, int]:
    """Return an interval one end of which follows the mouse, no shorter than the smallest box."""
    if side < 0:
        low = min(max(to, 0), high - SMALLEST_PX)
    if side > 0:
        high = max(min(to + 1, limit), low + SMALLEST_PX)
    return low, high
