"""What several folders of tests share."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rodepil.trials.ray_session import Resources

TESTS = Path(__file__).parent
ON_RAY = ("pipeline", "trials")
"""Folders of tests that share one Ray, which takes all CPUs that they want."""

REAL = Path(os.environ.get("RODEPIL_REAL", Path(__file__).parents[2] / "shared" / "real"))


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what runs in the background with interrupts ignored, and children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for third_party in (
        # MLflow's own tables, under SQLAlchemy 2.1.
        "ignore:The ``noload`` loader strategy is deprecated",
        # Ray Train copies all settings of Ray Data, the old ones too, for workers to read from it.
        r"ignore::DeprecationWarning:ray\.data\.context",
    ):
        config.addinivalue_line("filterwarnings", third_party)
    # Known also where pytest-xdist, which reads it, is not asked for.
    config.addinivalue_line("markers", "xdist_group(name): tests of one worker of pytest-xdist")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what makes things once together: each file, and everything that runs trials on Ray."""
    for item in items:
        folder, _, rest = item.path.relative_to(TESTS).as_posix().partition("/")
        on_ray = folder in ON_RAY or "resources" in getattr(item, "fixturenames", ())
        item.add_marker(pytest.mark.xdist_group("ray" if on_ray else f"{folder}/{rest}"))


@pytest.fixture(scope="session")
def resources() -> Iterator[Resources]:
    """Keep one real Ray of two CPUs open, on which every trial of this process runs."""
    from rodepil.trials.ray_session import ray_session  # noqa: PLC0415 - imported where it is used

    with ray_session(2) as there:
        yield there


@pytest.fixture(scope="session")
def real_videos() -> Path:
    """Return the folder of the real recordings, which are not part of the project.

    It is the one that RODEPIL_REAL names, or shared/real beside the project. Where CI is set, a
    missing folder fails the test.
    """
    if not REAL.is_dir():
        reason = f"{REAL} is missing; set RODEPIL_REAL to the folder with the real videos"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return REAL
