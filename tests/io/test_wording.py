"""One thing is not many."""

from __future__ import annotations

import pytest

from rodepil.io.wording import by_number


@pytest.mark.parametrize(
    ("count", "says"),
    [(0, "0 clips have"), (1, "1 clip has"), (2, "2 clips have"), (1234, "1,234 clips have")],
)
def test_words_follow_the_number(count: int, says: str) -> None:
    assert by_number(count, "clip has", "clips have") == says
