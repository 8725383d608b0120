"""Boxes under a hand."""

from __future__ import annotations

import random

import pytest

from rodepil.data.boxes.editor import Box, Editor

SIZE = 640, 480


def drawn(*corners: tuple[int, int, int, int]) -> Editor:
    editor = Editor(SIZE)
    for x, y, right, bottom in corners:
        editor.let_go()
        editor.press((x, y))
        editor.release((right, bottom))
    return editor


@pytest.mark.parametrize(
    ("start", "end"), [((10, 20), (109, 79)), ((109, 79), (10, 20)), ((10, 79), (109, 20))]
)
def test_a_drag_from_any_corner_makes_the_box_that_holds_both_ends(
    start: tuple[int, int], end: tuple[int, int]
):
    editor = drawn((*start, *end))
    assert editor.boxes == (Box(10, 20, 100, 60, 1),)


def test_a_box_drawn_past_the_frame_ends_with_the_frame():
    assert drawn((600, 400, 900, 900)).boxes == (Box(600, 400, 40, 80, 1),)


def test_a_new_box_takes_the_smallest_free_position():
    editor = drawn((0, 0, 50, 50), (100, 0, 150, 50), (200, 0, 250, 50))
    editor.selected = 1
    editor.delete()
    editor.let_go()
    editor.press((300, 300))
    editor.release((400, 400))
    assert [box.position for box in editor.boxes] == [1, 3, 2]


def test_a_box_under_16_px_is_none():
    editor = Editor(SIZE)
    editor.press((10, 10))
    assert editor.release((24, 200)) == "small"
    assert editor.boxes == ()


def test_a_click_selects_and_moves_nothing():
    editor = drawn((100, 100, 199, 199))
    editor.let_go()
    editor.press((150, 150))
    editor.release((152, 151), slack_px=3)
    assert editor.selected == 0
    assert editor.boxes == (Box(100, 100, 100, 100, 1),)


def test_a_drag_inside_moves_a_box_and_keeps_it_in_the_frame():
    editor = drawn((100, 100, 199, 199))
    editor.press((150, 150))
    editor.drag((160, 170))
    assert editor.boxes == (Box(110, 120, 100, 100, 1),)
    editor.release((2000, 2000))
    assert editor.boxes == (Box(540, 380, 100, 100, 1),)


@pytest.mark.parametrize(
    ("grip", "to", "wanted"),
    [
        ((100, 150), (80, 150), (80, 100, 120, 100)),
        ((199, 199), (249, 219), (100, 100, 150, 120)),
        ((150, 100), (150, 190), (100, 184, 100, 16)),
        ((199, 150), (5000, 150), (100, 100, 540, 100)),
    ],
)
def test_an_edge_of_the_selected_box_follows_the_mouse(
    grip: tuple[int, int], to: tuple[int, int], wanted: tuple[int, int, int, int]
):
    editor = drawn((100, 100, 199, 199))
    editor.press(grip)
    editor.release(to)
    assert editor.boxes == (Box(*wanted, 1),)


def test_order_numbers_rows_from_the_top_and_each_from_the_left():
    editor = drawn((300, 210, 400, 300), (10, 220, 100, 310), (320, 5, 400, 90), (5, 10, 90, 100))
    editor.order()
    assert [box.position for box in editor.boxes] == [4, 3, 2, 1]


def test_a_position_that_is_taken_is_swapped():
    editor = drawn((0, 0, 50, 50), (100, 0, 150, 50))
    editor.selected = 0
    editor.renumber(2)
    assert [box.position for box in editor.boxes] == [2, 1]


def test_undo_takes_back_every_step_and_redo_brings_it_again():
    dice = random.Random(5)  # noqa: S311 - no secret
    editor = Editor(SIZE, [Box(50, 50, 100, 100, 1, "70-3")])
    history = [editor.boxes]
    for _ in range(300):
        point, other = ((dice.randint(-50, 700), dice.randint(-50, 500)) for _ in range(2))
        editor.selected = dice.choice([None, *range(len(editor.boxes))])
        dice.choice(
            [
                lambda p=point, q=other: (editor.press(p), editor.release(q)),
                lambda p=point: editor.nudge(*p),
                editor.delete,
                editor.order,
                lambda p=point: editor.rename(f"rat {p[0]}"),
                lambda p=point: editor.renumber(abs(p[1])),
            ]
        )()
        if editor.boxes != history[-1]:
            history.append(editor.boxes)
        for box in editor.boxes:
            assert 0 <= box.x < box.right <= 640
            assert 0 <= box.y < box.bottom <= 480
            assert min(box.width, box.height) >= 16
    assert len(history) > 100
    for boxes in reversed(history[:-1]):
        assert editor.undo()
        assert editor.boxes == boxes
    assert not editor.undo()
    for boxes in history[1:]:
        assert editor.redo()
        assert editor.boxes == boxes
    assert not editor.redo()


def test_boxes_without_names_or_with_one_twice_are_problems():
    editor = drawn((0, 0, 50, 50), (100, 0, 150, 50), (200, 0, 250, 50))
    for index, name in ((0, "70-3"), (1, "70-3")):
        editor.selected = index
        editor.rename(name)
    problems = " / ".join(editor.problems())
    assert "box 3 has no name" in problems
    assert "rat 70-3 stands twice" in problems
    editor.selected = 1
    editor.rename("70_4")
    assert "'70_4' can't name a rat" in " / ".join(editor.problems())


def test_changed_tells_boxes_from_saved_ones():
    editor = drawn((0, 0, 50, 50))
    assert editor.changed
    editor.mark_saved()
    assert not editor.changed
    editor.nudge(1, 0)
    assert editor.changed
    editor.undo()
    assert not editor.changed
