"""Opening a Ray, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

OPEN = """
import os
from rodepil.errors import TrialError
from rodepil.trials.ray_session import ALONE, QUICK, ray_session
try:
    with ray_session(1) as resources:
        print(resources["CPU"], os.environ["RAY_TRAIN_HEALTH_CHECK_INTERVAL_S"])
except TrialError as error:
    print("error:", error)
print(sorted(set(QUICK | ALONE) & set(os.environ)))
"""


def opened(**variables: str) -> subprocess.CompletedProcess[str]:
    environ = {
        key: value for key, value in os.environ.items() if not key.startswith(("RAY_", "TUNE_"))
    }
    return subprocess.run(
        [sys.executable, "-c", OPEN],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env=environ | variables,
    )


def test_ray_of_this_machine_is_quiet_and_leaves_nothing_behind() -> None:
    before = set(Path("/tmp").glob("rodepil-*"))  # noqa: S108 - where sessions keep their sockets
    said = opened(RAY_TRAIN_HEALTH_CHECK_INTERVAL_S="9")
    assert said.stdout.splitlines() == ["1.0 9", "['RAY_TRAIN_HEALTH_CHECK_INTERVAL_S']"]
    assert said.stderr == ""
    assert set(Path("/tmp").glob("rodepil-*")) <= before  # noqa: S108 - as above


def test_address_where_nobody_listens_is_an_error_at_once() -> None:
    start = time.monotonic()
    for address in ("127.0.0.1:9", "nonsense"):
        said = opened(RAY_ADDRESS=address).stdout
        assert said.startswith(f"error: Ray at RAY_ADDRESS={address} does not answer")
        assert "unset it to use this machine" in said
    assert time.monotonic() - start < 120
