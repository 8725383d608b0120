"""What several folders of tests share."""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rodepil.trials.ray_session import Resources

ON_RAY = ("pipeline", "trials")
"""Folders of the tests that share one Ray, which takes all CPUs that they want; no others do."""

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep what makes things once together: each file, and all that runs trials on Ray.

    With marks, as `--dist loadgroup` wants it, pytest-xdist 3.8 parts tests at random under
    pytest 9.2, and every worker makes everything.
    """
    from xdist.scheduler import LoadScopeScheduling  # noqa: PLC0415 - where it is asked for

    class Together(LoadScopeScheduling):
        """Deals out whole groups of tests, the largest first."""

        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid)

    return Together(config, log) if config.getoption("dist") == "load" else None


def group_of(nodeid: str) -> str:
    """Return which tests a test is kept together with: those of its file, or all on Ray."""
    path = nodeid.partition("::")[0]
    folder = path.removeprefix("tests/").partition("/")[0]
    return "ray" if folder in ON_RAY else path


@pytest.fixture(autouse=True)
def _same_draws() -> None:
    """Start each test's draws anew, so that no test hangs on which ones came before it."""
    random.seed(0)
    if torch := sys.modules.get("torch"):
        torch.manual_seed(0)


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
