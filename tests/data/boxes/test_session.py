"""Keys while boxes are drawn."""

from __future__ import annotations

import pytest

from rodepil.data.boxes.editor import Box, Editor
from rodepil.data.boxes.keys import meaning
from rodepil.data.boxes.session import Request, Session, place

BOXES = (Box(10, 10, 100, 100, 1, "a"), Box(200, 10, 100, 100, 2, "b"))


@pytest.fixture
def session() -> Session:
    return Session(Editor((640, 480), BOXES))


def press(session: Session, *keys: str) -> list[Request]:
    asked = [session.key(key) for key in keys]
    return [request for request in asked if request is not None]


def names(session: Session) -> list[str]:
    return [box.subject for box in session.editor.boxes]


def test_letters_that_are_commands_can_be_typed_in_a_name(session: Session):
    session.editor.selected = 0
    assert press(session, "n", "erase", *"squid-3", "enter") == []
    assert names(session) == ["squid-3", "b"]


def test_escape_leaves_the_name_as_it_was(session: Session):
    session.editor.selected = 0
    press(session, "n", *"xyz", "escape")
    assert names(session) == ["a", "b"]


def test_shift_makes_one_capital_and_tab_all(session: Session):
    session.editor.selected = 0
    press(session, "n", "erase", "shift", *"ab", "tab", *"cd1ü", "tab", "e", "enter")
    assert names(session)[0] == "AbCD1Üe"


def test_a_letter_that_no_name_can_hold_is_refused_with_the_reason(session: Session):
    session.editor.selected = 0
    press(session, "n", "erase", "7", "_")
    assert "can't hold _" in session.message
    press(session, "3", "enter")
    assert names(session)[0] == "73"


def test_a_new_box_asks_for_its_name_at_once(session: Session):
    session.editor.press((400, 200))
    session.drawn(session.editor.release((500, 300)))
    assert session.mode == "name"
    press(session, *"new", "enter")
    assert names(session) == ["a", "b", "new"]


def test_going_on_with_the_mouse_takes_the_name(session: Session):
    session.editor.selected = 1
    press(session, "n", *"2")
    session.stop_typing()
    assert names(session) == ["a", "b2"]


def test_arrows_move_a_box_or_else_the_recording(session: Session):
    assert press(session, "right", "up") == [Request("step", 1), Request("skip", -10)]
    session.editor.selected = 0
    assert press(session, "right", "down", "down") == []
    assert session.editor.boxes[0] == Box(11, 12, 100, 100, 1, "a")


def test_quitting_asks_only_while_something_is_not_saved(session: Session):
    assert press(session, "q") == [Request("quit")]
    session.editor.selected = 0
    session.editor.nudge(1, 0)
    assert press(session, "q") == []
    assert press(session, "escape") == []
    assert press(session, "q", "q") == [Request("quit")]
    session.mode = "boxes"
    assert press(session, "q", "s") == [Request("save", 1)]


def test_commands_without_a_box_say_so(session: Session):
    press(session, "n")
    assert "select a box" in session.message
    press(session, "u")
    assert session.message == "nothing to undo"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1500", Request("frame", 1500)),
        ("12.5s", Request("second", 12.5)),
        ("0:50", Request("second", 50)),
        ("1:02:03.5", Request("second", 3723.5)),
        ("ten", None),
        ("-3", None),
    ],
)
def test_a_place_is_a_frame_or_a_time(text: str, wanted: Request | None):
    assert place(text) == wanted


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        (97, "a"), (65, "A"), (45, "-"), (-36, "ü"), (-33, "ß"), (13, "enter"), (65293, "enter"),
        (65361, "left"), (2424832, "left"), (63234, "left"), (65505, "shift"), (1, None),
        (65507, None), (-1, None),
    ],
)  # fmt: skip
def test_keys_of_all_backends_have_one_meaning(code: int, wanted: str | None):
    assert meaning(code) == wanted
