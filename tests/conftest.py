"""What several folders of tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

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
